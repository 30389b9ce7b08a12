import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "vitest"
import { fetchInto } from "./fetch.ts"

it("fetchInto() leaves a whole folder or none, and clears what an earlier try left", async () => {
  const parent = mkdtempSync(join(tmpdir(), "nexus-fetch-"))
  const folder = join(parent, "x")
  const said: Array<string> = []
  const touch = (name: string) => (at: string) => ({ command: "touch", args: [join(at, name)] })
  const fetch = (...steps: ReadonlyArray<(at: string) => { command: string; args: string[] } | Sum>) =>
    fetchInto("x", folder, (at) => steps.map((step) => step(at)), (line) => said.push(line))
  type Sum = { file: string; sha256: string }
  const sum = (sha256: string) => (at: string) => ({ file: join(at, "a"), sha256 })
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  try {
    const wrong = await fetch(touch("a"), sum(empty.replace("e3", "00")))
    assert.match(wrong.failed!, /has the SHA-256 e3b0/)
    assert.isFalse(existsSync(folder))
    const broken = await fetch(touch("b"), () => ({ command: "sh", args: ["-c", "echo no such thing >&2; exit 1"] }))
    assert.strictEqual(broken.failed, "no such thing")
    assert.isFalse(existsSync(folder))
    assert.isUndefined((await fetch(touch("a"), sum(empty))).failed)
    assert.deepStrictEqual([readdirSync(parent), readdirSync(folder)], [["x"], ["a"]])
    assert.match(said.join("\n"), /could not be fetched: no such thing\nx fetched in [\d.]+ s$/)
  } finally {
    rmSync(parent, { recursive: true })
  }
})
