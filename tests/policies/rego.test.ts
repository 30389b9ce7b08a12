/**
 * What `nexus policies build` and `test` say before they need the program opa; with it: `own.engine.test.ts`.
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, it } from "vitest"
import { deno, root } from "../built.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-rego-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const nexus = (verb: string, opa = "") =>
  deno(["run", "-q", "-A", join(root, "cli/main.ts"), "policies", verb], folder, { PATH: folder, NEXUS_OPA: opa })

it("says what is missing: policies first, then the program, and how to get it", { timeout: 120_000 }, async () => {
  const none = await nexus("build")
  assert.strictEqual(none.code, 1)
  assert.match(none.err, /there is no policy in policies: write one/)
  mkdirSync(join(folder, "policies"))
  writeFileSync(join(folder, "policies/naming.rego"), "package naming\n")
  for (const verb of ["build", "test"]) {
    const { code, err } = await nexus(verb)
    assert.strictEqual(code, 1)
    assert.match(err, /needs the program opa.*1\.22\.2.*NEXUS_OPA/)
  }
  const lost = await nexus("build", "./nowhere/opa")
  assert.match(lost.err, /NEXUS_OPA names \.\/nowhere\/opa, which is not there; .*take 1\.22\.2/)
  assert.notMatch(lost.err, /are wrong/)
})
