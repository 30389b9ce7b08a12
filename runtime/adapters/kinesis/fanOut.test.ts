import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { chained, eventAt, recordsOf } from "../../../core/laws/buses.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { failedOf } from "../aws/Failed.ts"
import type { Ask, Client } from "./client.ts"
import * as FanOut from "./fanOut.ts"
import * as Read from "./read.ts"
import { entryOf } from "./record.ts"
import { fanOut } from "./resources.ts"

const startMs = 1_767_225_600_000
const retentionMs = 24 * 3_600_000
const [record] = recordsOf(chained([eventAt(streamOf("t", "a"), 1)]), 1)
const recordAt = (no: number) => ({
  ...{ SequenceNumber: `${no}`, ApproximateArrivalTimestamp: new Date(startMs), PartitionKey: "k" },
  Data: entryOf(record!).Data,
})

/** The SDK's methods with a callback are of no use here. */
interface Fake {
  readonly getShardIterator: (asked: { readonly StartingSequenceNumber?: string }) => Promise<unknown>
  readonly getRecords: (asked: { readonly Limit?: number; readonly ShardIterator?: string }) => Promise<unknown>
  readonly subscribeToShard: (
    asked: { readonly StartingPosition: { readonly SequenceNumber?: string } },
    options: { readonly abortSignal: AbortSignal },
  ) => Promise<unknown>
}

interface Open {
  readonly from: number
  readonly signal: AbortSignal
  readonly push: (from: number, to: number, isEnd?: boolean) => void
  readonly cut: () => void
}

/** One shard of numbered records, polled and pushed. */
const shard = Effect.gen(function* () {
  const opened: Array<Open> = []
  const state = { stored: 2, polls: 0, attempts: 0, refuses: false, isClosed: false }
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => recordAt(from + i))
  const client = {
    getShardIterator: ({ StartingSequenceNumber = "0" }) => Promise.resolve({ ShardIterator: StartingSequenceNumber }),
    getRecords: ({ Limit = 0, ShardIterator = "0" }) => {
      state.polls++
      const to = Math.min(state.stored, Number(ShardIterator) + Limit)
      const isEnd = state.isClosed && to === state.stored
      const next = isEnd ? {} : { NextShardIterator: `${to}` }
      return Promise.resolve({ Records: numbers(Number(ShardIterator) + 1, to), MillisBehindLatest: 0, ...next })
    },
    subscribeToShard: ({ StartingPosition: { SequenceNumber } }, { abortSignal: signal }) => {
      state.attempts++
      if (state.refuses) return Promise.reject({ name: "ResourceInUseException", $metadata: { httpStatusCode: 400 } })
      const events: Array<Promise<unknown>> = []
      let more = () => {}
      const add = (event: Promise<unknown>) => {
        event.catch(() => undefined)
        events.push(event)
        more()
      }
      opened.push({
        from: Number(SequenceNumber),
        signal,
        push: (from, to, isEnd = false) => {
          const on = isEnd ? {} : { ContinuationSequenceNumber: `${to}` }
          const event = { ...on, Records: numbers(from, to), MillisBehindLatest: 0 }
          add(Promise.resolve({ done: false, value: { SubscribeToShardEvent: event } }))
        },
        cut: () => add(Promise.reject(Object.assign(new Error("cut"), { code: "ECONNRESET" }))),
      })
      const next = async () => {
        if (events.length === 0) await new Promise<void>((resolve) => more = resolve)
        return events.shift()
      }
      return Promise.resolve({ EventStream: { [Symbol.asyncIterator]: () => ({ next }) } })
    },
  } as Fake as unknown as Client
  const ask: Ask = (send) => Effect.tryPromise({ try: (abortSignal) => send(client, { abortSignal }), catch: failedOf })
  const polling = yield* Read.make(ask, "s", retentionMs)
  const reader = yield* FanOut.make(ask, polling, { consumer: Effect.succeed("arn"), retentionMs })
  const read = Effect.fnUntraced(function* (after: string | undefined, limit = 10) {
    const reading = yield* Effect.forkChild(reader.read("s", after, limit))
    yield* TestClock.adjust(1_000)
    const batch = yield* Fiber.join(reading)
    return { ...batch, found: batch.items.map(({ position }) => Number(position.split("@")[0])) }
  })
  return { opened, read, reader, state }
})
/** What was pushed has come. */
const settle = TestClock.adjust(1)

const test = (name: string, body: () => Effect.Effect<void, unknown, Scope.Scope>, limits: Limits = defaults) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(startMs)
      yield* Effect.scoped(body())
    }).pipe(Effect.provideService(Limits, limits)))

describe("read()", () => {
  test("takes what is pushed behind what was polled, in pages, without another poll", () =>
    Effect.gen(function* () {
      const { opened, read, state } = yield* shard
      const first = yield* read(undefined)
      assert.deepStrictEqual([first.found, opened.map(({ from }) => from)], [[1, 2], [2]])
      opened[0]!.push(3, 5)
      opened[0]!.push(6, 6)
      yield* settle
      const second = yield* read(first.next, 2)
      const third = yield* read(second.next)
      const none = yield* read(third.next)
      assert.deepStrictEqual([second.found, third.found, none.found], [[3, 4], [5, 6], []])
      assert.deepStrictEqual([none.next, state.polls, opened.length], [third.next, 1, 1])
    }))

  test("goes on by polling from the same place where a subscription is cut, and subscribes again after a while", () =>
    Effect.gen(function* () {
      const { opened, read, state } = yield* shard
      const first = yield* read(undefined)
      opened[0]!.push(3, 3)
      state.stored = 5
      opened[0]!.cut()
      yield* settle
      const second = yield* read(first.next)
      const third = yield* read(second.next)
      assert.deepStrictEqual([second.found, third.found, state.attempts], [[3], [4, 5], 1])
      yield* TestClock.adjust(fanOut.pauseMaxMs)
      state.stored = 6
      const fourth = yield* read(third.next)
      assert.deepStrictEqual([fourth.found, opened.map(({ from }) => from)], [[6], [2, 6]])
      opened[1]!.push(7, 7)
      yield* settle
      assert.deepStrictEqual((yield* read(fourth.next)).found, [7])
    }))

  test("polls where subscriptions are refused, and asks for them ever more seldom", () =>
    Effect.gen(function* () {
      const { read, state } = yield* shard
      state.refuses = true
      let { next } = yield* read(undefined)
      for (let i = 0; i < 600; i++) {
        const batch = yield* read(next)
        assert.strictEqual(batch.found.length, i % 100 === 1 ? 1 : 0)
        if (i % 100 === 0) state.stored++
        next = batch.next
      }
      assert.isAtLeast(state.attempts, 3)
      assert.isAtMost(state.attempts, 30)
    }))

  test("gives up one whose reader is too slow, and loses nothing", () =>
    Effect.gen(function* () {
      const { opened, read, state } = yield* shard
      let { next } = yield* read(undefined)
      state.stored = 6
      for (const no of [3, 4, 5, 6]) opened[0]!.push(no, no)
      yield* settle
      assert.isTrue(opened[0]!.signal.aborted)
      const found: Array<number> = []
      while (found.at(-1) !== 6) {
        const batch = yield* read(next, 1)
        found.push(...batch.found)
        next = batch.next
      }
      assert.deepStrictEqual(found, [3, 4, 5, 6])
    }), { ...defaults, shardWindow: 2 })

  test("gives up one on which nothing comes for long, and one that nobody reads", () =>
    Effect.gen(function* () {
      const { opened, read, state } = yield* shard
      const { next } = yield* read(undefined)
      yield* TestClock.adjust(fanOut.silentMs)
      assert.isTrue(opened[0]!.signal.aborted)
      state.stored = 3
      yield* TestClock.adjust(fanOut.pauseMaxMs)
      assert.deepStrictEqual((yield* read(next)).found, [3])
      assert.deepStrictEqual(opened.map(({ signal }) => signal.aborted), [true, false])
      yield* TestClock.adjust(fanOut.unusedMs + 1)
      opened[1]!.push(4, 4)
      yield* settle
      assert.isTrue(opened[1]!.signal.aborted)
    }))

  test("polls for whoever stands elsewhere, and leaves its reader what was pushed", () =>
    Effect.gen(function* () {
      const { opened, read, state } = yield* shard
      const first = yield* read(undefined)
      state.stored = 3
      opened[0]!.push(3, 3)
      yield* settle
      assert.deepStrictEqual((yield* read(first.items[0]!.position)).found, [2, 3])
      assert.deepStrictEqual([(yield* read(first.next)).found, opened.length], [[3], 1])
    }))

  test("says Trimmed as polling does, and never subscribes from where something may be missing", () =>
    Effect.gen(function* () {
      const { opened, read } = yield* shard
      const { next } = yield* read(undefined)
      opened[0]!.push(3, 3)
      yield* settle
      yield* TestClock.setTime(startMs + retentionMs)
      assert.strictEqual((yield* Effect.flip(read(next)))._tag, "Trimmed")
      assert.isTrue(opened[0]!.signal.aborted)
      yield* read(undefined)
      assert.strictEqual(opened.length, 1)
    }))

  test("leaves a closed shard, and its end, to polling", () =>
    Effect.gen(function* () {
      const { opened, read, reader, state } = yield* shard
      const first = yield* read(undefined)
      Object.assign(state, { stored: 3, isClosed: true })
      opened[0]!.push(3, 3, true)
      yield* settle
      const last = yield* read(first.next)
      const end = yield* read(last.next)
      assert.deepStrictEqual([last.found, last.isEnd, end.found, end.isEnd], [[3], false, [], true])
      yield* reader.keep(new Map([["s", false]]))
      yield* TestClock.adjust(fanOut.pauseMaxMs)
      assert.deepStrictEqual([(yield* read(undefined, 1)).isEnd, state.attempts], [false, 1])
    }))

  test("ends a subscription of a shard that turns out to be closed", () =>
    Effect.gen(function* () {
      const { opened, read, reader, state } = yield* shard
      const { next } = yield* read(undefined)
      state.isClosed = true
      yield* reader.keep(new Map([["s", false]]))
      assert.isTrue(opened[0]!.signal.aborted)
      assert.isTrue((yield* read(next)).isEnd)
    }))
})

test("closing ends what is open", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { opened, read } = yield* Scope.provide(shard, scope)
    yield* read(undefined)
    yield* Scope.close(scope, Exit.void)
    assert.isTrue(opened[0]!.signal.aborted)
  }))

test("wait() ends once something is pushed", () =>
  Effect.gen(function* () {
    const { opened, read, reader } = yield* shard
    yield* read(undefined)
    const waiting = yield* Effect.forkChild(reader.wait(600_000))
    yield* settle
    opened[0]!.push(3, 3)
    yield* settle
    yield* Fiber.join(waiting)
  }))
