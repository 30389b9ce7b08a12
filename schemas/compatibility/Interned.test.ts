import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Interned from "./Interned.ts"
import type { JsonSchema } from "./json.ts"
import * as Node from "./Node.ts"
import { read } from "./read.ts"

const partOf = (document: JsonSchema) => Result.getOrThrow(read(document)).properties.get("part")
const documents = (part: JsonSchema): ReadonlyArray<JsonSchema> =>
  ["first", "second"].map((title) => ({ title, properties: { part: structuredClone(part) } }))
const isShared = (part: JsonSchema): boolean => {
  const [a, b] = documents(part).map(partOf)
  return a === b
}

describe("Interned", () => {
  it("makes one node of what two documents say with the same words", () => {
    assert.isTrue(isShared({ type: "string", maxLength: 3 }))
    assert.isTrue(isShared({ type: "array", items: { type: "object", properties: { a: { const: 1 } } } }))
  })
  it("leaves apart what may mean more than its words, or something else in each draft", () => {
    const parts: ReadonlyArray<JsonSchema> = [
      { $ref: "#/properties" },
      { $ref: "#" },
      { default: 1 },
      { properties: { a: { default: 1 } } },
      { prefixItems: [true] },
      { contains: true, minContains: 2 },
      { contains: true, maxContains: 2 },
      { dependentRequired: { a: ["b"] } },
    ]
    assert.deepEqual(parts.filter(isShared), [])
  })
  it("keeps nothing that was refused", () => {
    const [bad] = documents({ minimum: "1" }) as [JsonSchema]
    for (const document of [bad, structuredClone(bad)]) assert.isTrue(Result.isFailure(read(document)))
    assert.isUndefined(Interned.get(`{"minimum":"1"}`))
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
