import { assert, describe, it } from "@effect/vitest"
import { generate, mint, parse, publicSet } from "./embedded.ts"

const claims = { tenant: "t", subject: "s", scope: "read", ttlSeconds: 60, nowMs: 0 }
const refused = (text: string) => parse(text).then(() => "taken", (error: Error) => error.message)

describe("parse()", () => {
  it("reads the key that was generated, which then signs", async () => {
    const key = await parse(await generate())
    assert.match(await mint(key, claims), /^[\w-]+\.[\w-]+\.[\w-]+$/)
    assert.notProperty(publicSet(key).keys[0], "d")
  })

  it("refuses what is no such key with what to do, and never shows it", async () => {
    const key = JSON.parse(await generate())
    const { d, kid, ...rest } = key
    const wrong = [
      ...["", "secret", "null", "[]", "{}"],
      ...[{ ...rest, kid }, { ...rest, d }, { ...key, d: "a" }].map((one) => JSON.stringify(one)),
    ]
    for (const text of wrong) {
      const said = await refused(text)
      assert.match(said, /^key\.json is no key that Nexus made: move it away, and a new one is made/, text)
      assert.notInclude(said, d)
    }
  })
})
