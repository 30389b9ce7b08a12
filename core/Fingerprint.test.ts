import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import * as Fingerprint from "./Fingerprint.ts"

const { canonical, digest, make } = Fingerprint
const Json = Arbitrary.schema(Schema.Json)

/** The same value with the keys of every object in reverse order. */
const reversed = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(reversed)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]))
    : value

describe("canonical()", () => {
  it("is JSON with sorted keys, without the absent ones", () => {
    assert.strictEqual(canonical({ b: 1, a: [{ d: undefined, c: null }] }), `{"a":[{"c":null}],"b":1}`)
    assert.strictEqual(canonical({ '"': "\n", é: true }), `{"\\"":"\\n","é":true}`)
    assert.deepEqual([1, "x", null, true, [], {}].map(canonical), ["1", `"x"`, "null", "true", "[]", "{}"])
  })
  it.effect.prop(
    "says the same of two spellings of one value, and keeps the value",
    { value: Json },
    ({ value }) =>
      Effect.sync(() => {
        assert.strictEqual(canonical(reversed(value)), canonical(value))
        assert.deepEqual(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)))
      }),
    { arbitrary: { runs: 300 } },
  )
  it("keeps objects with other keys apart, whichever came before", () => {
    const members = (...keys: ReadonlyArray<string>) => Object.fromEntries(keys.map((key, i) => [key, i]))
    for (let round = 0; round < 2; round++) {
      assert.strictEqual(canonical(members("ab", "c")), `{"ab":0,"c":1}`)
      assert.strictEqual(canonical(members("ab", "d")), `{"ab":0,"d":1}`)
      assert.strictEqual(canonical(members("az", "c")), `{"az":0,"c":1}`)
      assert.strictEqual(canonical(members("az", "a")), `{"a":1,"az":0}`)
    }
  })
  it("sorts keys by code units, even those that an object keeps in another order", () => {
    assert.strictEqual(canonical({ b: 1, 10: 2, 9: 3, "": 4 }), `{"":4,"10":2,"9":3,"b":1}`)
    assert.strictEqual(canonical([{ a: { 10: 2, 9: [3, null] } }]), `[{"a":{"10":2,"9":[3,null]}}]`)
    assert.strictEqual(canonical(JSON.parse(`{"b":1,"__proto__":{"c":2}}`)), `{"__proto__":{"c":2},"b":1}`)
    const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${69 - i}`, i]))
    assert.deepEqual(Object.keys(JSON.parse(canonical(many))), Object.keys(many).toSorted())
    const long = "x".repeat(70)
    assert.strictEqual(canonical({ [long]: 1, a: undefined, b: { d: 1, c: 2 } }), `{"b":{"c":2,"d":1},"${long}":1}`)
  })
  it("keeps the order of lists", () => {
    assert.notStrictEqual(canonical([1, 2]), canonical([2, 1]))
  })
})

describe("digest()", () => {
  it.effect.prop("is the SHA-256 of the UTF-8, however long the text is and whatever was hashed before", {
    text: Schema.String,
    times: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 300 }))),
  }, ({ text, times }) =>
    Effect.sync(() => {
      for (const long of [text, text.repeat(times), "x".repeat(times * 10), `${"x".repeat(2_040)}${text}`]) {
        assert.strictEqual(digest(long), createHash("sha256").update(long, "utf8").digest("hex"))
      }
    }), { arbitrary: { runs: 200 } })
  it("knows every character of one byte, and the first of two", () => {
    for (let code = 0; code < 0x100; code++) {
      const text = String.fromCharCode(code)
      assert.strictEqual(digest(text), createHash("sha256").update(text, "utf8").digest("hex"))
      assert.strictEqual(canonical(text), JSON.stringify(text))
    }
  })
})

describe("make()", () => {
  it("tells commands apart by each of its parts", () => {
    const parts = ["Order", "o-1", "PayOrder"] as const
    const all = [
      make(...parts, { pence: 1 }),
      make(...parts, { pence: 2 }),
      make("Cart", "o-1", "PayOrder", { pence: 1 }),
      make("Order", "o-2", "PayOrder", { pence: 1 }),
      make("Order", "o-1", "ShipOrder", { pence: 1 }),
      // Shifted borders between the parts must not meet.
      make("Ordero-1", "", "PayOrder", { pence: 1 }),
    ]
    assert.lengthOf(new Set(all), all.length)
    assert.strictEqual(make(...parts, { a: 1, b: 2 }), make(...parts, { b: 2, a: 1 }))
  })
  it("is a stable, documented hash: stored receipts depend on it", () => {
    assert.strictEqual(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert.strictEqual(make("Order", "o-1", "PayOrder", { pence: 1 }), digest(`Order\no-1\nPayOrder\n{"pence":1}`))
  })
})
