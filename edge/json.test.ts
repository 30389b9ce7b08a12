/**
 * The strict reader agrees with `JSON.parse` on honest JSON and refuses, with its place, what that lets pass.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import { it } from "@effect/vitest"
import { assert, describe } from "vitest"
import { read as readWith } from "./json.ts"

const limits = { jsonDepth: 32, jsonKeys: 1_000, jsonItems: 10_000 }
const read = (text: string) => readWith(text, limits)
const refusal = (text: string) => {
  const result = read(text)
  if (Result.isSuccess(result)) throw new Error("the text was accepted")
  return `${result.failure.pointer} ${result.failure.rule}`
}
const accepted = (text: string) => Result.getOrThrow(read(text))

describe("read()", () => {
  it.effect.prop(
    "agrees with JSON.parse on everything JSON.stringify writes",
    [Schema.Json],
    ([value]) =>
      Effect.sync(() => {
        for (const indent of [undefined, 2, "\t"]) {
          const text = JSON.stringify(value, null, indent)
          const result = read(text)
          // Generated values may break a rule of ours; a refusal by that rule is then what is wanted.
          if (Result.isSuccess(result)) assert.deepStrictEqual(result.success, JSON.parse(text))
          else assert.match(result.failure.rule, /2\^53-1|another key|lone surrogate|NUL/)
        }
      }),
    { arbitrary: { runs: 300, seed: 7 } },
  )

  it.effect.prop(
    "never accepts what JSON.parse refuses",
    [Schema.Json, Schema.Int, Schema.Int],
    ([value, a, b]) =>
      Effect.sync(() => {
        const text = JSON.stringify(value)
        const at = Math.abs(a) % text.length
        const bent = text.slice(0, at) + '{}[]",:\\0e-. \n'[Math.abs(b) % 14] + text.slice(at + 1)
        const result = read(bent)
        if (Result.isSuccess(result)) assert.deepStrictEqual(result.success, JSON.parse(bent))
      }),
    { arbitrary: { runs: 1_000, seed: 11 } },
  )

  it("reads the forms of numbers, words and escapes", () => {
    assert.deepStrictEqual(
      accepted(' { "a" : [ -0.5e+1 , 0, true,false , null ], "b":"\\u00e9\\n\\"\\uD83D\\uDE00" } '),
      { a: [-5, 0, true, false, null], b: 'é\n"😀' },
    )
    assert.strictEqual(accepted("9007199254740991"), Number.MAX_SAFE_INTEGER)
    assert.strictEqual(accepted("-9007199254740991"), Number.MIN_SAFE_INTEGER)
    assert.strictEqual(accepted('""'), "")
  })

  it("refuses what is not JSON", () => {
    const wrong = [
      "",
      " ",
      "{",
      "[1,]",
      "{,}",
      '{"a"}',
      '{"a":}',
      "01",
      "-",
      "1.",
      ".5",
      "1e",
      "+1",
      "'a'",
      "nul",
      "NaN",
    ]
    const more = ["[1 2]", '{"a":1,}', "{a:1}", '"a', '"\\x"', '"\\u12"', '"a\nb"', "\ufeff1", "1 1", "tru", "// x\n1"]
    for (const text of [...wrong, ...more]) assert.isTrue(Result.isFailure(read(text)), JSON.stringify(text))
  })

  it("says what a body without fields is to whoever sends none", () => {
    for (const text of ["", " \n"]) assert.strictEqual(refusal(text), " Expected a JSON value: without fields it is {}")
    assert.strictEqual(refusal('{"a":'), "/a Expected a JSON value")
  })

  it("refuses a key that stands twice, however it is spelt", () => {
    assert.strictEqual(refusal('{"a":{"b":1,"b":2}}'), "/a Expected each key once")
    assert.strictEqual(refusal('{"b":1,"\\u0062":2}'), " Expected each key once")
  })

  it("refuses keys that reach a prototype, however they are spelt", () => {
    for (const key of ["__proto__", "constructor", "prototype", "__pr\\u006fto__"]) {
      assert.match(refusal(`[{"${key}":{}}]`), /^\/0\/\w+ Expected another key$/)
    }
    assert.deepStrictEqual(accepted('{"toString":1,"constructors":2}'), JSON.parse('{"toString":1,"constructors":2}'))
  })

  it("refuses numbers that are not finite or lose digits", () => {
    assert.strictEqual(refusal('{"n":1e400}'), "/n Expected a number within 2^53-1")
    assert.strictEqual(refusal("[0,-1e400]"), "/1 Expected a number within 2^53-1")
    assert.strictEqual(refusal("9007199254740992"), " Expected an integer within 2^53-1")
    assert.strictEqual(refusal("-9007199254740993"), " Expected an integer within 2^53-1")
  })

  it("refuses lone surrogates and NUL", () => {
    assert.strictEqual(refusal('{"t":"\\ud800"}'), "/t Expected no lone surrogate")
    assert.strictEqual(refusal('["\\udc00\\ud800"]'), "/0 Expected no lone surrogate")
    assert.strictEqual(refusal('{"t":"a\\u0000"}'), "/t Expected no NUL")
    assert.match(refusal('{"\\ud800":1}'), /lone surrogate/)
  })

  it("takes 32 levels, and not 33", () => {
    const nested = (n: number) => "[".repeat(n) + "]".repeat(n)
    assert.isTrue(Result.isSuccess(read(nested(32))))
    assert.match(refusal(nested(33)), /^(\/0){32} Expected at most 32 levels$/)
    assert.match(refusal('{"a":'.repeat(33) + "1" + "}".repeat(33)), /at most 32 levels/)
    assert.match(refusal("[".repeat(100_000)), /at most 32 levels/)
  })

  it("takes 1,000 keys an object, and not 1,001", () => {
    const keys = (n: number) => `{${Array.from({ length: n }, (_, i) => `"k${i}":0`).join()}}`
    assert.isTrue(Result.isSuccess(read(keys(1_000))))
    assert.strictEqual(refusal(keys(1_001)), "/k1000 Expected at most 1000 keys")
  })

  it("takes 10,000 items an array, and not 10,001", () => {
    const items = (n: number) => `[${"0,".repeat(n - 1)}0]`
    assert.isTrue(Result.isSuccess(read(items(10_000))))
    assert.strictEqual(refusal(items(10_001)), "/10000 Expected at most 10000 items")
  })

  it("escapes the parts of a pointer", () => {
    assert.strictEqual(refusal('{"a/b":{"~":[1e999]}}'), "/a~1b/~0/0 Expected a number within 2^53-1")
  })
})
