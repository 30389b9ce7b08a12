import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Command } from "./Command.ts"
import * as Contract from "./Contract.ts"
import { Event } from "./Event.ts"
import * as JsonSchemas from "./JsonSchemas.ts"
import { Rejection } from "./Rejection.ts"

const Line = Schema.Struct({
  sku: Schema.String,
  at: Schema.optionalKey(Schema.DateTimeUtc),
  many: Schema.FiniteFromString,
})
class Full extends Rejection("Full", { places: Schema.Int }) {}
class Add extends Command("Add", { lines: Schema.Array(Line), to: Schema.Literals(["a", "b"]) }, [Full]) {}
class Clear extends Command("Clear", {}) {}
class Added extends Event.v1("Added", { line: Line }).v2({ line: Line, count: Schema.Int }, (old) => ({
  ...old,
  count: 1,
})) {}
class List extends Contract.make("List", { commands: [Add, Clear], events: [Added] }) {}

const documents = JsonSchemas.make(List)
type Json = { readonly [key: string]: Json | undefined } | undefined
/** Every object schema inside a document. */
const objectsIn = (json: unknown): ReadonlyArray<{ readonly additionalProperties?: unknown }> => {
  if (typeof json !== "object" || json === null) return []
  const inner = Object.values(json).flatMap(objectsIn)
  return (json as { type?: unknown }).type === "object" ? [json, ...inner] : inner
}

describe("JsonSchemas.make()", () => {
  it("gives one draft 2020-12 document a command and an event version", () => {
    assert.deepEqual(Object.keys(documents.commands), ["Add", "Clear"])
    assert.deepEqual(documents.events.Added.map(({ dialect }) => dialect), ["draft-2020-12", "draft-2020-12"])
    assert.deepEqual(documents.events.Added.map(({ schema }) => schema["required"]), [["line"], ["line", "count"]])
  })
  it("closes every object, at every depth", () => {
    const all = [
      documents.commands.Add,
      documents.commands.Clear,
      ...documents.events.Added,
      JsonSchemas.rejection(Full),
    ]
    for (const document of all) {
      const objects = objectsIn([document.schema, document.definitions])
      assert.isAtLeast(objects.length, 1)
      for (const object of objects) assert.isFalse(object.additionalProperties, JSON.stringify(document))
    }
    assert.lengthOf(objectsIn(documents.commands.Add.schema), 2)
  })
  it("describes the JSON form, which is what travels, without the tag", () => {
    const line = (documents.events.Added[0].schema as Json)?.["properties"]?.["line"]?.["properties"]
    assert.deepEqual(line?.["at"], { type: "string" } as never)
    assert.deepEqual(Object.keys(line ?? {}), ["sku", "at", "many"])
    assert.deepEqual(line?.["many"], { type: "string" } as never)
    assert.deepEqual(Object.keys(JsonSchemas.rejection(Full).schema["properties"] as object), ["places"])
    assert.deepEqual(documents.commands.Clear.schema, { type: "object", additionalProperties: false })
  })
})
