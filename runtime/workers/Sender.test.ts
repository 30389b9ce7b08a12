import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { CoreBus, type CoreRecord, type Sent } from "../../core/CoreBus.ts"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import { chained, eventAt } from "../../core/laws/buses.ts"
import { streamOf } from "../../core/laws/fixtures.ts"
import { defaults } from "../../core/Limits.ts"
import { SecondaryBus } from "../../core/SecondaryBus.ts"
import * as SecondaryBusMemory from "../../core/SecondaryBusMemory.ts"
import * as Sender from "./Sender.ts"

const recordOf = (id: string, events = 1): CoreRecord => {
  const stream = streamOf("t", id)
  return { stream, events: chained(Array.from({ length: events }, (_, i) => eventAt(stream, i + 1))) }
}
const sent: Sent = { _tag: "Sent" }

/** A sender over an ordered bus that answers as `publish` does; the calls it got, by ids of streams. */
const setUp = Effect.fnUntraced(
  function* (publish: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Sent>>) {
    const calls: Array<string> = []
    const bus = yield* CoreBusMemory.make()
    const fake = CoreBus.of({
      ...bus,
      publish: (records) =>
        Effect.suspend(() => {
          const ids = records.map(({ stream }) => stream.id)
          calls.push(ids.join())
          return publish(ids)
        }),
    })
    const ports = Layer.mergeAll(Layer.succeed(CoreBus, fake), SecondaryBusMemory.layer)
    const services = yield* Layer.build(ports)
    const sender = yield* Effect.provide(Sender.make, Context.pick(CoreBus, SecondaryBus)(services))
    const send = (id: string, mayGo = () => true) =>
      Effect.forkChild(sender.core({ item: recordOf(id), mayGo }), { startImmediately: true })
    return { calls, send }
  },
)

describe("sending", () => {
  it.effect("puts the records that come during a call into the next one, and answers each by itself", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* setUp((ids) =>
        Effect.delay(
          Effect.succeed(ids.map((id): Sent => id === "b" ? { _tag: "NotSent", reason: "throttled" } : sent)),
          "20 millis",
        )
      )
      const first = yield* send("a")
      yield* TestClock.adjust(5)
      const others = [yield* send("b"), yield* send("c"), yield* send("d")]
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(first))._tag, "Sent")
      const outcomes = yield* Effect.forEach(others, Fiber.join)
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["NotSent", "Sent", "Sent"])
      assert.deepStrictEqual(calls, ["a", "b,c,d"])
    }))

  it.effect("begins nothing for whoever lost the right to it, also while it waited for its call", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* setUp((ids) => Effect.delay(Effect.succeed(ids.map(() => sent)), "20 millis"))
      let mayGo = true
      yield* send("a")
      yield* TestClock.adjust(5)
      const zombie = yield* send("z", () => mayGo)
      const other = yield* send("b")
      mayGo = false
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(zombie))._tag, "NotSent")
      assert.strictEqual((yield* Fiber.join(other))._tag, "Sent")
      assert.deepStrictEqual(calls, ["a", "b"])
    }))

  it.effect("waits for a call no longer than a third of a lease, and for a broken bus not at all", () =>
    Effect.gen(function* () {
      let answers: Effect.Effect<ReadonlyArray<Sent>> = Effect.never
      const { send } = yield* setUp(() => answers)
      const hung = yield* send("a")
      yield* TestClock.adjust(defaults.leaseMs / 3 - 1)
      assert.isUndefined(hung.pollUnsafe())
      yield* TestClock.adjust(2)
      assert.strictEqual((yield* Fiber.join(hung))._tag, "NotSent")
      answers = Effect.die("broken")
      const broken = yield* send("a")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(broken))._tag, "NotSent")
    }))

  it("never puts two records of one stream, or more than the bus takes, into one call", () => {
    const parcel = (id: string, events = 1) => ({ item: recordOf(id, events), mayGo: () => true })
    const ids = (calls: ReturnType<typeof Sender.calls>) =>
      calls.map((call) => call.map(({ item }) => item.stream.id).join())
    const max = { records: 3, bytes: 1_000_000 }
    assert.deepStrictEqual(
      ids(Sender.calls([..."abca"].map((id) => parcel(id)), max)),
      ["abc"].map((all) => [...all].join()).concat("a"),
    )
    assert.deepStrictEqual(ids(Sender.calls([parcel("a"), parcel("a"), parcel("b")], max)), ["a", "a,b"])
    assert.deepStrictEqual(ids(Sender.calls([parcel("a", 5), parcel("b", 5)], { ...max, bytes: 1_500 })), ["a", "b"])
  })
})
