import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Contract from "../schemas/Contract.ts"
import { NoDraft07 } from "../schemas/Draft07.ts"
import { Event } from "../schemas/Event.ts"
import type { Fields } from "../schemas/Fields.ts"
import type { Locked } from "../schemas/Lock.ts"
import * as Declared from "./Declared.ts"
import * as LockCheck from "./LockCheck.ts"

const nothing: Locked = { revisions: [], folds: [] }
const declaredOf = (fields: Fields) =>
  Declared.ofContract(Contract.make("Lamp", { commands: [], events: [Event.v1("Lit", fields)] }))
const folds = (fold: LockCheck.Fold) => new Map([["Lamp", fold]])
const [one, two] = ["1".repeat(64), "2".repeat(64)] as [string, string]
const first = declaredOf({ watts: Schema.Int })
const locked = LockCheck.settled(nothing, first, folds({ revision: 1, hash: one }))
const told = (declared: ReadonlyArray<Declared.Declared>, fold: LockCheck.Fold, lock: Locked = locked) =>
  LockCheck.check(lock, declared, folds(fold)).map(({ about, kind, severity }) => `${severity} ${kind} ${about}`)

describe("LockCheck.check()", () => {
  it("says nothing of what is locked, with the source of folds or without", () => {
    assert.deepStrictEqual(told(first, { revision: 1, hash: one }), [])
    assert.deepStrictEqual(told(first, { revision: 1 }), [])
  })

  it("has the differences of a breaking edit, with the revisions concerned and repairs for the next version", () => {
    const [finding] = LockCheck.check(locked, declaredOf({ watts: Schema.String }), folds({ revision: 1 }))
    const [difference] = finding!.differences!
    assert.deepInclude(difference, { direction: "backward", pointer: "/watts", revisions: [1] })
    assert.match(finding!.repair, /\.v2\(fields, upcaster\)/)
  })

  it("keeps apart from what generate mends what a person must decide", () => {
    const wider = declaredOf({ watts: Schema.Int, by: Schema.optionalKey(Schema.String) })
    assert.deepStrictEqual(told(wider, { revision: 2, hash: two }), [
      "stale event-changed Lamp.Lit.v1",
      "stale fold-raised Lamp",
    ])
    assert.deepStrictEqual(told([], { revision: 1, hash: two }), [
      "broken event-removed Lamp.Lit.v1",
      "broken fold-changed Lamp",
    ])
    assert.deepStrictEqual(told(first, { revision: 1, hash: two, hashOf: () => one }), ["stale fold-extended Lamp"])
  })

  it("finds a version without an upcaster, and a schema that cannot be registered", () => {
    const lonely = first.map((event) => ({ ...event, upcast: false }))
    assert.deepStrictEqual(told(lonely, { revision: 1, hash: one }), ["broken upcaster-missing Lamp.Lit.v1"])
    const newer = first.map((event) => ({ ...event, draft07: Result.fail(new NoDraft07({ rule: "no such keyword" })) }))
    assert.deepStrictEqual(told(newer, { revision: 1, hash: one }), ["broken schema-unusable Lamp.Lit.v1"])
    const remote = first.map((event) => ({ ...event, schema: { $ref: "https://elsewhere.test/x" } }))
    assert.deepStrictEqual(told(remote, { revision: 1, hash: one }), ["broken schema-unusable Lamp.Lit.v1"])
  })

  it("takes a fold that nobody can see only where somebody vouches, revision by revision", () => {
    const unseen = { revision: 1, unseen: "it comes from a package" }
    assert.deepStrictEqual(told(first, unseen), ["broken fold-unseen Lamp"])
    const vouched = { ...locked, folds: [{ aggregate: "Lamp", revision: 1, evolve: LockCheck.vouched }] }
    assert.deepStrictEqual(told(first, unseen, vouched), [])
    assert.deepStrictEqual(told(first, { ...unseen, revision: 2 }, vouched), ["broken fold-unseen Lamp"])
    assert.deepStrictEqual(told(first, { revision: 1, hash: one }, vouched), ["broken fold-changed Lamp"])
  })
})

describe("LockCheck.settled()", () => {
  it("adds revisions and never takes one away", () => {
    const wider = declaredOf({ watts: Schema.Int, by: Schema.optionalKey(Schema.String) })
    const next = LockCheck.settled(locked, wider, folds({ revision: 1, hash: one }))
    assert.deepStrictEqual(next.revisions.map(({ registryVersion, revision }) => [revision, registryVersion]), [[
      1,
      null,
    ], [2, null]])
    assert.deepStrictEqual(LockCheck.settled(next, wider, folds({ revision: 1, hash: one })), next)
    assert.deepStrictEqual(LockCheck.settled(next, [], folds({ revision: 1, hash: one })).revisions, next.revisions)
  })
})
