import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Limits from "../core/Limits.ts"
import { embeddedLaws, laws } from "../core/SchemaRegistry.laws.ts"
import { type Revision, SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import { CachedRegistry } from "./CachedRegistry.ts"
import { hashOf, one, pass, type Rig, setUp, subject, three, two } from "./testRegistry.ts"

const { registryCacheMs, registryRetryMs, registryTimeoutMs } = Limits.defaults

describe("a remembered registry", () => {
  for (const { name, law } of [...laws, ...embeddedLaws]) {
    it.effect(
      `keeps the laws: ${name}`,
      () => Effect.provide(law, Layer.provide(CachedRegistry.layer, SchemaRegistryMemory.layer)),
    )
  }

  it.effect("knows nothing until it has learned, and then reads a subject once in its life", () =>
    Effect.gen(function* () {
      const { cached, hands, inner, learn, said } = yield* setUp()
      yield* inner.register(subject, one)
      assert.strictEqual(said(one), "undefined")
      yield* learn(one)
      for (let i = 0; i < 100; i++, yield* pass(2_000)) {
        yield* learn(one)
        assert.strictEqual(said(one), "true")
        assert.strictEqual(cached.look(subject, ["other", hashOf(one)]), true)
        assert.strictEqual((yield* cached.get(subject, "latest")).revision, 1)
      }
      assert.strictEqual(hands.calls, 1)
    }))

  it.effect("takes what is missing for missing behind a fresh read only, and not for long", () =>
    Effect.gen(function* () {
      const { hands, inner, learn, said } = yield* setUp()
      yield* learn(one)
      assert.strictEqual(said(one), "SchemaNotRegistered")
      yield* inner.register(subject, one)
      assert.strictEqual(said(one), "SchemaNotRegistered")
      yield* pass(registryRetryMs)
      assert.strictEqual(said(one), "undefined")
      yield* learn(one)
      assert.strictEqual(said(one), "true")
      yield* pass(registryRetryMs)
      assert.strictEqual(said(two), "undefined")
      yield* inner.register(subject, two)
      yield* learn(two)
      assert.deepEqual([said(two), said(one), hands.calls], ["true", "true", 3])
    }))

  it.effect("reads again before an entry in use has lived its life, and nobody waits", () =>
    Effect.gen(function* () {
      const { hands, inner, learn, said, settle } = yield* setUp()
      yield* inner.register(subject, one)
      yield* learn(one)
      yield* pass(registryCacheMs * 0.8)
      for (let i = 0; i < 10; i++) assert.strictEqual(said(one), "true")
      yield* settle
      assert.strictEqual(hands.calls, 2)
      yield* pass(registryCacheMs * 0.7)
      assert.deepEqual([said(one), hands.calls], ["true", 2])
      yield* pass(registryCacheMs)
      assert.strictEqual(said(one), "undefined", "nobody asked for so long that it must be read first")
    }))

  it.effect("does not take what is remembered for young where the clock was set back", () =>
    Effect.gen(function* () {
      const { inner, learn, said } = yield* setUp()
      yield* pass(10_000_000)
      yield* inner.register(subject, one)
      yield* learn(one)
      yield* TestClock.setTime(1_000)
      assert.strictEqual(said(one), "undefined")
    }))

  it.effect("reads once, however many wait, also where the first gives up", () =>
    Effect.gen(function* () {
      const { good, hands, inner, learn, said } = yield* setUp()
      yield* inner.register(subject, one)
      hands.revisions = (of) => Effect.andThen(Effect.sleep(100), good(of))
      const first = yield* Effect.forkChild(learn(one), { startImmediately: true })
      const others = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 500 }, () => learn(one)), { concurrency: "unbounded" }),
        {
          startImmediately: true,
        },
      )
      yield* Fiber.interrupt(first)
      yield* pass(100)
      yield* Fiber.join(others)
      assert.deepEqual([said(one), hands.calls], ["true", 1])
    }))
})

describe("while the registry fails", () => {
  const failures = {
    down: (rig: Rig): Rig["good"] => rig.down,
    slow: (): Rig["good"] => () => Effect.never,
    defect: (): Rig["good"] => () => Effect.die(new Error("a bug")),
    "revision 1 was changed": (): Rig["good"] => (of) =>
      Effect.succeed([{ subject: of, revision: 1, schema: two, hash: hashOf(two) }]),
    "revisions have vanished": (rig: Rig): Rig["good"] => () => rig.inner.revisions("Order.Other.v1"),
    "revision 1 has vanished": (): Rig["good"] => (of) =>
      Effect.succeed([{ subject: of, revision: 2, schema: two, hash: hashOf(two) }]),
    "revisions of another subject": (): Rig["good"] => () =>
      Effect.succeed([{ subject: "Order.Other.v1", revision: 1, schema: one, hash: hashOf(one) }]),
    "revisions out of order": (): Rig["good"] => (of) =>
      Effect.succeed([2, 1].map((revision): Revision => ({ subject: of, revision, schema: one, hash: hashOf(one) }))),
    "a subject without revisions": (): Rig["good"] => () => Effect.succeed([]),
  }
  for (const [name, failure] of Object.entries(failures)) {
    it.effect(`(${name}) what is known goes on beyond its life, what is not is refused, and it recovers`, () =>
      Effect.gen(function* () {
        const rig = yield* setUp()
        const { good, hands, inner, learn, said, settle } = rig
        const reason = { down: "down", slow: "no answer in time" }[name] ?? name
        yield* inner.register(subject, one)
        yield* learn(one)
        hands.revisions = failure(rig)
        yield* pass(registryCacheMs)
        assert.strictEqual(said(one), "undefined")
        const waiting = yield* Effect.forkChild(learn(one), { startImmediately: true })
        yield* pass(registryTimeoutMs)
        yield* Fiber.join(waiting)
        hands.calls = 0
        for (let i = 0; i < 60; i++) {
          assert.strictEqual(said(one), "true", "known")
          assert.strictEqual((yield* rig.cached.get(subject, 1)).hash, hashOf(one))
          if (said(two) !== "undefined") assert.strictEqual(said(two), reason, "a hash that is not known")
          yield* settle
          yield* pass(1_000)
        }
        assert.isAtMost(hands.calls, 60_000 / registryRetryMs, "one read an interval")
        assert.isAtLeast(hands.calls, 60_000 / (registryRetryMs + registryTimeoutMs) - 1)
        assert.deepEqual(hands.logged.filter((line) => line.includes("cannot be read")), [
          "schema registry cannot be read",
        ])
        yield* pass(registryCacheMs)
        assert.strictEqual(said(one), "undefined", "nobody has asked for long whether it still fails")
        const again = yield* Effect.forkChild(learn(one), { startImmediately: true })
        yield* pass(registryTimeoutMs)
        yield* Fiber.join(again)
        hands.revisions = good
        yield* inner.register(subject, two)
        yield* pass(registryRetryMs)
        assert.strictEqual(said(one), "true")
        yield* settle
        assert.deepEqual([said(two), said(one)], ["true", "true"], "without a restart")
        assert.isTrue(hands.logged.includes("schema registry is read again"))
      }))
  }

  for (const name of ["down", "slow", "defect"] as const) {
    it.effect(`(${name}) a subject that is not known is refused, asked for once an interval, and found later`, () =>
      Effect.gen(function* () {
        const rig = yield* setUp()
        const { good, hands, inner, learn, said } = rig
        yield* inner.register(subject, one)
        hands.revisions = failures[name](rig)
        for (let i = 1; i <= 3; i++) {
          const crowd = yield* Effect.forkChild(
            Effect.all(Array.from({ length: 200 }, () => learn(one)), { concurrency: "unbounded" }),
            {
              startImmediately: true,
            },
          )
          yield* pass(registryTimeoutMs)
          yield* Fiber.join(crowd)
          assert.include(["down", "no answer in time", "defect"], said(one))
          assert.strictEqual((yield* Effect.flip(rig.cached.get(subject, 1)))._tag, "RegistryUnavailable")
          assert.strictEqual(hands.calls, i)
          yield* pass(registryRetryMs)
        }
        hands.revisions = good
        yield* learn(one)
        assert.strictEqual(said(one), "true")
      }))
  }

  it.effect("a process whose first read was a lie takes the truth while it is in use", () =>
    Effect.gen(function* () {
      const { cached, good, hands, inner, learn, said } = yield* setUp()
      yield* inner.register(subject, one)
      yield* inner.register(subject, two)
      hands.revisions = (of) => Effect.succeed([{ subject: of, revision: 1, schema: three, hash: hashOf(three) }])
      yield* learn(one)
      assert.strictEqual(said(one), "SchemaNotRegistered")
      hands.revisions = good
      yield* pass(registryRetryMs)
      yield* learn(one)
      assert.deepEqual([said(one), said(two)], ["true", "true"])
      assert.strictEqual((yield* cached.get(subject, 1)).hash, hashOf(one))
      assert.deepEqual(hands.logged, ["schema registry contradicts itself"])
    }))

  it.effect("a process whose first read was of what nobody registered says so once it is read again", () =>
    Effect.gen(function* () {
      const { hands, inner, learn, said } = yield* setUp()
      hands.revisions = (of) => Effect.succeed([{ subject: of, revision: 1, schema: three, hash: hashOf(three) }])
      yield* learn(one)
      hands.revisions = inner.revisions
      yield* pass(registryRetryMs)
      yield* learn(one)
      assert.strictEqual(said(one), "SchemaNotRegistered")
      yield* inner.register(subject, one)
      yield* pass(registryRetryMs)
      yield* learn(one)
      assert.strictEqual(said(one), "true")
    }))

  it.effect("what is in use is given up for no answer that lacks it, and all else is as the registry says now", () =>
    Effect.gen(function* () {
      const { cached, hands, inner, learn, said } = yield* setUp()
      yield* inner.register(subject, one)
      yield* inner.register(subject, two)
      const revision = (revision: number, schema: typeof one) => ({ subject, revision, schema, hash: hashOf(schema) })
      yield* learn(two)
      assert.strictEqual(said(two), "true")
      hands.revisions = () => Effect.succeed([revision(1, three), revision(2, two)])
      yield* pass(registryCacheMs)
      yield* learn(two)
      assert.strictEqual((yield* cached.get(subject, 1)).hash, hashOf(three))
      hands.revisions = () => Effect.succeed([revision(1, one), revision(2, three)])
      yield* pass(registryCacheMs)
      yield* learn(two)
      assert.deepEqual([said(two), said(one)], ["true", "revision 1 was changed"])
    }))

  it.effect("whoever asks it directly is answered in bounded time", () =>
    Effect.gen(function* () {
      const inner = yield* SchemaRegistryMemory.make()
      const hanging = SchemaRegistry.of({
        ...inner,
        register: () => Effect.never,
        check: () => Effect.never,
        subjects: () => Effect.never,
        setMode: () => Effect.never,
      })
      const context = yield* Layer.build(Layer.fresh(CachedRegistry.layer)).pipe(
        Effect.provideService(SchemaRegistry, hanging),
      )
      const cached = Context.get(context, SchemaRegistry)
      const calls = Effect.all([
        Effect.flip(cached.register(subject, one)),
        Effect.flip(cached.check(subject, one)),
        Effect.flip(cached.subjects(undefined, 1)),
        Effect.flip(cached.setMode(subject, "NONE")),
      ], { concurrency: "unbounded" })
      const fiber = yield* Effect.forkChild(calls, { startImmediately: true })
      yield* pass(registryTimeoutMs)
      for (const { _tag } of yield* Fiber.join(fiber)) assert.strictEqual(_tag, "RegistryUnavailable")
    }))
})
