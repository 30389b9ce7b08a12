import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Interned from "./Interned.ts"
import type { JsonSchema } from "./json.ts"
import * as Node from "./Node.ts"
import { read } from "./read.ts"

const partOf = (document: JsonSchema) => Result.getOrThrow(read(document)).properties.get("part")
const documents = (part: JsonSchema, ...others: readonly [JsonSchema, JsonSchema]): ReadonlyArray<JsonSchema> =>
  others.map((other, n) => ({ title: `document ${n}`, properties: { part: structuredClone(part) }, ...other }))
const isShared = (part: JsonSchema, one: JsonSchema = {}, other: JsonSchema = {}): boolean => {
  const [a, b] = documents(part, one, other).map(partOf)
  return a === b
}
const draft07: JsonSchema = { $schema: "http://json-schema.org/draft-07/schema" }

describe("Interned", () => {
  it("makes one node of what two documents say with the same words", () => {
    assert.isTrue(isShared({ type: "string", maxLength: 3 }))
    assert.isTrue(isShared({ type: "array", items: { type: "object", properties: { a: { default: 1 } } } }))
  })
  it("leaves apart what may mean something else in each draft", () => {
    assert.isFalse(isShared({ prefixItems: [true] }, {}, draft07))
  })
  it("leaves apart what refers to other definitions, however far away", () => {
    const defs = (b: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
      $defs: { a: { properties: { b: { $ref: "#/$defs/b" }, a: { $ref: "#/$defs/a" } } }, b, ...more },
    })
    const part: JsonSchema = { properties: { a: { $ref: "#/$defs/a" } } }
    const text: JsonSchema = { type: "string" }
    assert.isTrue(isShared(part, defs(text), defs(text, { c: text })))
    assert.isFalse(isShared(part, defs(text), defs({ type: "integer" })))
  })
  it("leaves apart what refers to anything else in the document", () => {
    for (const ref of ["#", "#/properties/part", "#here", "#/$defs/a/properties/b"]) {
      const $defs = { a: { $anchor: "here", properties: { b: { type: "string" } } } }
      assert.isFalse(isShared({ properties: { a: { $ref: ref } } }, { $defs }, { $defs }), ref)
    }
  })
  it("keeps nothing of a document that was refused", () => {
    const document = { properties: { part: { title: "only here" }, bad: { minimum: "1" } } }
    for (let times = 0; times < 2; times++) assert.isTrue(Result.isFailure(read(structuredClone(document))))
    assert.isUndefined(Interned.get(`2020-12 {"title":"only here"}`))
    assert.strictEqual(
      partOf({ properties: { part: { title: "only here" } } }),
      Interned.get(`2020-12 {"title":"only here"}`),
    )
  })
  it("lets no document pass inside another that was taken by itself alone", () => {
    const document: JsonSchema = { $id: "urn:a", type: "string" }
    assert.isTrue(Result.isSuccess(read(document)))
    assert.isTrue(Result.isFailure(read({ properties: { part: document } })))
  })
  it("forgets all behind its bound, and goes on", () => {
    Interned.add("first", Node.make(true))
    const long = "x".repeat(2 * 1024 * 1024)
    Interned.add(long, Node.make(true))
    assert.isDefined(Interned.get("first"))
    Interned.add(`${long}y`, Node.make(true))
    assert.isUndefined(Interned.get("first"))
    assert.isUndefined(Interned.get(long))
    assert.isDefined(Interned.get(`${long}y`))
    assert.isTrue(isShared({ type: "string", maxLength: 3 }))
  })
})
