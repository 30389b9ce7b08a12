import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Limits, lowered } from "../../core/Limits.ts"
import type { Batch, ShardLog } from "../../core/ShardLog.ts"
import * as ShardReader from "./ShardReader.ts"
import { checkpointAt } from "./shares.ts"

const held = { shard: "s", isHeld: () => true }

/** A shard of one item a read, then of nothing but positions that go on. */
const logOf = (items: number, reads: { count: number }): ShardLog<string> => ({
  shards: Effect.succeed([{ id: "s", parents: [] }]),
  read: (_, after = "0") =>
    Effect.sync((): Batch<string> => {
      reads.count++
      const next = `${Number(after) + 1}`
      const found = Number(after) < items ? [{ position: next, value: "x".repeat(100) }] : []
      return { items: found, next, isEnd: false, behindMs: undefined }
    }),
  wait: (ms) => Effect.sleep(ms),
})

/** In steps: what wakes goes on before the next one. */
const pass = (ms: number) => Effect.repeat(TestClock.adjust(limits.shardPollMs), { times: ms / limits.shardPollMs - 1 })

const limits = { shardPage: 1, shardPollMs: 100 }

describe("the reader of a shard", () => {
  it.effect("takes an empty read for done once all before it is", () =>
    Effect.gen(function* () {
      const [gate, reads] = [yield* Deferred.make<void>(), { count: 0 }]
      const reader = ShardReader.make<string>({
        ...{ name: "test", log: logOf(2, reads), from: () => Effect.succeed(undefined), onTrimmed: () => Effect.void },
        work: (_, [item], taken) => (taken(), item!.position === "1" ? Deferred.await(gate) : Effect.void),
      }, undefined)
      yield* Effect.forkChild(reader.run(held))
      yield* pass(10_000)
      assert.isAbove(reads.count, 50)
      assert.isUndefined(reader.checkpoint())
      yield* Deferred.succeed(gate, undefined)
      yield* pass(100)
      assert.strictEqual(reader.checkpoint(), checkpointAt(`${reads.count}`))
      yield* pass(1_000)
      assert.strictEqual(reader.checkpoint(), checkpointAt(`${reads.count}`))
    }).pipe(Effect.provideService(Limits, lowered(limits))))

  it.effect("remembers only what all before it is done, in whichever order that comes", () =>
    Effect.gen(function* () {
      const gates = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => Deferred.make<void>())
      const reader = ShardReader.make<string>({
        ...{
          name: "test",
          log: logOf(6, { count: 0 }),
          from: () => Effect.succeed(undefined),
          onTrimmed: () => Effect.void,
        },
        work: (_, [item], taken) => (taken(), Deferred.await(gates[Number(item!.position) - 1]!)),
      }, undefined)
      yield* Effect.forkChild(reader.run(held))
      yield* pass(100)
      for (const [at, expected] of [[4, undefined], [2, undefined], [3, undefined], [0, 1], [1, 5]] as const) {
        yield* Deferred.succeed(gates[at]!, undefined)
        yield* pass(100)
        assert.strictEqual(reader.checkpoint(), expected && checkpointAt(`${expected}`), `${at}`)
      }
    }).pipe(Effect.provideService(Limits, lowered(limits))))

  it.effect("reads no further ahead than its window has bytes for", () =>
    Effect.gen(function* () {
      const [gate, reads] = [yield* Deferred.make<void>(), { count: 0 }]
      const reader = ShardReader.make<string>({
        ...{ name: "test", log: logOf(50, reads), from: () => Effect.succeed(undefined), onTrimmed: () => Effect.void },
        work: (_held, _items, taken) => (taken(), Deferred.await(gate)),
        bytesOf: (value) => value.length,
      }, undefined)
      yield* Effect.forkChild(reader.run(held))
      yield* pass(10_000)
      assert.strictEqual(reads.count, 5)
      yield* Deferred.succeed(gate, undefined)
      yield* pass(10_000)
      assert.isAbove(reads.count, 50)
    }).pipe(Effect.provideService(Limits, lowered({ ...limits, shardWindowBytes: 450 }))))
})
