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
      ["contains", { contains: string }, { contains: { type: "string", minLength: 3 } }, " contains-changed"],
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
  it("says a difference that several revisions share once, and the newest alone where it stands alone", () => {
    const earlier = [closed({ a: string }), closed({ a: string, b: string }), closed({ a: string, b: integer })]
      .map((schema, i) => ({ revision: i + 1, schema }))
    const candidate = closed({ a: integer, b: integer })
    const found = Result.getOrThrow(Compatibility.check({ candidate, earlier, mode: "BACKWARD_TRANSITIVE" }))
    assert.deepEqual(found.map(({ pointer, revisions, rule }) => [pointer, rule, revisions]), [
      ["/b", "required-added", [1]],
      ["/a", "type-changed", [1, 2, 3]],
      ["/b", "type-changed", [2]],
    ])
  })
  it("names forward what the old readers meet, with a value that the new schema writes", () => {
    const [old, now] = [closed({ a: string }), closed({ a: string, b: string }, ["a"])]
    assert.deepEqual(check(old, now), [])
    const [found] = check(old, now, "FORWARD")
    assert.strictEqual(found?.rule, "property-added")
    assert.deepEqual(found?.counterexample, { b: "a", a: "a" })
    assert.deepEqual(said(check(now, closed({ a: string }, []), "FULL")), [
      "/b property-removed",
      "/a required-removed",
    ])
  })
  it("goes around recursive schemas", () => {
    const tree = (v: Schema): Schema => ({
      $defs: { Tree: closed({ v, kids: { type: "array", items: { $ref: "#/$defs/Tree" } } }) },
      $ref: "#/$defs/Tree",
    })
    assert.deepEqual(check(tree({ type: "integer", minimum: 2 }), tree({ type: "integer", minimum: 1 })), [])
    const differences = check(tree(integer), tree({ type: "integer", minimum: 1 }))
    assert.deepEqual(said(differences), ["/v minimum-raised", "/kids/{any}/v minimum-raised"])
    assert.deepEqual(differences[0]?.counterexample, { v: 0, kids: [] })
  })
  it("finds the kind of a union by what tells kinds apart", () => {
    const kind = (tag: string, more: Schema) => closed({ _tag: { enum: [tag] }, ...more })
    const old: Schema = { anyOf: [kind("A", { x: string }), kind("B", { y: string })] }
    assert.deepEqual(check(old, { oneOf: [kind("B", { y: string }), kind("C", {}), kind("A", { x: string })] }), [])
    assert.deepEqual(said(check(old, { anyOf: [kind("A", { x: integer }), kind("B", { y: string })] })), [
      "/x type-changed",
    ])
    const [gone] = check(old, { anyOf: [kind("A", { x: string })] })
    assert.deepEqual(gone?.counterexample, { _tag: "B", y: "a" })
    // One property of few values may be split over kinds of one value each.
    const flag = (...values: ReadonlyArray<string>) => closed({ is: { enum: values }, n: integer })
    assert.deepEqual(check(flag("on", "off"), { anyOf: [flag("on"), flag("off")] }), [])
    assert.lengthOf(check(flag("on", "off"), { anyOf: [flag("on"), flag("other")] }), 1)
  })
  it("fills defaults in as readers do: for absent members, and not inside unions", () => {
    const old = closed({ a: string })
    const more = (value: string | number) => closed({ a: string, b: { type: "string", default: value } })
    assert.deepEqual(check(old, more("x")), [])
    assert.deepEqual(said(check(old, more(1))), ["/b default-invalid"])
    assert.deepEqual(said(check({ anyOf: [old, { type: "null" }] }, { anyOf: [more("x"), { type: "null" }] })), [
      "/b required-added",
    ])
  })
  it("compares drafts with each other: one tuple in two dialects", () => {
    const draft07: Schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "array",
      items: [string, integer],
      additionalItems: false,
    }
    const now: Schema = { type: "array", prefixItems: [string, integer], items: false }
    assert.deepEqual(check(draft07, now, "FULL"), [])
    assert.deepEqual(said(check(draft07, { ...now, prefixItems: [string, string] })), ["/1 type-changed"])
  })
  it("does not trust what it cannot prove", () => {
    const pattern = (source: string): Schema => ({ type: "string", pattern: source })
    assert.deepEqual(said(check(pattern("^a$"), pattern("^[ab]$"))), [" pattern-changed"])
    assert.isUndefined(check(pattern("^a$"), pattern("^[ab]$"))[0]?.counterexample)
    assert.strictEqual(check(pattern("^[ab]$"), pattern("^a$"))[0]?.counterexample, "b")
  })
  it("takes no value where two kinds of exactly one are the same", () => {
    assert.deepEqual(said(check(string, { oneOf: [string, string] })), [" one-of-ambiguous"])
  })
  it("keeps apart what equal words mean in two drafts, and with a default", () => {
    const tuple = (rest: Schema): Schema => ({ type: "object", properties: { a: { ...rest, type: "array" } } })
    const items = tuple({ prefixItems: [string] })
    assert.deepEqual(check(items, items), [])
    assert.deepEqual(said(check({ ...items, $schema: "http://json-schema.org/draft-07/schema" }, items)), [
      "/a/0 type-removed",
    ])
    const unique: Schema = {
      type: "array",
      uniqueItems: true,
      items: { type: "object", properties: { a: { default: 1 } } },
    }
    assert.deepEqual(said(check({ ...unique }, { ...unique })), [" unique-items-added"])
  })
  it("is not told what a caller has done to a schema that was read before", () => {
    const kinds = ["one", "two"]
    const old = closed({ kind: { enum: kinds } })
    assert.deepEqual(check(old, old), [])
    kinds.push("three")
    assert.deepEqual(
      said(check(closed({ kind: { enum: ["one", "two", "three"] } }), closed({ kind: { enum: ["one", "two"] } }))),
      ["/kind enum-narrowed"],
    )
  })
  it("takes a list as long as a schema may be, without comparing each value with each", () => {
    const list = (first: number, make: (n: number) => Schema | string) => ({
      enum: Array.from({ length: 9_000 }, (_, i) => make(first + i)),
    })
    const text = (n: number) => `v${n}`
    assert.deepEqual(check(list(0, text), { enum: list(0, text).enum.toReversed() }), [])
    assert.deepEqual(said(check(list(0, text), list(1, text))), [" enum-narrowed"])
    const rich = (n: number): Schema => ({ a: [n], b: null })
    assert.deepEqual(check(list(0, rich), list(0, (n) => ({ b: null, a: [n] }))), [])
    const [{ old } = {}] = check(list(0, rich), list(1, rich))
    assert.deepEqual(old, [{ a: [0], b: null }])
  })
  it("gives up on circles of references that meet in ever new pairs, and says so", () => {
    const circle = (many: number): Schema => ({
      $ref: "#/$defs/n0",
      $defs: Object.fromEntries(Array.from({ length: many }, (_, i): [string, Schema] => {
        const to = (n: number) => ({ $ref: `#/$defs/n${n % many}` })
        return [`n${i}`, { type: "object", properties: { left: to(i + 1), right: to(i + 2) } }]
      })),
    })
    assert.deepEqual(check(circle(9), circle(10)), [])
    const differences = check(circle(60), circle(61))
    assert.deepEqual(differences.map(({ rule }) => rule), ["cannot-tell"])
  })
  it("fails on a schema that is none, the candidate first", () => {
    const bad: Schema = { type: "strng" }
    const asked = Compatibility.check({ candidate: bad, earlier: [{ revision: 1, schema: bad }], mode: "NONE" })
    assert.isTrue(Result.isFailure(asked) && asked.failure.pointer === "/type")
  })
})
