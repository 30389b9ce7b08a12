import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import type { Fate } from "./Fate.ts"
import { driven } from "./laws/driven.ts"
import * as Limits from "./Limits.ts"
import { laws, reopened } from "./Queue.laws.ts"
import { type Queue, receivesMax } from "./Queue.ts"
import * as QueueMemory from "./QueueMemory.ts"
import { Queues } from "./Queues.ts"

/** A queue on which one kind of act ends as told, and then as ever. */
const faulty = (act: QueueMemory.Act, ...fates: ReadonlyArray<Fate>) => {
  const left = [...fates]
  return QueueMemory.make(QueueMemory.emptyState(), { fate: (one) => one === act ? left.shift() ?? "done" : "done" })
}
const receive = (queue: Queue, hiddenMs = 1_000) =>
  Effect.map(queue.receive(10, { waitMs: 0, hiddenMs }), (messages) => messages.map(({ body }) => body))

describe("the memory queue", () => {
  const fresh = Effect.suspend(() => QueueMemory.make())
  for (const { name, law } of laws(fresh)) it.effect(name, () => driven(law))
  const named = (name: string) => Effect.flatMap(Queues, (queues) => queues.named(name))
  for (const { name, law } of reopened(QueueMemory.layerOf(new Map()), named)) it.effect(name, () => driven(law))
  it.effect("is another one in another layer", () =>
    Effect.gen(function* () {
      const fresh = () => Effect.provide(named("a"), Layer.fresh(QueueMemory.layer))
      yield* (yield* fresh()).send(["one"])
      assert.deepEqual(yield* receive(yield* fresh()), [])
    }))

  it.effect("keeps what its dead letters refuse, and tries again", () =>
    driven(Effect.gen(function* () {
      const queue = yield* faulty("bury", "refused", "refused")
      yield* queue.send(["poison"])
      for (let i = 0; i < receivesMax; i++) assert.deepEqual(yield* receive(queue, 0), ["poison"])
      for (let i = 0; i < 2; i++) {
        assert.deepEqual(yield* receive(queue, 100), [])
        assert.deepEqual(yield* receive(queue.dead!), [])
        yield* Effect.sleep("100 millis")
      }
      assert.deepEqual(yield* receive(queue), [])
      assert.deepEqual(yield* receive(queue.dead!), ["poison"])
    })))

  it.effect("sends twice, or what it says it has not, where it is told so", () =>
    Effect.gen(function* () {
      const queue = yield* faulty("send", "lost", "refused", "twice")
      assert.deepEqual(yield* queue.send(["lost", "refused", "twice"]), [false, false, true])
      assert.deepEqual(yield* receive(queue), ["lost", "twice", "twice"])
    }))

  it.effect("shows a message to two, or to nobody, where it is told so", () =>
    driven(Effect.gen(function* () {
      const queue = yield* faulty("receive", "twice", "lost")
      yield* queue.send(["one"])
      assert.deepEqual(yield* receive(queue), ["one"])
      assert.deepEqual(yield* receive(queue), [])
      yield* Effect.sleep("1 second")
      assert.deepEqual(yield* receive(queue), ["one"])
    })))

  it.effect("keeps, or removes, what it says it has not removed", () =>
    Effect.gen(function* () {
      const queue = yield* faulty("remove", "refused", "lost")
      yield* queue.send(["kept", "gone"])
      const messages = yield* queue.receive(10, { waitMs: 0, hiddenMs: 0 })
      assert.deepEqual(yield* queue.remove(messages), [false, false])
      assert.deepEqual(yield* receive(queue), ["kept"])
    }))

  it.effect("hide() of an old receipt disturbs nobody, and its remove() is done", () =>
    driven(Effect.gen(function* () {
      const queue = yield* faulty("hide")
      yield* queue.send(["one"])
      const old = yield* queue.receive(1, { waitMs: 0, hiddenMs: 10 })
      yield* Effect.sleep("10 millis")
      assert.deepEqual(yield* receive(queue), ["one"])
      yield* queue.hide(old, 0)
      assert.deepEqual(yield* receive(queue), [])
      assert.deepEqual(yield* queue.remove(old), [true])
      yield* Effect.sleep("2 seconds")
      assert.deepEqual(yield* receive(queue), [])
    })))

  it.effect("says that it cannot hide", () =>
    Effect.gen(function* () {
      const queue = yield* faulty("hide", "refused")
      yield* queue.send(["one"])
      const messages = yield* queue.receive(1, { waitMs: 0, hiddenMs: 0 })
      assert.strictEqual((yield* Effect.flip(queue.hide(messages, 10)))._tag, "QueueUnavailable")
    }))

  it.effect("receive() leaves nobody waiting behind it", () =>
    driven(Effect.gen(function* () {
      const state = QueueMemory.emptyState()
      const queue = yield* QueueMemory.make(state)
      const waiting = yield* Effect.forkChild(queue.receive(1, { waitMs: 1_000, hiddenMs: 0 }))
      yield* Effect.sleep("10 millis")
      yield* queue.send(["one"])
      assert.strictEqual((yield* Fiber.join(waiting)).length, 1)
      assert.strictEqual(state.waiting.size, 0)
    })))

  it.effect("keeps apart what was buried and what was sent to the dead straight away", () =>
    Effect.gen(function* () {
      const queue = yield* QueueMemory.make()
      yield* queue.send(["one"])
      yield* queue.dead!.send(["two"])
      for (let i = 0; i < 7; i++) yield* queue.receive(1, { waitMs: 0, hiddenMs: 0 })
      const dead = yield* queue.dead!.receive(10, { waitMs: 0, hiddenMs: 10 })
      assert.deepStrictEqual(dead.map(({ body }) => body).sort(), ["one", "two"])
    }))

  it.effect("measures bodies in bytes", () =>
    Effect.gen(function* () {
      const queue = yield* faulty("send")
      assert.strictEqual((yield* Effect.exit(queue.send(["漢漢"])))._tag, "Failure")
      assert.deepEqual(yield* queue.send(["漢xx"]), [true])
    }).pipe(Effect.provideService(Limits.Limits, Limits.lowered({ messageBodyBytes: 5 }))))
})
