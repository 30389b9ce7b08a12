/**
 * A policy that gives no answer fails: no answer is no clean answer.
 * @module
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import type { Facts } from "../policies/Facts.ts"
import { facts } from "./graph/fixture.ts"
import { judge } from "./judge.ts"
import * as opa from "./opa.ts"

const judged = (given: Facts) => Effect.runPromise(Effect.result(judge(given, "none/app.ts")))

describe("judge()", () => {
  it("gives every finding, by file and line", async () => {
    const result = await judged(facts)
    assert.isTrue(result._tag === "Success")
    const { findings } = result._tag === "Success" ? result.success : { findings: [] }
    assert.sameMembers([...new Set(findings.map(({ rule }) => rule))], [
      ...["no-internal-import", "no-synchronous-call", "unknown-command", "unknown-event"],
    ])
    const keys = findings.map(({ file, line }) => `${file}:${line}`)
    assert.deepStrictEqual(keys, keys.toSorted())
  })
  it("refuses facts that the policies do not know before they are judged", async () => {
    const { routes: _, ...less } = facts
    const at = { file: "app.ts", line: 1 }
    const statement = { kind: "cypher", operation: "DELETE", table: "events", events: true, tombstone: false, ...at }
    const limit = { requests: 1, windowSeconds: 60, per: "process" }
    const route = { method: "GET", path: "/v1/events", temporal: true, limit, ...at }
    const wrong = { "/routes": less, "/statements/0/kind": { ...facts, statements: [statement] } }
    for (const [pointer, given] of Object.entries({ ...wrong, "/routes/0/limit": { ...facts, routes: [route] } })) {
      const result = await judged(given as Facts)
      const said = result._tag === "Failure" ? result.failure : undefined
      assert.include(said?.message, `the facts are none that policies can judge: ${pointer}`)
      assert.strictEqual(said?.exitCode, 1)
    }
  })
})

describe("an application's own policies", () => {
  const root = mkdtempSync(join(tmpdir(), "nexus-judge-"))
  afterAll(() => rmSync(root, { recursive: true }))
  const folder = join(root, "policies")
  const put = (name: string, text: string | Uint8Array) => writeFileSync(join(folder, name), text)
  const said = async () => {
    const result = await Effect.runPromise(Effect.result(judge(facts, join(root, "app.ts"))))
    return result._tag === "Success" ? result.success.bundles.length : result.failure.message.replace(root, "")
  }
  it("are never passed over: what is not compiled, or was changed since, fails", async () => {
    assert.strictEqual(await said(), 1)
    mkdirSync(folder)
    assert.strictEqual(await said(), 1)
    put("naming_test.rego", "package naming_test\n")
    assert.strictEqual(await said(), 1)
    put("naming.rego", "package naming\n")
    const stale =
      "/policies/bundle.wasm is not made from the policies beside it: run `nexus policies build` and commit what it writes"
    assert.strictEqual(await said(), stale)
    copyFileSync("policies/bundle.wasm", join(folder, "bundle.wasm"))
    assert.strictEqual(await said(), stale)
    const sha256 = createHash("sha256").update(readFileSync(join(folder, "bundle.wasm"))).digest("hex")
    const note = { sha256, sources: opa.sourcesOf(folder) }
    put("bundle.json", JSON.stringify(note))
    assert.strictEqual(await said(), 2)
    put("naming.rego", "package naming\r\n")
    assert.strictEqual(await said(), 2)
    put("naming.rego", "package naming\n# more\n")
    assert.strictEqual(await said(), stale)
    put("naming.rego", "package naming\n")
    put("bundle.json", JSON.stringify({ ...note, sha256: "0" }))
    assert.strictEqual(await said(), stale)
    put("bundle.json", "{")
    assert.strictEqual(await said(), stale)
  })
})
