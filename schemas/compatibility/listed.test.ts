import { assert, describe, it } from "@effect/vitest"
import type { Json } from "./json.ts"
import { isListed, isUnique } from "./listed.ts"

const scalars: ReadonlyArray<Json> = [null, true, 0, 1.5, "", "0", "[1]", "null", '"a"']
const rich: ReadonlyArray<Json> = [[], [1], ["1"], [[1]], {}, { a: 1, b: [2] }, { a: "1" }]

describe("isListed()", () => {
  it("tells equal values from others in long lists as in short ones", () => {
    const all = [...scalars, ...rich]
    for (const [i, value] of all.entries()) {
      const others = all.filter((_, other) => other !== i)
      const copy: Json = JSON.parse(JSON.stringify(value))
      assert.isTrue(isListed(all, copy), JSON.stringify(value))
      assert.isFalse(isListed(others, copy), JSON.stringify(value))
      for (const other of others) assert.isFalse(isListed([other], copy), JSON.stringify(value))
    }
    assert.isTrue(isListed(all, { b: [2], a: 1 }))
    assert.isTrue(isListed(all, -0))
  })
})

describe("isUnique()", () => {
  it("finds equal values of every kind, however they are spelt", () => {
    assert.isTrue(isUnique([...scalars, ...rich]))
    for (const value of [...scalars, ...rich]) {
      assert.isFalse(isUnique([...scalars, ...rich, JSON.parse(JSON.stringify(value))]))
    }
    assert.isFalse(isUnique([{ a: 1, b: [2] }, { b: [2], a: 1 }]))
    assert.isFalse(isUnique([0, -0]))
  })
})
