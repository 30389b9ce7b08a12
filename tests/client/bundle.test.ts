/**
 * The client's bundle: its size is bounded and said, and it holds nothing but itself.
 * @module
 */
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "vitest"
import { bundle, client } from "./bundle.ts"

/** The promise is 15 KiB; what it is now, and a little room. */
const gzipKiBMax = 6

describe("the client's bundle", () => {
  it("is small, and nothing of Effect or of a schema is inside", async () => {
    const code = await bundle(client)
    const kiB = gzipSync(code).length / 1024
    console.log(`bundle of the client: ${(code.length / 1024).toFixed(1)} KiB, gzip ${kiB.toFixed(2)} KiB`)
    assert.isBelow(kiB, gzipKiBMax)
    // What every part of Effect carries, and what an import would be.
    for (const word of ["~effect", "effect/", "Schema", "import(", 'from"', "require(", "process."]) {
      assert.notInclude(code, word)
    }
    assert.match(code, /nexus\.bearer/)
  }, 60_000)
})
