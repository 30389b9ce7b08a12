import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { chained, eventAt, recordsOf } from "../../../core/laws/buses.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import type { Ask, Client } from "./client.ts"
import { skewMs } from "./position.ts"
import { make } from "./read.ts"
import { entryOf } from "./record.ts"

const hourMs = 3_600_000
const startMs = 1_767_225_600_000
const [record] = recordsOf(chained([eventAt(streamOf("t", "a"), 1)]), 1)

/** One shard whose n-th record came at `times[n]`, and that goes on with the oldest it has, as Kinesis does. */
const shard = (times: ReadonlyArray<number>, isClosed = false) => {
  const iterators: Array<string> = []
  let reads = 0
  const client = {
    getShardIterator: ({ ShardIteratorType, StartingSequenceNumber = "0" }) => {
      iterators.push(ShardIteratorType!)
      return Promise.resolve({ ShardIterator: StartingSequenceNumber })
    },
    getRecords: ({ Limit = 0, ShardIterator = "0" }) => {
      reads++
      const from = Number(ShardIterator)
      const Records = times.slice(from, from + Limit).map((ms, i) => ({
        ...{ SequenceNumber: `${from + i + 1}`, ApproximateArrivalTimestamp: new Date(ms), PartitionKey: "k" },
        Data: entryOf(record!).Data,
      }))
      const next = `${from + Records.length}`
      const isEnd = isClosed && from + Records.length === times.length
      return Promise.resolve({ Records, MillisBehindLatest: 0, ...isEnd ? {} : { NextShardIterator: next } })
    },
  } as Pick<Client, "getRecords" | "getShardIterator"> as Client
  const ask: Ask = (send) => Effect.promise((abortSignal) => send(client, { abortSignal }))
  return { iterators, reads: () => reads, reader: make(ask, "s", 24 * hourMs) }
}
/** Without the pause between reads. */
const at = (ms: number) => TestClock.setTime(ms)

describe("read()", () => {
  it.effect("says Trimmed where what stood behind a position may be forgotten, for Kinesis does not", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { iterators, reader } = shard([startMs - 1_000, startMs - 500])
      const first = yield* (yield* reader).read("s", undefined, 1)
      yield* at(startMs + 23 * hourMs)
      assert.strictEqual((yield* (yield* reader).read("s", first.next, 1)).items.length, 1)
      yield* at(startMs + 24 * hourMs)
      const asked = iterators.length
      for (const position of [first.next, `at:${startMs}`]) {
        assert.strictEqual((yield* Effect.flip((yield* reader).read("s", position, 1)))._tag, "Trimmed")
      }
      assert.strictEqual(iterators.length, asked)
    }))

  it.effect("goes on from the oldest record, however old that is", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { reader } = shard([startMs - 24 * hourMs, startMs - 24 * hourMs + 1])
      const { read } = yield* reader
      const first = yield* read("s", undefined, 1)
      yield* at(startMs + 10_000)
      assert.strictEqual((yield* read("s", first.next, 1)).items.length, 1)
      // One that only begins there may have missed something.
      assert.strictEqual((yield* Effect.flip((yield* reader).read("s", first.next, 1)))._tag, "Trimmed")
    }))

  it.effect("says Trimmed to one who has fallen behind while reading", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { reader } = shard([startMs - 2, startMs - 1, startMs])
      const { read } = yield* reader
      const first = yield* read("s", undefined, 1)
      yield* at(startMs + 24 * hourMs)
      assert.strictEqual((yield* Effect.flip(read("s", first.next, 1)))._tag, "Trimmed")
    }))

  it.effect("keeps its place in a shard where nothing comes for days, also over restarts", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { reader } = shard([startMs])
      let next = (yield* (yield* reader).read("s", undefined, 10)).next
      for (let hours = 1; hours < 72; hours += 2) {
        yield* at(startMs + hours * hourMs)
        const batch = yield* (yield* reader).read("s", next, 10)
        assert.deepStrictEqual(batch.items, [])
        next = batch.next
      }
    }))

  it.effect("of an empty shard gives a place before all that comes", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { next } = yield* (yield* shard([]).reader).read("s", undefined, 10)
      assert.isAtMost(Number(next.replace("at:", "")), startMs - skewMs)
    }))

  it.effect("shows the end of a closed shard with its last records, and again to who comes behind them", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { read } = yield* shard([startMs, startMs], true).reader
      const first = yield* read("s", undefined, 1)
      yield* at(startMs + 1_000)
      const last = yield* read("s", first.next, 5)
      yield* at(startMs + 2_000)
      const again = yield* read("s", last.next, 5)
      assert.deepStrictEqual([first, last, again].map(({ isEnd }) => isEnd), [false, true, true])
      assert.deepStrictEqual([last.items.length, again.items.length], [1, 0])
    }))

  it.effect("asks no shard more than five times a second, however many read", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { reader, reads } = shard([startMs])
      const { read } = yield* reader
      const asked: Array<number> = []
      const all = Effect.forEach(Array.from({ length: 7 }, (_, i) => `at:${startMs - i}`), (after) =>
        read("s", after, 1), { concurrency: "unbounded" })
      const fiber = yield* Effect.forkChild(all)
      for (let ms = 0; ms <= 1_400; ms += 100) {
        yield* TestClock.adjust(100)
        asked.push(reads())
      }
      yield* Fiber.join(fiber)
      const most = asked.map((_, i) =>
        1 + Math.floor((i + 1) / 2)
      )
      assert.isTrue(asked.every((count, i) => count <= most[i]!), `${asked} of at most ${most}`)
      assert.strictEqual(reads(), 7)
    }))

  it.effect("shares a batch with who asks for fewer, and keeps the rest for later", () =>
    Effect.gen(function* () {
      yield* at(startMs)
      const { read } = yield* shard([startMs, startMs, startMs], true).reader
      const whole = yield* read("s", undefined, 10)
      const part = yield* read("s", undefined, 2)
      assert.deepStrictEqual([whole.isEnd, part.isEnd, part.items.length], [true, false, 2])
      yield* at(startMs + 1_000)
      assert.strictEqual((yield* read("s", part.next, 2)).items.length, 1)
    }))
})
