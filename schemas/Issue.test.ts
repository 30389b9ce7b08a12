import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Issue from "./Issue.ts"

const issues = (schema: Schema.Codec<unknown, unknown>, value: unknown): ReadonlyArray<Issue.Issue> => {
  const options = { onExcessProperty: "error", errors: "all" } as const
  const decoded = Schema.decodeUnknownResult(Schema.toCodecJson(schema), options)(value)
  return Result.isFailure(decoded) ? Issue.fromSchemaError(decoded.failure) : assert.fail("it was decoded")
}

describe("Issue.fromSchemaError()", () => {
  it("points into arrays and objects by RFC 6901, with ~ and / escaped", () => {
    const Line = Schema.Struct({ quantity: Schema.Int })
    assert.deepEqual(
      issues(Schema.Struct({ lines: Schema.Array(Line) }), { lines: [{ quantity: 1 }, { quantity: "2" }] }),
      [
        { pointer: "/lines/1/quantity", rule: "Expected number" },
      ],
    )
    assert.deepEqual(issues(Schema.Struct({ "a/b~c": Schema.Int }), {}), [
      { pointer: "/a~1b~0c", rule: "Missing key" },
    ])
    assert.deepEqual(issues(Schema.Array(Line), 1), [{ pointer: "", rule: "Expected array" }])
  })
  it("says every place at once, each once, and at most twenty", () => {
    const Many = Schema.Struct({ a: Schema.Int, b: Schema.Int })
    assert.deepEqual(issues(Many, { a: "x", c: 1 }).map(({ pointer }) => pointer).toSorted(), ["/a", "/b", "/c"])
    assert.lengthOf(issues(Schema.Array(Schema.Int), Array.from({ length: 500 }, () => "x")), 20)
    const either = Schema.Union([Schema.Struct({ a: Schema.Int }), Schema.Struct({ a: Schema.Int })])
    assert.lengthOf(issues(either, { a: "x" }), 1)
  })
  it("never says the value, whatever the schema", () => {
    const value = "hunter2"
    const kinds: Record<string, readonly [Schema.Codec<unknown, unknown>, unknown]> = {
      literals: [Schema.Literals(["GBP", "EUR"]), value],
      pattern: [Schema.String.pipe(Schema.check(Schema.isPattern(/^a$/))), value],
      length: [Schema.String.pipe(Schema.check(Schema.isMaxLength(2))), value],
      uuid: [Schema.String.pipe(Schema.check(Schema.isUUID())), value],
      date: [Schema.Date, value],
      dateTime: [Schema.DateTimeUtc, value],
      bigint: [Schema.BigInt, value],
      bytes: [Schema.Uint8Array, value],
      url: [Schema.URL, value],
      json: [Schema.fromJsonString(Schema.Struct({ a: Schema.Int })), value],
      number: [Schema.Int, value],
      boolean: [Schema.Boolean, value],
      union: [Schema.Union([Schema.Int, Schema.Struct({ _tag: Schema.tag("A") })]), { _tag: value }],
      tagged: [Schema.TaggedUnion({ A: {}, B: { x: Schema.Int } }), { _tag: value, x: value }],
      record: [Schema.Record(Schema.String, Schema.Int), { key: value }],
      unique: [Schema.Array(Schema.String).pipe(Schema.check(Schema.isUnique())), [value, value]],
      excess: [Schema.Struct({ a: Schema.Int }), { a: 1, key: value }],
      option: [Schema.Option(Schema.Int), { _tag: "Some", value }],
      duration: [Schema.Duration, value],
      redacted: [Schema.Redacted(Schema.Int), value],
      range: [Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 2 }))), 40_417],
      finite: [Schema.Struct({ a: Schema.Int }), { a: 40_417.5 }],
    }
    for (const [name, [schema, wrong]] of Object.entries(kinds)) {
      const said = issues(schema, wrong)
      assert.isAtLeast(said.length, 1, name)
      assert.notMatch(JSON.stringify(said), /hunter2|40417/, name)
    }
  })
})
