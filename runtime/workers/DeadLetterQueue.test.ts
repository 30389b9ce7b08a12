import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, type Scope } from "effect"
import { TestClock } from "effect/testing"
import * as App from "../../core/App.ts"
import * as Consumer from "../../core/Consumer.ts"
import { DeadLetters, idOf, type Shape as Letters } from "../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import { type StoredEvent, StoreUnavailable } from "../../core/EventStore.ts"
import { command, event } from "../../core/laws/fixtures.ts"
import { type Queue, QueueUnavailable } from "../../core/Queue.ts"
import { SecondaryBus, type Shape as Bus } from "../../core/SecondaryBus.ts"
import * as SecondaryBusMemory from "../../core/SecondaryBusMemory.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import * as DeadLetterQueue from "./DeadLetterQueue.ts"

class Mailed extends Event.v1("Mailed", {}).secondary {}
class Placed extends Event.v1("Placed", {}) {}
class Order extends Contract.make("Order", { commands: [], events: [Mailed, Placed] }) {}
const consumer = (name: string, events: ReadonlyArray<"Mailed" | "Placed">) =>
  Consumer.make(name, { contract: Order, events, from: "now", onError: "park", handler: () => Effect.void })
const app = App.make("shop", {
  aggregates: [],
  consumers: [consumer("mailer", ["Mailed", "Placed"]), consumer("core", ["Placed"])],
})

const stored = (eventId: string, version: number): StoredEvent => {
  const { given: _, ...record } = command(`c-${version}`, { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` })
  return {
    ...{ tenant: "t", aggregate: "Order", id: "o-1", version, recordedAt: 1 },
    ...event(eventId, { type: "Mailed", payload: `{"text":"a secret"}` }),
    ...record,
  }
}
const id = (eventId: string) => idOf("mailer", { tenant: "t", aggregate: "Order", id: "o-1" }, eventId)

interface World {
  readonly letters: Letters
  readonly queue: Queue
  readonly lines: Array<Record<string, unknown>>
  /** Of calls on the dead letter queue, and of keeping rows. */
  readonly refuses: { remove: boolean; put: boolean }
  /** Publishes an event, and has it received six times in vain. */
  readonly giveUp: (one: StoredEvent) => Effect.Effect<void, unknown>
  readonly left: Effect.Effect<number>
}

const within = (body: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) => () => {
  const lines: Array<Record<string, unknown>> = []
  const logged = Logger.layer([Logger.map(Logger.formatStructured, (line) => void lines.push({ ...line }))])
  return Effect.gen(function* () {
    const kept = DeadLettersMemory.make()
    const refuses = { remove: false, put: false }
    const refused = Effect.fail(new StoreUnavailable({ reason: "locked" }))
    const letters: Letters = { ...kept, put: (one) => Effect.suspend(() => refuses.put ? refused : kept.put(one)) }
    const state: SecondaryBusMemory.State = new Map()
    const memory = SecondaryBusMemory.make(state)
    const unavailable = Effect.fail(new QueueUnavailable({ reason: "refused" }))
    const slowed = (queue: Queue): Queue => ({
      ...queue,
      remove: (messages) => Effect.suspend(() => refuses.remove ? unavailable : queue.remove(messages)),
      // As SQS, which counts its twelve hours from the receive on.
      hide: (messages, ms) => ms >= 12 * 3_600_000 ? unavailable : queue.hide(messages, ms),
    })
    const bus: Bus = {
      ...memory,
      subscribe: (name, interests) =>
        Effect.map(memory.subscribe(name, interests), (queue) => ({ ...queue, dead: slowed(queue.dead!) })),
    }
    const context = Context.make(DeadLetters, letters).pipe(Context.add(SecondaryBus, bus))
    yield* Effect.provideContext(Layer.build(DeadLetterQueue.layer(app)), context)
    yield* TestClock.adjust(1)
    const queue = yield* memory.subscribe("mailer", [{ aggregate: "Order", type: "Mailed" }])
    const giveUp = Effect.fnUntraced(function* (one: StoredEvent) {
      yield* memory.publish([one])
      for (let i = 0; i < 7; i++) {
        yield* queue.receive(10, { waitMs: 0, hiddenMs: 10 })
        yield* TestClock.adjust(20)
      }
    })
    const left = Effect.sync(() => state.get("mailer")!.queue.dead!.messages.size)
    yield* body({ letters, queue, lines, refuses, giveUp, left })
  }).pipe(Effect.scoped, Effect.provide(logged))
}
const rows = ({ letters }: World) => Effect.map(letters.list("t", {}, undefined, 50), ({ items }) => items)
const said = ({ lines }: World, message: string) => lines.filter((line) => line["message"] === message)

describe("the processor of dead letter queues", () => {
  it.effect(
    "keeps what a queue gave up as a row, logs it without its payload, and removes it",
    within(Effect.fnUntraced(function* (world) {
      yield* world.giveUp(stored("e-1", 3))
      yield* world.giveUp(stored("e-2", 4))
      yield* TestClock.adjust("1 minute")
      const [, row, ...more] = yield* rows(world)
      assert.isEmpty(more)
      const { fence: _, firstAt, lastAt, ...rest } = row!
      assert.deepStrictEqual(rest, {
        ...{ id: id("e-1"), kind: "message", consumer: "mailer", version: 3, eventId: "e-1", type: "Mailed" },
        stream: { tenant: "t", aggregate: "Order", id: "o-1" },
        error: "no consumer said why: given up by its queue, or never delivered",
        ...{ attempts: 0, traceId: "ab".repeat(16), asked: "nothing" },
      })
      assert.isBelow(firstAt, lastAt)
      assert.strictEqual(said(world, "dead letter").length, 2)
      assert.notInclude(JSON.stringify([world.lines, row]), "secret")
      assert.strictEqual(yield* world.left, 0)
    })),
  )

  it.effect(
    "loses nothing while the store refuses",
    within(Effect.fnUntraced(function* (world) {
      world.refuses.put = true
      yield* world.giveUp(stored("e-1", 1))
      yield* TestClock.adjust("5 minutes")
      assert.isEmpty(yield* rows(world))
      assert.isNotEmpty(said(world, "a dead letter queue waits"))
      world.refuses.put = false
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* rows(world)).map(({ eventId }) => eventId), ["e-1"])
      assert.strictEqual(yield* world.left, 0)
    })),
  )

  it.effect(
    "goes on behind a defect of its store or queue",
    within(Effect.fnUntraced(function* (world) {
      const { get } = world.letters
      Object.assign(world.letters, { get: () => Effect.die(new Error("a secret")) })
      yield* world.giveUp(stored("e-1", 1))
      yield* TestClock.adjust("1 minute")
      assert.isNotEmpty(said(world, "a dead letter queue broke"))
      assert.notInclude(JSON.stringify(world.lines), "secret")
      Object.assign(world.letters, { get })
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* rows(world)).map(({ eventId }) => eventId), ["e-1"])
    })),
  )

  it.effect(
    "counts no message twice that could not be removed, and ends no redrive by it; one that died again does",
    within(Effect.fnUntraced(function* (world) {
      world.refuses.remove = true
      yield* world.giveUp(stored("e-1", 1))
      yield* TestClock.adjust("1 minute")
      yield* world.letters.ask("t", id("e-1"), "redrive")
      yield* TestClock.adjust("10 minutes")
      assert.deepInclude(yield* world.letters.get("t", id("e-1")), { attempts: 0, asked: "redrive" })
      assert.strictEqual(said(world, "dead letter").length, 1)
      world.refuses.remove = false
      yield* TestClock.adjust("2 minutes")
      assert.deepInclude(yield* world.letters.get("t", id("e-1")), { attempts: 0, asked: "redrive" })
      assert.strictEqual(yield* world.left, 0)
      yield* world.giveUp(stored("e-1", 1))
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* world.letters.get("t", id("e-1")), { attempts: 0, asked: "nothing" })
      assert.strictEqual(said(world, "dead letter").length, 2)
    })),
  )

  it.effect(
    "leaves what is no event in the queue, and says so without its body",
    within(Effect.fnUntraced(function* (world) {
      yield* world.queue.send(["a secret"])
      yield* world.giveUp(stored("e-1", 1))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* rows(world)).length, 1)
      const lines = said(world, "a message in a dead letter queue is no event: it stays there")
      assert.strictEqual(lines.length, 1)
      assert.notInclude(JSON.stringify(lines), "secret")
      yield* TestClock.adjust("11 hours")
      assert.strictEqual(yield* world.left, 1)
      assert.strictEqual(said(world, "a message in a dead letter queue is no event: it stays there").length, 2)
    })),
  )
})
