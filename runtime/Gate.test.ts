import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Declared from "../core/Declared.ts"
import { defaults } from "../core/Limits.ts"
import { type Input, PolicyDenied, PolicyEnforcer, type Shape as Enforcer } from "../core/PolicyEnforcer.ts"
import { RegistryUnavailable, type Revision, SchemaNotRegistered, SchemaRegistry } from "../core/SchemaRegistry.ts"
import { Added, alice, app, Broken } from "../tests/host/Counter.ts"
import { CachedRegistry } from "./CachedRegistry.ts"
import { type Ask, Gate, type Verdict } from "./Gate.ts"

const declared = Declared.make(app)
const hashOf = (subject: string) => declared.find((one) => one.subject === subject)!.hash2020
const bob = { ...alice, subject: "bob", scopes: [] }
const ask = (more: Partial<Ask> = {}): Ask => ({ aggregate: "Counter", event: Added, principal: alice, ...more })

/** A registry of one's own, of which only its revisions are asked, and an enforcer that knows what it was told to. */
const rig = Effect.gen(function* () {
  const hashes = new Map<string, string>()
  const reads: Array<string> = []
  const asked: Array<Input> = []
  const world = {
    ...{ hashes, reads, asked },
    isDown: false,
    isRemote: false,
    enforce: ((input) =>
      input.scopes.includes("commands:*")
        ? Effect.void
        : Effect.fail(new PolicyDenied({ policy: "p", rule: "r" }))) as Enforcer["enforce"],
  }
  const revisions = (subject: string) =>
    Effect.suspend((): Effect.Effect<ReadonlyArray<Revision>, SchemaNotRegistered | RegistryUnavailable> => {
      reads.push(subject)
      if (world.isDown) {
        return Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" }))
      }
      const hash = hashes.get(subject)
      return hash === undefined
        ? Effect.fail(new SchemaNotRegistered({ subject }))
        : Effect.succeed([{ subject, revision: 1, schema: {}, hash }])
    })
  const context = yield* Layer.build(
    Gate.layer(app).pipe(
      Layer.provide(CachedRegistry.layer),
      Layer.provide(Layer.succeed(SchemaRegistry, { revisions } as unknown as SchemaRegistry["Service"])),
      Layer.provide(Layer.succeed(PolicyEnforcer, {
        known: ({ scopes }) =>
          world.isRemote ? undefined : scopes.length > 0 ? true : new PolicyDenied({ policy: "p", rule: "r" }),
        enforce: (input) =>
          Effect.suspend(() => (asked.push(input), world.enforce(input))),
      })),
    ),
  )
  return { world, gate: Context.get(context, Gate) }
})

const tagOf = (verdict: Verdict | undefined) => typeof verdict === "object" ? verdict._tag : verdict
const learned = Effect.fnUntraced(function* (gate: Gate["Service"], ...asks: ReadonlyArray<Ask>) {
  const fiber = yield* Effect.forkChild(gate.learn(asks))
  yield* TestClock.adjust("1 second")
  const verdicts = yield* Fiber.join(fiber)
  return asks.map((ask) => tagOf(verdicts(ask)))
})

describe("Gate.layer()", () => {
  it.effect("knows nothing of a type until it has read the registry, then knows it for the life of the cache", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      world.hashes.set("Counter.Added.v1", hashOf("Counter.Added.v1"))
      assert.strictEqual(gate.look(ask()), undefined)
      assert.deepStrictEqual(yield* learned(gate, ask()), [true])
      assert.strictEqual(gate.look(ask()), true)
      assert.deepStrictEqual(world.reads, ["Counter.Added.v1"])
      yield* TestClock.adjust(defaults.registryCacheMs)
      assert.strictEqual(gate.look(ask()), undefined)
    }))

  it.effect("takes the schema in draft-07 for the same, and no other", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      const { draft07 } = declared.find(({ type }) => type === "Added")!
      if (draft07._tag === "Success") world.hashes.set("Counter.Added.v1", draft07.success.hash)
      world.hashes.set("Counter.Broken.v1", hashOf("Counter.Added.v1"))
      assert.deepStrictEqual(yield* learned(gate, ask(), ask({ event: Broken })), [true, "SchemaNotRegistered"])
    }))

  it.effect("refuses a type that is not registered, by its subject, until it is", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      assert.deepStrictEqual(yield* learned(gate, ask()), ["SchemaNotRegistered"])
      const refusal = gate.look(ask())
      assert.deepInclude(refusal, { subject: "Counter.Added.v1", retryAfterSeconds: 5 })
      world.hashes.set("Counter.Added.v1", hashOf("Counter.Added.v1"))
      yield* TestClock.adjust(defaults.registryRetryMs)
      assert.strictEqual(gate.look(ask()), undefined)
      assert.deepStrictEqual(yield* learned(gate, ask()), [true])
    }))

  it.effect("lets types that it has seen go on while the registry is down, and refuses the others", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      for (const { subject } of declared) world.hashes.set(subject, hashOf(subject))
      yield* learned(gate, ask())
      world.isDown = true
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* learned(gate, ask(), ask({ event: Broken })), [true, "RegistryUnavailable"])
      assert.strictEqual(gate.look(ask()), true)
      world.isDown = false
      yield* TestClock.adjust(defaults.registryRetryMs)
      assert.deepStrictEqual(yield* learned(gate, ask(), ask({ event: Broken })), [true, true])
    }))

  it.effect("refuses an event that is not the application's", () =>
    Effect.gen(function* () {
      const { gate } = yield* rig
      assert.strictEqual(tagOf(gate.look(ask({ aggregate: "Other" }))), "SchemaNotRegistered")
      assert.deepStrictEqual(yield* learned(gate, ask({ aggregate: "Other" })), ["SchemaNotRegistered"])
    }))

  it.effect("asks the policies who appends what, and reads no registry for whom they deny", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      // Known to be denied, and yet learned: that is what records it.
      assert.strictEqual(gate.look(ask({ principal: bob })), undefined)
      assert.deepStrictEqual(yield* learned(gate, ask({ principal: bob }), ask({ principal: bob })), [
        "PolicyDenied",
        "PolicyDenied",
      ])
      assert.deepStrictEqual(world.asked, [{
        ...{ action: "append", app: "counters", aggregate: "Counter", type: "Added", path: "" },
        ...{ tenant: "t1", subject: "bob", scopes: [] },
      }])
      assert.deepStrictEqual(world.reads, [])
    }))

  it.effect("remembers no answer of policies that are asked each time", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      world.isRemote = true
      world.hashes.set("Counter.Added.v1", hashOf("Counter.Added.v1"))
      for (const times of [1, 2]) {
        assert.strictEqual(gate.look(ask()), undefined)
        assert.deepStrictEqual(yield* learned(gate, ask()), [true])
        assert.strictEqual(world.asked.length, times)
      }
    }))

  it.effect("asks so many at once that an engine elsewhere takes them, and leaves room for the edge", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      world.isRemote = true
      world.hashes.set("Counter.Added.v1", hashOf("Counter.Added.v1"))
      let [now, most] = [0, 0]
      world.enforce = () =>
        Effect.suspend(() => {
          most = Math.max(most, ++now)
          return Effect.andThen(Effect.sleep(1), Effect.sync(() => void now--))
        })
      const asks = Array.from({ length: 300 }, (_, n) => ask({ principal: { ...alice, subject: `s${n}` } }))
      assert.isTrue((yield* learned(gate, ...asks)).every((verdict) => verdict === true))
      assert.strictEqual(most, defaults.remoteDecisions / 2)
    }))

  it.effect("says no where the policies hang or break", () =>
    Effect.gen(function* () {
      const { gate, world } = yield* rig
      for (const broken of [Effect.never, Effect.die("secret")]) {
        world.enforce = () => broken
        assert.deepStrictEqual(yield* learned(gate, ask()), ["PolicyUnavailable"])
      }
    }))
})
