/**
 * An application's own policy, from Rego to a finding beside those of Nexus.
 * @module
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { afterAll, assert, it } from "vitest"
import * as opa from "../../cli/opa.ts"
import { deno, root } from "../built.ts"

mkdirSync(".nexus", { recursive: true })
const folder = mkdtempSync(resolve(".nexus/rego-"))
afterAll(() => rmSync(folder, { recursive: true }))

const policy = `package naming

# METADATA
# entrypoint: true
violations contains {
	"policy": "naming",
	"rule": "past-tense",
	"why": sprintf("%s is no fact in the past", [one.type]),
	"repair": "call it by what has happened",
	"file": one.file,
	"line": one.line,
} if {
	some one in input.events
	not endswith(one.type, "ed")
}
`
const test = `package naming_test

import data.naming

test_a_command_is_no_event if count(naming.violations) == 1 with input as {"events": [{"type": "Pay", "file": "a.ts", "line": 1}]}
`
const nexus = (verb: string) =>
  deno(["run", "-q", "-A", join(root, "cli/main.ts"), "policies", verb], folder, {
    NEXUS_OPA: opa.find(process.env, root) ?? "opa",
  })

it("is tested, compiled and judged by", async () => {
  cpSync(join(root, "cli/template"), folder, { recursive: true })
  mkdirSync(join(folder, "policies"))
  const put = (name: string, text: string) => writeFileSync(join(folder, "policies", name), text)
  put("naming.rego", policy)
  assert.match((await nexus("test")).out, /^no test ran: write one in policies\/naming_test\.rego\n/)
  put("naming_test.rego", test)
  const tested = await nexus("test")
  assert.deepStrictEqual([tested.code, tested.out], [0, "1 passed, 0 failed\n"], tested.err)
  assert.match((await nexus("build")).out, /^wrote policies\/bundle\.wasm and .*\(naming\/violations\): commit both\n$/)
  assert.match((await nexus("check")).out, /^ok: /)

  put("naming.rego", policy.replace(`"ed"`, `"Issued"`))
  const broken = await nexus("test")
  assert.deepStrictEqual([broken.code, broken.out], [0, "1 passed, 0 failed\n"])
  const stale = await nexus("check")
  assert.deepStrictEqual([stale.code, stale.out], [1, ""])
  await nexus("build")
  const { code, out } = await nexus("check")
  assert.strictEqual(code, 1)
  assert.match(out, /GiftCard\.contract\.ts:\d+ naming\/past-tense\n {2}CardRedeemed is no fact in the past\n/)

  put("naming.rego", policy.replace(`"ed"`, `"Issued"`).replace(`\t"line": one.line,\n`, ""))
  await nexus("build")
  const placeless = await nexus("check")
  assert.deepStrictEqual([placeless.code, placeless.out], [1, ""])
  assert.match(placeless.err, /the policy naming\/violations gave no list of \{ policy, /)

  put("naming.rego", policy.replace("some one", "some two"))
  assert.match((await nexus("build")).err, /the policies in policies are wrong:\n/)
  put("naming.rego", policy.replace("# entrypoint: true\n", ""))
  assert.strictEqual((await nexus("build")).code, 1)
  put("naming.rego", policy)
  put("naming_test.rego", test.replace("== 1", "== 2"))
  const failing = await nexus("test")
  assert.deepStrictEqual([failing.code, failing.out.trim().split("\n").at(-1)], [1, "0 passed, 1 failed"])
}, 120_000)

const authorization = `package shop.authorization

# METADATA
# entrypoint: true
default decision := {"allow": true, "rule": "otherwise"}
`

it("of requests is not asked by itself, so its build says who has to be given it", async () => {
  mkdirSync(join(folder, "policies"), { recursive: true })
  for (const name of ["naming.rego", "naming_test.rego"]) rmSync(join(folder, "policies", name), { force: true })
  writeFileSync(join(folder, "policies/authorization.rego"), authorization)
  const { code, err, out } = await nexus("build")
  assert.strictEqual(code, 0, err)
  assert.match(out, /\(shop\/authorization\/decision\): commit both\nservers ask it where serve\(app, \{ policies: \[/)
}, 120_000)
