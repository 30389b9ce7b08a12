import { assert, describe, it } from "@effect/vitest"
import { Effect, Equal, Schema } from "effect"
import { Command } from "./Command.ts"
import { Event } from "./Event.ts"
import { type Fields, namePattern, Unfit } from "./Fields.ts"
import { Rejection } from "./Rejection.ts"

class Moved extends Event.v1("Moved", { x: Schema.Int, note: Schema.optionalKey(Schema.String) }) {}
class Stopped extends Event.v1("Stopped", {}) {}

describe("a class of a contract", () => {
  it("constructs plain, tagged data that survives JSON and structuredClone", () => {
    const moved = new Moved({ x: 1 })
    assert.strictEqual(Object.getPrototypeOf(moved), Object.prototype)
    assert.deepEqual({ ...moved }, { _tag: "Moved", x: 1 })
    assert.deepEqual(structuredClone(moved), moved)
    assert.isTrue(Equal.equals(JSON.parse(JSON.stringify(moved)), moved))
  })
  it("knows its instances by their tag, foreign and parsed ones included", () => {
    assert.isTrue(JSON.parse(JSON.stringify(new Moved({ x: 1 }))) instanceof Moved)
    assert.isFalse(new Stopped() instanceof Moved)
    for (const other of [null, undefined, "Moved", 1, {}]) assert.isFalse((other as unknown) instanceof Moved)
  })
  it("needs no argument where every field may be absent", () => {
    assert.deepEqual({ ...new Stopped() }, { _tag: "Stopped" })
  })
  it("throws what does not fit, saying place and rule and never the value", () => {
    const wrong = () => new Moved({ x: 1.2345 })
    try {
      wrong()
      assert.fail("it was constructed")
    } catch (error) {
      assert.instanceOf(error, Unfit)
      const { tag, issues, message } = error as Unfit
      assert.deepEqual({ tag, issues: [...issues] }, {
        tag: "Moved",
        issues: [{ pointer: "/x", rule: "Expected an integer" }],
      })
      assert.include(message, "/x Expected an integer")
      assert.notInclude(message, "2345")
    }
  })
  it("never takes another class's tag from a spread", () => {
    assert.throws(() => new Moved({ ...new Stopped(), x: 1 }), /Moved does not fit its schema: \/_tag/)
  })
})

const definitions: ReadonlyArray<(name: string, fields: Fields) => unknown> = [Event.v1, Command, Rejection]

describe("checkName() and checkFields()", () => {
  it("stop the program at a name that could not stand in a path", () => {
    for (const name of ["", "order", "Order-Placed", "Ördered", "O".repeat(65), "Order/x", "__proto__", "Order\n"]) {
      for (const define of definitions) {
        assert.throws(() => define(name, {}), / is not a name/, name)
      }
    }
    assert.match("O".repeat(64), namePattern)
  })
  it("stop the program at a field that would replace the tag, in every version", () => {
    const fields = { _tag: Schema.String }
    for (const define of definitions) {
      assert.throws(() => define("Odd", fields), /declares a field _tag/)
    }
    assert.throws(() => Event.v1("Odd", {}).v2(fields, () => ({ _tag: "x" })), /declares a field _tag/)
  })
  it.effect("leave every other field name alone, those of Error and Object included", () =>
    Effect.sync(() => {
      const names = ["message", "name", "stack", "cause", "status", "fields", "tag", "constructor", "toString"]
      const fields = Object.fromEntries(names.map((name) => [name, Schema.String]))
      const payload = Object.fromEntries(names.map((name) => [name, `value of ${name}`]))
      assert.deepEqual({ ...new (Event.v1("Odd", fields))(payload) as object }, { ...payload, _tag: "Odd" })
      const rejection = new (Rejection("Odd", fields))(payload as never) as unknown as Record<string, unknown>
      for (const name of names) assert.strictEqual(rejection[name], `value of ${name}`)
    }))
})
