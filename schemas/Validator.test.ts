import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Compatibility from "./Compatibility.ts"
import * as Validator from "./Validator.ts"

type Schema = Compatibility.JsonSchema

const issues = (schema: Schema, value: unknown) => Result.getOrThrow(Validator.make(schema))(value)
const refused = (schema: Schema) => {
  const made = Validator.make(schema)
  return Result.isFailure(made) ? `${made.failure.pointer} ${made.failure.rule}` : "taken"
}
const draft07 = "http://json-schema.org/draft-07/schema#"
const tree: Schema = {
  $defs: {
    Tree: {
      type: "object",
      properties: { kids: { type: "array", items: { $ref: "#/$defs/Tree" } } },
      additionalProperties: false,
    },
  },
  $ref: "#/$defs/Tree",
}

describe("make()", () => {
  it("says what is wrong by pointer and rule, never with the value", () => {
    const schema: Schema = {
      type: "object",
      properties: {
        "a/b": { type: "array", items: { type: "string", maxLength: 3 } },
        n: { type: "integer", minimum: 1 },
      },
      required: ["n", "m"],
      additionalProperties: false,
    }
    const found = issues(schema, { "a/b": ["ok", "secret"], n: -99, extra: "secret" })
    assert.deepEqual(found.map(({ pointer }) => pointer), ["/m", "/a~1b/1", "/n", "/extra"])
    assert.notMatch(JSON.stringify(found), /secret|99/)
    assert.deepEqual(issues(schema, { n: 1, m: 2 }).map(({ pointer }) => pointer), ["/m"])
    assert.deepEqual(issues({ ...schema, required: ["n"] }, { n: 1 }), [])
  })
  it("reads tuples as the draft has them", () => {
    const tuple = [{ type: "string" }, { type: "integer" }]
    assert.lengthOf(issues({ $schema: draft07, items: tuple, additionalItems: false }, ["a", 1, 2]), 1)
    assert.lengthOf(issues({ prefixItems: tuple, items: false }, ["a", 1, 2]), 1)
    assert.lengthOf(issues({ prefixItems: tuple, items: false }, ["a", "b"]), 1)
    assert.deepEqual(issues({ prefixItems: tuple, items: false }, ["a", 1]), [])
  })
  it("follows references, into themselves too, as deep as the value goes", () => {
    assert.deepEqual(issues(tree, { kids: [{ kids: [] }] }), [])
    assert.deepEqual(issues(tree, { kids: [{ kids: [{ more: 1 }] }] }).map(({ pointer }) => pointer), [
      "/kids/0/kids/0/more",
    ])
    let deep: object = {}
    for (let i = 0; i < 10_000; i++) deep = { kids: [deep] }
    assert.isAbove(issues(tree, deep).length, 0)
  })
  it("matches patterns in linear time", () => {
    const schema: Schema = { type: "string", pattern: "^(a+)+$" }
    const started = performance.now()
    assert.lengthOf(issues(schema, `${"a".repeat(20_000)}!`), 1)
    assert.deepEqual(issues(schema, "a".repeat(20_000)), [])
    // A backtracking engine needs longer than the age of the universe.
    assert.isBelow(performance.now() - started, 10_000)
  })
  it("asserts formats", () => {
    const rows = [
      ["date", "2024-02-29", "2023-02-29"],
      ["date-time", "2024-02-29T10:20:30.5+01:00", "2024-02-29"],
      ["time", "23:59:60Z", "12:00:60Z"],
      ["uuid", "7f3c9a1e-2b4d-4c6e-8f10-a1b2c3d4e5f6", "7f3c9a1e"],
      ["email", "a@example.org", "example.org"],
      ["ipv4", "192.0.2.1", "192.0.2.256"],
      ["ipv6", "2001:db8::1", "2001:db8::1::2"],
      ["uri", "https://example.org/a?b#c", "//example.org"],
      ["duration", "P1DT2H", "P1H"],
      ["hostname", "example.org", "-a.org"],
    ]
    for (const [format = "", good, bad] of rows) {
      assert.deepEqual(issues({ format }, good), [], format)
      assert.lengthOf(issues({ format }, bad), 1, format)
    }
  })
  it("counts code points, and decimal fractions exactly", () => {
    assert.deepEqual(issues({ maxLength: 2 }, "😀😀"), [])
    assert.deepEqual(issues({ multipleOf: 0.01 }, 0.07), [])
    assert.lengthOf(issues({ multipleOf: 0.01 }, 0.075), 1)
  })
  it("counts what an array contains, each array for itself", () => {
    const some: Schema = { items: { contains: { type: "string", minLength: 2 } } }
    assert.deepEqual(issues(some, [["ab"], [1, "cd"]]), [])
    assert.deepEqual(issues(some, [["ab"], []]).map(({ pointer }) => pointer), ["/1"])
    const two: Schema = {
      prefixItems: [{ type: "string" }],
      contains: { type: "integer" },
      minContains: 2,
      maxContains: 2,
    }
    assert.deepEqual([[], ["a", 1], ["a", 1, 2], ["a", 1, 2, 3]].map((value) => issues(two, value).length), [
      1,
      1,
      0,
      1,
    ])
  })
  it("is not misled by names of the prototype", () => {
    assert.lengthOf(issues({ required: ["constructor"] }, {}), 1)
    assert.lengthOf(issues({ properties: {}, additionalProperties: false }, JSON.parse(`{"__proto__":1}`)), 1)
  })
  it("refuses what is no schema, or none that it can hold to", () => {
    const deep = (levels: number): Schema => levels === 0 ? {} : { not: deep(levels - 1) }
    assert.deepEqual([
      refused({ type: "strng" }),
      refused({ properties: { a: { minLength: -1 } } }),
      refused({ pattern: "(?=a)b" }),
      refused({ properties: { "a/b": { pattern: "(" } } }),
      refused({ $ref: "https://example.org/schema" }),
      refused({ $ref: "#/$defs/None" }),
      refused({ $defs: { A: { $ref: "#/$defs/B" }, B: { anyOf: [{ $ref: "#/$defs/A" }] } } }),
      refused({ unevaluatedProperties: false }),
      refused({ $schema: "http://json-schema.org/draft-04/schema#" }),
      refused({
        $schema: draft07,
        properties: { a: { $ref: "#/definitions/A", minLength: 1 } },
        definitions: { A: {} },
      }),
      refused(deep(40)),
      refused({ description: "x".repeat(300_000) }),
      refused(deep(20)),
    ], [
      "/type Expected the name of a type or a list of them",
      "/properties/a/minLength Expected a whole number, 0 or more",
      "/pattern Expected a regular expression without look-around and back references",
      "/properties/a~1b/pattern Expected a regular expression without look-around and back references",
      "/$ref Expected a $ref into this document: others are not fetched",
      "/$ref Expected $ref to name a part of this document",
      " Expected no $ref that leads back to itself without a property or an item between",
      "/unevaluatedProperties Expected a schema without unevaluatedProperties, which is not supported",
      "/$schema Expected draft 2020-12 or draft-07",
      "/properties/a/minLength Expected nothing beside $ref, where draft-07 ignores it: use allOf",
      " Expected at most 32 levels",
      " Expected at most 262144 bytes",
      "taken",
    ])
  })

  it("asks each kind once of each part of a value, however deep kinds stand in kinds", () => {
    const to = { $ref: "#/$defs/n" }
    const kind = (name: string) => ({ type: "object", properties: { x: to, [name]: {} }, required: ["x"] })
    const twice = { type: "object", properties: { x: to }, patternProperties: { "^x": { allOf: [to, to] } } }
    for (const n of [{ anyOf: [kind("a"), kind("b"), { type: "string" }] }, { ...twice, type: ["object", "string"] }]) {
      const fits = Result.getOrThrow(Validator.make({ ...to, $defs: { n } } as never))
      const deep = (leaf: unknown) => Array.from({ length: 31 }).reduce<unknown>((value) => ({ x: value }), leaf)
      assert.deepEqual(fits(deep("")), [])
      assert.isAtLeast(fits(deep(1)).length, 1)
    }
  })
})
