import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import * as Declared from "./Declared.ts"

class Lit extends Event.v1("Lit", { watts: Schema.Int })
  .v2({ watts: Schema.Int, color: Schema.String }, (old) => ({ ...old, color: "white" })) {}
class Put extends Event.v1("Put", { at: Schema.String, by: Schema.String }) {}
class Lamp extends Contract.make("Lamp", { commands: [], events: [Lit, Put] }) {}

const declared = Declared.ofContract(Lamp)

describe("Declared.ofContract()", () => {
  it("names every version of every event, and says which is written", () => {
    assert.deepStrictEqual(declared.map(({ newest, subject }) => [subject, newest]), [
      ["Lamp.Lit.v1", false],
      ["Lamp.Lit.v2", true],
      ["Lamp.Put.v1", true],
    ])
    assert.deepStrictEqual(declared.map(({ upcast }) => upcast), [true, true, true])
  })

  it("gives schemas that stand alone, in both dialects, each with its hash", () => {
    for (const { draft07, hash2020, schema } of declared) {
      assert.strictEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
      assert.strictEqual(hash2020, Declared.hashOf(schema))
      const old = Result.getOrThrow(draft07)
      assert.strictEqual(old.schema["$schema"], "http://json-schema.org/draft-07/schema#")
      assert.strictEqual(old.hash, Declared.hashOf(old.schema))
      assert.notStrictEqual(old.hash, hash2020)
    }
  })

  it("hashes what is meant: the order in which fields are declared is nothing", () => {
    class Turned extends Event.v1("Put", { by: Schema.String, at: Schema.String }) {}
    class Other extends Contract.make("Lamp", { commands: [], events: [Turned] }) {}
    assert.strictEqual(Declared.ofContract(Other)[0]?.hash2020, declared[2]?.hash2020)
    class Longer extends Event.v1("Put", { by: Schema.String, at: Schema.optionalKey(Schema.String) }) {}
    class Another extends Contract.make("Lamp", { commands: [], events: [Longer] }) {}
    assert.notStrictEqual(Declared.ofContract(Another)[0]?.hash2020, declared[2]?.hash2020)
  })
})
