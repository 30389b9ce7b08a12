import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Equal, Option, Result, Schema } from "effect"
import { Command } from "./Command.ts"
import * as Contract from "./Contract.ts"
import { Event } from "./Event.ts"
import * as Generators from "./Generators.ts"
import { Rejection } from "./Rejection.ts"
import * as Wire from "./Wire.ts"

/** One field of every kind whose JSON form is not its decoded form, or that JSON could lose. */
const kinds = {
  at: Schema.DateTimeUtc,
  day: Schema.Date,
  big: Schema.BigInt,
  bytes: Schema.Uint8Array,
  maybe: Schema.Option(Schema.Int),
  perhaps: Schema.optionalKey(Schema.String),
  nothing: Schema.NullOr(Schema.Boolean),
  text: Schema.FiniteFromString,
  tags: Schema.Array(Schema.Literals(["a", "b"])),
  lines: Schema.Array(Schema.Struct({ sku: Schema.String, left: Schema.Option(Schema.Struct({ x: Schema.Int })) })),
  nested: Schema.Struct({ x: Schema.Int, deep: Schema.optionalKey(Schema.Struct({ y: Schema.Finite })) }),
  either: Schema.TaggedUnion({ Card: { digits: Schema.String }, Cash: {} }),
  counts: Schema.Record(Schema.String, Schema.Int),
}
class Refused extends Rejection("Refused", kinds, 409) {}
class Bare extends Rejection("Bare") {}
class Do extends Command("Do", kinds, [Refused, Bare]) {}
class Stop extends Command("Stop", {}) {}
class Done extends Event.v1("Done", { pounds: Schema.FiniteFromString })
  .v2({ pence: Schema.Int }, ({ pounds }) => ({ pence: Math.round(pounds * 100) }))
  .v3({ pence: Schema.Int, at: Schema.DateTimeUtc }, (old) => ({ ...old, at: epoch })) {}
class Everything extends Event.v1("Everything", kinds) {}
class Stopped extends Event.v1("Stopped", {}) {}
class Task extends Contract.make("Task", { commands: [Do, Stop], events: [Done, Everything, Stopped] }) {}

const epoch = Schema.decodeSync(Schema.DateTimeUtcFromMillis)(0)
const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json))
const stored = (type: string, schemaVersion: number, payload: unknown): Wire.Stored => ({
  type,
  schemaVersion,
  payload,
})
const pointers = (
  result: Result.Result<unknown, Wire.Invalid | Wire.UnknownEvent | Wire.Thrown>,
): ReadonlyArray<string> =>
  Result.isFailure(result) && result.failure instanceof Wire.Invalid
    ? result.failure.issues.map(({ pointer }) => pointer).toSorted()
    : assert.fail(`not invalid: ${JSON.stringify(result)}`)
/** Equal by parts: generated objects have no prototype, which a deep equality would hold against them. */
const same = (a: object, b: object) => assert.isTrue(Equal.equals({ ...a }, { ...b }))
const runs = { arbitrary: { runs: 200 } }

describe("the codecs", () => {
  it.effect.prop(
    "bring every command back through JSON text",
    { command: Generators.command(Task) },
    ({ command }) =>
      Effect.sync(() => {
        const kind = Task.commands[command._tag]
        const json = throughText(Result.getOrThrow(Wire.encodeCommand(kind, command)))
        same(Result.getOrThrow(Wire.decodeCommand(kind, json)), command)
      }),
    runs,
  )
  it.effect.prop(
    "bring every event back through JSON text",
    { event: Generators.event(Task) },
    ({ event }) =>
      Effect.sync(() => {
        const encoded = Result.getOrThrow(Wire.encodeEvent(Task.events[event._tag], event))
        assert.notProperty(encoded.payload, "_tag")
        same(Result.getOrThrow(Wire.decodeEvent(Task, { ...encoded, payload: throughText(encoded.payload) })), event)
      }),
    runs,
  )
  it.effect.prop("bring every rejection back as an instance of its class", {
    members: Arbitrary.schema(Schema.Struct(kinds)),
  }, ({ members }) =>
    Effect.sync(() => {
      const json = throughText(Result.getOrThrow(Wire.encodeRejection(Refused, new Refused(members))))
      const back = Result.getOrThrow(Wire.decodeRejection(Refused, json))
      assert.instanceOf(back, Refused)
      assert.deepEqual(throughText(Result.getOrThrow(Wire.encodeRejection(Refused, back))), json)
      assert.notProperty(json, "_tag")
    }), runs)
  it("know a rejection without members", () => {
    assert.deepEqual(Result.getOrThrow(Wire.encodeRejection(Bare, new Bare())), {})
    assert.instanceOf(Result.getOrThrow(Wire.decodeRejection(Bare, {})), Bare)
    assert.deepEqual(pointers(Wire.decodeRejection(Bare, { x: 1 })), ["/x"])
  })
})

/** The same JSON with one field too many, once for each object in it. */
const withExcess = (json: unknown): ReadonlyArray<unknown> => {
  if (typeof json !== "object" || json === null) return []
  const inside = Object.entries(json).flatMap(([key, member]) =>
    withExcess(member).map((changed) =>
      Array.isArray(json) ? json.with(Number(key), changed) : { ...json, [key]: changed }
    )
  )
  return Array.isArray(json) ? inside : [{ ...json, zz: "excess" }, ...inside]
}

describe("decodeCommand()", () => {
  it.effect.prop("refuses one field too many, wherever it stands", { command: Generators.command(Task) }, (
    { command },
  ) =>
    Effect.sync(() => {
      const kind = Task.commands[command._tag]
      const changed = withExcess(Result.getOrThrow(Wire.encodeCommand(kind, command)))
      assert.isAtLeast(changed.length, 1)
      for (const json of changed) assert.include(pointers(Wire.decodeCommand(kind, json)).join(), "/zz")
    }), runs)
  const sample = throughText(Result.getOrThrow(Wire.encodeCommand(
    Do,
    Effect.runSync(
      Arbitrary.sampleEffect(Arbitrary.schema(Schema.TaggedStruct("Do", kinds)), { count: 1, seed: 3 }),
    )[0]!,
  ))) as Record<string, unknown>

  it("refuses unknown fields at every depth, and says where", () => {
    const nested = { x: 1, deep: { y: 1, zz: 1 }, z: 1 }
    const either = { _tag: "Cash", change: 1 }
    const wrong = { ...sample, extra: 1, nested, either }
    assert.deepEqual(pointers(Wire.decodeCommand(Do, wrong)), [
      "/either/change",
      "/extra",
      "/nested/deep/zz",
      "/nested/z",
    ])
  })
  it("refuses the tag and the prototype as fields", () => {
    assert.deepEqual(pointers(Wire.decodeCommand(Do, { ...sample, _tag: "Do" })), ["/_tag"])
    const polluted = { ...sample, ...JSON.parse("{}") as object }
    Object.defineProperty(polluted, "__proto__", { value: { x: 1 }, enumerable: true })
    assert.deepEqual(pointers(Wire.decodeCommand(Do, polluted)), ["/__proto__"])
  })
  it("says every issue at once", () => {
    const { at: _, ...missing } = sample
    const wrong = { ...missing, big: 1, tags: ["a", "c"], nested: { x: 1.5 } }
    assert.deepEqual(pointers(Wire.decodeCommand(Do, wrong)), ["/at", "/big", "/nested/x", "/tags/1"])
  })
  it("takes only an object, from a command without fields too", () => {
    for (const payload of [null, undefined, 1, "x", [], true]) {
      assert.deepEqual(pointers(Wire.decodeCommand(Do, payload)), [""], JSON.stringify(payload))
      assert.deepEqual(pointers(Wire.decodeCommand(Stop, payload)), [""], JSON.stringify(payload))
    }
    assert.deepEqual(pointers(Wire.decodeCommand(Stop, { x: 1 })), ["/x"])
    assert.deepEqual(Result.getOrThrow(Wire.decodeCommand(Stop, {})), { _tag: "Stop" })
  })
})

describe("encodeEvent()", () => {
  it("writes the newest version", () => {
    assert.deepEqual(Result.getOrThrow(Wire.encodeEvent(Done, new Done({ pence: 1, at: epoch }))), {
      type: "Done",
      schemaVersion: 3,
      payload: { pence: 1, at: "1970-01-01T00:00:00.000Z" },
    })
  })
  it("refuses what the contract does not know instead of dropping it", () => {
    const careless = { _tag: "Done", pence: 1, at: epoch, extra: 1 }
    assert.deepEqual(pointers(Wire.encodeEvent(Done, careless)), ["/extra"])
    const broken = { ...new Done({ pence: 1, at: epoch }), pence: 1.5 }
    assert.deepEqual(pointers(Wire.encodeEvent(Done, broken)), ["/pence"])
    assert.deepEqual(pointers(Wire.encodeEvent(Stopped, { _tag: "Stopped", x: 1 } as Stopped)), ["/x"])
  })
  it.effect.prop("refuses one field too many inside a field", { members: Arbitrary.schema(Schema.Struct(kinds)) }, (
    { members },
  ) =>
    Effect.sync(() => {
      const nested = { ...members.nested, zz: 1 }
      const lines = [...members.lines, { sku: "", left: members.maybe.pipe(Option.map((x) => ({ x }))), zz: 1 }]
      for (const wrong of [{ ...members, nested }, { ...members, lines }]) {
        assert.include(pointers(Wire.encodeEvent(Everything, { ...wrong, _tag: "Everything" })).join(), "/zz")
      }
    }), runs)
  it("takes a field that holds undefined as absent", () => {
    const event = { ...new Stopped(), gone: undefined }
    assert.deepEqual(Result.getOrThrow(Wire.encodeEvent(Stopped, event)).payload, {})
  })
})

describe("decodeEvent()", () => {
  it("reads every version that was ever stored, upcast step by step", () => {
    const read = (version: number, payload: unknown) => ({
      ...Result.getOrThrow(Wire.decodeEvent(Task, stored("Done", version, payload))),
    })
    assert.deepEqual(read(1, { pounds: "1.5" }), { _tag: "Done", pence: 150, at: epoch })
    assert.deepEqual(read(2, { pence: 7 }), { _tag: "Done", pence: 7, at: epoch })
    assert.deepEqual(read(3, { pence: 7, at: "1970-01-01T00:00:00Z" }), { _tag: "Done", pence: 7, at: epoch })
  })
  it("ignores fields that it does not know, in every version and at every depth", () => {
    const at = "1970-01-01T00:00:00Z"
    const read = (version: number, type: string, payload: unknown) => ({
      ...Result.getOrThrow(Wire.decodeEvent(Task, stored(type, version, payload))),
    })
    assert.deepEqual(read(1, "Done", { pounds: "1", later: 1 }), { _tag: "Done", pence: 100, at: epoch })
    assert.deepEqual(read(3, "Done", { pence: 1, at, later: 1, _tag: "x" }), { _tag: "Done", pence: 1, at: epoch })
    assert.deepEqual(read(1, "Stopped", { later: 1, _tag: "x" }), { _tag: "Stopped" })
  })
  it("tells an event of newer code from a broken one", () => {
    const unknown = [["Done", 4], ["Done", 0], ["Done", -1], [
      "Undone",
      1,
    ]] as const
    for (const [type, version] of [...unknown, ["constructor", 1], ["__proto__", 1]] as const) {
      const read = Wire.decodeEvent(Task, stored(type, version, {}))
      assert.instanceOf(Result.isFailure(read) ? read.failure : undefined, Wire.UnknownEvent, `${type} ${version}`)
    }
    assert.deepEqual(pointers(Wire.decodeEvent(Task, stored("Done", 2, { pence: "1" }))), ["/pence"])
    assert.deepEqual(pointers(Wire.decodeEvent(Task, stored("Done", 2, null))), [""])
  })
  it("gives what an upcaster or a schema throws as a failure, and what an upcaster forgets", () => {
    const upcast = (old: { readonly n: number }) => {
      if (old.n === 1) throw new TypeError("secret")
      return (old.n === 2 ? undefined : old) as { readonly n: number }
    }
    const refuse = Schema.makeFilter((n: number) => {
      if (n === 4) throw new RangeError("secret")
      return true
    })
    const events = [Event.v1("Done", { n: Schema.Int.pipe(Schema.check(refuse)) }).v2({ n: Schema.Int }, upcast)]
    const contract = Contract.make("Task", { commands: [], events })
    const read = (n: number) => Wire.decodeEvent(contract, stored("Done", 1, { n }))
    const names = [1, 2, 3, 4].map(read).map((one) => Result.isSuccess(one) ? "read" : one.failure._tag)
    assert.deepEqual(names, ["Thrown", "Thrown", "read", "Thrown"])
  })
})
