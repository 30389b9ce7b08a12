/**
 * A secret is made once, whoever comes first, and read by its owner alone.
 * @module
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { readOrCreate } from "./secret.ts"

describe("readOrCreate()", () => {
  let folder = ""
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "nexus-secret-"))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it("gives all who come at once the same text, and leaves one file with mode 600 in a folder with 700", async () => {
    const path = join(folder, "new", "key.json")
    const slowly = (n: number) => readOrCreate(path, () => new Promise((resolve) => setTimeout(resolve, n % 3, `${n}`)))
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => slowly(n)))
    assert.lengthOf(new Set(all), 1)
    assert.deepStrictEqual(readdirSync(join(folder, "new")), ["key.json"])
    assert.deepStrictEqual([path, join(folder, "new")].map((path) => statSync(path).mode & 0o777), [0o600, 0o700])
  })

  it("keeps what is there", async () => {
    const path = join(folder, "key.json")
    await readOrCreate(path, () => Promise.resolve("first"))
    assert.strictEqual(await readOrCreate(path, () => Promise.resolve("second")), "first")
  })
})
