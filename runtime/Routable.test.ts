import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Context, Effect, Layer, Metric, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Declared from "../core/Declared.ts"
import { tombstone } from "../core/EventStore.ts"
import { defaults } from "../core/Limits.ts"
import { RegistryUnavailable, type Revision, SchemaNotRegistered, SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import * as Generators from "../schemas/Generators.ts"
import * as Wire from "../schemas/Wire.ts"
import { CachedRegistry } from "./CachedRegistry.ts"
import { SchemaValidationFailures } from "./RegistryMetrics.ts"
import * as Routable from "./Routable.ts"

const Part = Schema.Struct({ name: Schema.String, count: Schema.Int.pipe(Schema.check(Schema.isGreaterThan(0))) })
class Built extends Event.v1("Built", {
  parts: Schema.Array(Part),
  kind: Schema.Literals(["small", "large"]),
  note: Schema.optionalKey(Schema.String),
  until: Schema.NullOr(Schema.Finite),
}) {}
class Order extends Contract.make("Order", { commands: [], events: [Built, Event.v1("Left", {})] }) {}
const declared = Declared.ofContract(Order)
const object = (properties: object, required: ReadonlyArray<string> = Object.keys(properties)) =>
  ({ type: "object", properties, required, additionalProperties: false }) as never
const a = object({ a: { type: "string" } })
const b = object({ a: { type: "string" }, b: { type: "integer" } }, ["a"])
const event = (payload: unknown, more: object = {}) => ({
  ...{ aggregate: "Order", type: "Thing", schemaVersion: 1, payload: JSON.stringify(payload) },
  ...more,
})

const rig = Effect.gen(function* () {
  const world = { schemas: new Map<string, ReadonlyArray<Revision["schema"]>>(), reads: 0, isDown: false }
  const revisions = (subject: string) =>
    Effect.suspend((): Effect.Effect<ReadonlyArray<Revision>, SchemaNotRegistered | RegistryUnavailable> => {
      world.reads++
      if (world.isDown) return Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" }))
      const found = world.schemas.get(subject)
      return found === undefined ? Effect.fail(new SchemaNotRegistered({ subject })) : Effect.succeed(
        found.map((schema, i) => ({ subject, revision: i + 1, schema, hash: Declared.hashOf(schema) })),
      )
    })
  const registry: Metric.MetricRegistry = new Map()
  const metrics = Layer.succeed(Metric.MetricRegistry, registry)
  const context = yield* Layer.build(
    CachedRegistry.layer.pipe(
      Layer.provide(Layer.succeed(SchemaRegistry, { revisions } as unknown as SchemaRegistry["Service"])),
      Layer.provideMerge(metrics),
    ),
  )
  const check = yield* Effect.provideContext(Routable.make, context)
  const said = (of: Parameters<Routable.Routable>[0]) =>
    Effect.match(check(of), { onFailure: ({ _tag }) => _tag, onSuccess: () => "routed" })
  const failures = () => SchemaValidationFailures.valueUnsafe(Context.make(Metric.MetricRegistry, registry)).count
  return { world, check, said, failures }
})

describe("Routable.make()", () => {
  it.effect("lets pass whatever a contract writes once it is registered, and nothing of it before", () =>
    Effect.gen(function* () {
      const { failures, said, world } = yield* rig
      const law = (expected: string) =>
        Arbitrary.checkEffect(
          Generators.event(Order),
          (instance) => {
            const { payload, ...stored } = Result.getOrThrow(Wire.encodeEvent(Order.events[instance._tag], instance))
            return Effect.map(said(event(payload, stored)), (answer) => answer === expected)
          },
          { runs: 200, seed: 7 },
        )
      assert.strictEqual((yield* law("SchemaNotRegistered"))._tag, "Passed")
      for (const { schema, subject } of declared) world.schemas.set(subject, [schema])
      yield* TestClock.adjust(defaults.registryRetryMs)
      assert.strictEqual((yield* law("routed"))._tag, "Passed")
      assert.strictEqual(failures(), 0)
    }))

  it.effect("stops an event that does not fit, says where and not with what, and counts it", () =>
    Effect.gen(function* () {
      const { check, failures, world } = yield* rig
      world.schemas.set("Order.Thing.v1", [a])
      yield* check(event({ a: "x" }))
      const stopped = yield* Effect.flip(check(event({ a: 815 })))
      assert.isTrue(stopped._tag === "EventInvalid" && stopped.subject === "Order.Thing.v1")
      assert.include(JSON.stringify(stopped), '"/a"')
      assert.notInclude(JSON.stringify(stopped), "815")
      for (const bad of [{}, { a: "x", more: 1 }, null]) {
        assert.strictEqual((yield* Effect.flip(check(event(bad))))._tag, "EventInvalid")
      }
      assert.strictEqual((yield* Effect.flip(check({ ...event({}), payload: "{" })))._tag, "EventInvalid")
      assert.strictEqual(failures(), 5)
    }))

  it.effect("takes what fits an older revision, and what fits one that was registered meanwhile", () =>
    Effect.gen(function* () {
      const { said, world } = yield* rig
      world.schemas.set("Order.Thing.v1", [b, a])
      assert.strictEqual(yield* said(event({ a: "x", b: 1 })), "routed")
      world.schemas.set("Order.Thing.v1", [b, a, object({ c: { type: "null" } })])
      yield* TestClock.adjust(defaults.registryRetryMs)
      assert.strictEqual(yield* said(event({ c: null })), "routed")
      assert.strictEqual(world.reads, 2)
    }))

  it.effect("looks at the version that the event was written in", () =>
    Effect.gen(function* () {
      const { said, world } = yield* rig
      world.schemas.set("Order.Thing.v1", [a])
      assert.strictEqual(yield* said(event({ a: "x" }, { schemaVersion: 2 })), "SchemaNotRegistered")
    }))

  it.effect("goes on with known subjects while the registry is down, and asks the others to wait", () =>
    Effect.gen(function* () {
      const { failures, said, world } = yield* rig
      world.schemas.set("Order.Thing.v1", [a])
      assert.strictEqual(yield* said(event({ a: "x" })), "routed")
      world.isDown = true
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* said(event({ a: "x" })), "routed")
      assert.strictEqual(yield* said(event({ a: "x" }, { type: "Other" })), "RegistryUnavailable")
      // Newer code may have registered what it fits.
      assert.strictEqual(yield* said(event({ a: "x", b: 1 })), "RegistryUnavailable")
      assert.strictEqual(failures(), 0)
      world.isDown = false
      world.schemas.set("Order.Thing.v1", [a, b])
      yield* TestClock.adjust(defaults.registryRetryMs)
      assert.strictEqual(yield* said(event({ a: "x", b: 1 })), "routed")
      assert.strictEqual(yield* said(event({ a: 1 })), "EventInvalid")
    }))

  it.effect("goes on with a schema that events fitted, where the registry changes it under its number", () =>
    Effect.gen(function* () {
      const { said, world } = yield* rig
      world.schemas.set("Order.Thing.v1", [a])
      assert.strictEqual(yield* said(event({ a: "x" })), "routed")
      world.schemas.set("Order.Thing.v1", [object({ c: { type: "null" } })])
      for (let i = 0; i < 3; i++) {
        yield* TestClock.adjust(defaults.registryCacheMs)
        assert.strictEqual(yield* said(event({ a: "x" })), "routed")
        assert.strictEqual(yield* said(event({ c: null })), "RegistryUnavailable")
      }
    }))

  it.effect("stops nobody for good over a registered schema that it cannot read", () =>
    Effect.gen(function* () {
      const { said, world } = yield* rig
      world.schemas.set("Order.Thing.v1", [{ $ref: "https://example.com/far.json" } as never, a])
      assert.strictEqual(yield* said(event({ a: "x" })), "routed")
      assert.strictEqual(yield* said(event({ a: 1 })), "RegistryUnavailable")
    }))

  it.effect("lets the end of a stream pass: it has no schema", () =>
    Effect.gen(function* () {
      const { said } = yield* rig
      assert.strictEqual(yield* said(event({}, { type: tombstone.type })), "routed")
    }))
})
