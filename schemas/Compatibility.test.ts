import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Compatibility from "./Compatibility.ts"
import type { Difference, Mode } from "./Difference.ts"

type Schema = Compatibility.JsonSchema

const check = (old: Schema, candidate: Schema, mode: Mode = "BACKWARD", subject?: string): ReadonlyArray<Difference> =>
  Result.getOrThrow(Compatibility.check({ candidate, earlier: [{ revision: 1, schema: old }], mode, subject }))

const said = (differences: ReadonlyArray<Difference>) => differences.map(({ pointer, rule }) => `${pointer} ${rule}`)

const closed = (properties: Schema, required: ReadonlyArray<string> = Object.keys(properties)): Schema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
})
const string = { type: "string" }
const integer = { type: "integer" }

describe("check()", () => {
  it("lets an optional property be added, and a required one with a default", () => {
    assert.deepEqual(check(closed({ a: string }), closed({ a: string, b: string }, ["a"])), [])
    assert.deepEqual(check(closed({ a: string }), closed({ a: string, b: { type: "string", default: "x" } })), [])
  })
  it("refuses a new required property, names the way out and shows a value", () => {
    assert.deepEqual(
      check(closed({ a: string }), closed({ a: string, b: string }), "BACKWARD", "Order.OrderPlaced.v2"),
      [{
        direction: "backward",
        pointer: "/b",
        rule: "required-added",
        new: string,
        repair: "Give it a default or make it optional, or add OrderPlaced v3 with an upcaster.",
        counterexample: { a: "a" },
        revisions: [1],
      }],
    )
  })
  it("says each difference of one kind with its rule", () => {
    const rows: ReadonlyArray<readonly [string, Schema, Schema, string]> = [
      ["removed", closed({ a: string, b: string }), closed({ a: string }), "/b property-removed"],
      ["type", closed({ a: string }), closed({ a: integer }), "/a type-changed"],
      ["null", closed({ a: { anyOf: [string, { type: "null" }] } }), closed({ a: string }), "/a type-changed"],
      ["enum", closed({ a: { enum: ["x", "y"] } }), closed({ a: { enum: ["x"] } }), "/a enum-narrowed"],
      ["list", closed({ a: string }), closed({ a: { enum: ["x"] } }), "/a enum-added"],
      ["least", closed({ a: integer }), closed({ a: { type: "integer", minimum: 1 } }), "/a minimum-raised"],
      ["open", closed({ a: { minimum: 1 } }), closed({ a: { exclusiveMinimum: 1 } }), "/a minimum-raised"],
      ["items", { items: string }, { items: { type: "string", maxLength: 3 } }, "/{any} max-length-lowered"],
    ]
    for (const [name, old, now, rule] of rows) {
      const differences = check(old, now)
      assert.deepEqual(said(differences), [rule], name)
      assert.isDefined(differences[0]?.counterexample, name)
      assert.deepEqual(check(old, old), [], name)
      assert.deepEqual(check(now, now), [], name)
    }
  })
  it("looks at the newest revision alone, or at all of them in transitive modes", () => {
    const earlier = [closed({ a: integer }), closed({ a: integer }), closed({ a: string })]
      .map((schema, i) => ({ revision: i + 1, schema }))
    const ask = (mode: Mode) =>
      Result.getOrThrow(Compatibility.check({ candidate: closed({ a: string }), earlier, mode }))
    assert.deepEqual(ask("BACKWARD"), [])
    assert.deepEqual(ask("BACKWARD_TRANSITIVE").map(({ revisions }) => revisions), [[1, 2]])
    assert.deepEqual(ask("FULL_TRANSITIVE").map(({ direction }) => direction), ["backward", "forward"])
    assert.deepEqual(ask("NONE"), [])
  })
})
