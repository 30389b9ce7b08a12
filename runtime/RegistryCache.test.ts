import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Metric } from "effect"
import * as Limits from "../core/Limits.ts"
import * as Metrics from "./RegistryMetrics.ts"
import { one, pass, schema, setUp, subject, three, two } from "./testRegistry.ts"

const { registryRetryMs, registryTimeoutMs } = Limits.defaults

describe("a registration", () => {
  it.effect("is known at once to the process that made it", () =>
    Effect.gen(function* () {
      const { cached, hands, learn, said } = yield* setUp()
      yield* learn(one)
      assert.strictEqual(said(one), "SchemaNotRegistered")
      yield* cached.register(subject, one)
      yield* learn(one)
      assert.deepEqual([said(one), hands.calls], ["true", 2])
      yield* cached.register(subject, two)
      assert.deepEqual([said(two), hands.calls], ["true", 2])
      assert.strictEqual((yield* cached.get(subject, "latest")).revision, 2)
    }))

  it.effect("behind one of another process has the subject read again", () =>
    Effect.gen(function* () {
      const { cached, inner, learn, said } = yield* setUp()
      yield* inner.register(subject, one)
      yield* learn(one)
      yield* inner.register(subject, two)
      yield* cached.register(subject, three)
      assert.strictEqual(said(three), "undefined")
      yield* learn(three)
      assert.deepEqual([said(two), said(three)], ["true", "true"])
    }))

  it.effect("that overtakes a read is not forgotten when the read ends", () =>
    Effect.gen(function* () {
      const { cached, good, hands, inner, learn, said } = yield* setUp()
      yield* inner.register(subject, one)
      yield* learn(one)
      yield* pass(registryRetryMs)
      hands.revisions = (of) => Effect.flatMap(good(of), (found) => Effect.delay(Effect.succeed(found), 100))
      const fiber = yield* Effect.forkChild(learn(two), { startImmediately: true })
      yield* cached.register(subject, two)
      yield* pass(200)
      yield* Fiber.join(fiber)
      assert.deepEqual([said(two), said(one)], ["true", "true"])
      assert.notInclude(hands.logged, "schema registry cannot be read")
    }))

  it.effect("is counted, as are schemas that break with history", () =>
    Effect.gen(function* () {
      const { cached } = yield* setUp()
      const count = (metric: typeof Metrics.SchemaRegistrations) =>
        Effect.map(Metric.value(metric), ({ count }) => Number(count))
      const before = [yield* count(Metrics.SchemaRegistrations), yield* count(Metrics.CompatibilityFailures)]
      yield* cached.register(subject, one)
      yield* cached.check(subject, two)
      yield* cached.check(subject, schema("b"))
      yield* Effect.flip(cached.register(subject, schema("b")))
      yield* Effect.flip(cached.register("nothing", one))
      const after = [yield* count(Metrics.SchemaRegistrations), yield* count(Metrics.CompatibilityFailures)]
      assert.deepEqual(after.map((value, i) => value - before[i]!), [1, 2])
    }))
})

describe("its memory", () => {
  it.effect("is bounded in subjects and bytes; who was used longest ago leaves", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 6 }, (_, i) => `Order.Placed${i}.v1`)
      const size = JSON.stringify(one).length
      for (const limits of [{ registryCache: 3 }, { registryCacheBytes: 3 * size }]) {
        const { inner, learn, said } = yield* setUp(limits)
        for (const name of names) {
          yield* inner.register(name, one)
          yield* learn(one, name)
          assert.strictEqual(said(one, names[0]), "true", "the first, which is in use")
          yield* pass(1)
        }
        const known = names.filter((name) => said(one, name) === "true")
        assert.deepEqual(known, [names[0], names[4], names[5]])
      }
    }))

  it.effect("of subjects that are missing is bounded too, and leaves the others alone", () =>
    Effect.gen(function* () {
      const { hands, inner, learn, said } = yield* setUp({ registryCache: 10 })
      yield* inner.register(subject, one)
      yield* learn(one)
      for (let i = 0; i < 100; i++) yield* learn(one, `Order.Nothing${i}.v1`)
      assert.strictEqual(said(one), "true")
      const missing = Array.from({ length: 100 }, (_, i) => said(one, `Order.Nothing${i}.v1`))
      assert.strictEqual(missing.filter((verdict) => verdict === "SchemaNotRegistered").length, 10)
      assert.strictEqual(hands.calls, 101)
    }))

  it.effect("has a bound on reads at once, and on those that wait", () =>
    Effect.gen(function* () {
      const { hands, learn, said } = yield* setUp({ registryReads: 2, registryQueue: 5 })
      hands.revisions = () => Effect.never
      const all = Array.from({ length: 6 }, (_, i) => `Order.Placed${i}.v1`)
      const fiber = yield* Effect.forkChild(
        Effect.all(all.map((name) => learn(one, name)), { concurrency: "unbounded" }),
        { startImmediately: true },
      )
      yield* pass(1)
      assert.strictEqual(hands.calls, 2)
      assert.strictEqual(said(one, all[5]), "too many wait for it")
      yield* pass(3 * registryTimeoutMs)
      yield* Fiber.join(fiber)
      assert.deepEqual([hands.calls, said(one, all[4])], [5, "no answer in time"])
    }))
})
