import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer } from "effect"
import * as Laws from "./CoreBus.laws.ts"
import { CoreBus } from "./CoreBus.ts"
import * as CoreBusMemory from "./CoreBusMemory.ts"
import type { Fate } from "./Fate.ts"
import { chained, eventAt, publish, recordsOf } from "./laws/buses.ts"
import { driven } from "./laws/driven.ts"
import { streamOf } from "./laws/fixtures.ts"
import * as Limits from "./Limits.ts"

const suite = (name: string, shards: number, options: () => CoreBusMemory.Options = () => ({})) =>
  describe(name, () => {
    const settings = (state: CoreBusMemory.State): Laws.Settings => ({
      reshard: Effect.sync(() => {
        const [first] = CoreBusMemory.openShards(state)
        CoreBusMemory.split(state, first!)
        const [left, right] = CoreBusMemory.openShards(state).slice(-2)
        CoreBusMemory.split(state, left!)
        CoreBusMemory.merge(state, ...CoreBusMemory.openShards(state).slice(-2) as [string, string])
        assert.isTrue(CoreBusMemory.openShards(state).includes(right!))
      }),
      forget: Effect.sync(() => CoreBusMemory.trim(state, Infinity)),
    })
    for (const [i, { name }] of Laws.laws(settings(CoreBusMemory.emptyState())).entries()) {
      it.effect(name, () => {
        const state = CoreBusMemory.emptyState(shards)
        const { law } = Laws.laws(settings(state))[i]!
        return driven(Effect.provide(law, CoreBusMemory.layerOf(state, options())))
      })
    }
  })

/** A bus on which every kind of fate happens in turn. */
const unlucky = (): CoreBusMemory.Options => {
  const fates: ReadonlyArray<Fate> = ["lost", "done", "refused", "twice"]
  let asked = 0
  return { fate: () => fates[asked++ % fates.length]! }
}

suite("the memory core bus", 1)
suite("the memory core bus of four shards", 4)
suite("the memory core bus that refuses, doubles, and loses answers", 3, unlucky)

describe("the memory core bus", () => {
  const layer = CoreBusMemory.layerOf(CoreBusMemory.emptyState())
  for (const { name, law } of Laws.reopened(layer)) it.effect(name, () => driven(law))

  const records = recordsOf(chained([1, 2, 3].map((version) => eventAt(streamOf("t", "a"), version))), 1)

  it.effect("lets a zombie arrive behind what is newer", () =>
    Effect.gen(function* () {
      const state = CoreBusMemory.emptyState()
      const fates: Array<Fate> = ["late", "done", "done"]
      const bus = yield* CoreBusMemory.make(state, { fate: () => fates.shift()! })
      assert.deepEqual(yield* bus.publish(records.slice(0, 1)), [{ _tag: "NotSent", reason: "late" }])
      yield* publish(bus, records.slice(0, 1))
      yield* publish(bus, records.slice(1, 2))
      CoreBusMemory.land(state, 0)
      const { items } = yield* bus.read("shard-1", undefined, 10)
      assert.deepEqual(items.map(({ value }) => value), [records[0], records[1], records[0]])
    }))

  it.effect("forgets records and closed shards when their time has passed", () =>
    driven(Effect.gen(function* () {
      const state = CoreBusMemory.emptyState()
      const bus = yield* CoreBusMemory.make(state)
      yield* publish(bus, records.slice(0, 1))
      CoreBusMemory.split(state, "shard-1")
      yield* Effect.sleep("90 millis")
      assert.strictEqual((yield* bus.read("shard-1", undefined, 10)).items.length, 1)
      assert.isTrue((yield* bus.read("shard-1", undefined, 10)).isEnd)
      yield* Effect.sleep("20 millis")
      assert.deepEqual((yield* bus.shards).map(({ id }) => id), ["shard-2", "shard-3"])
      assert.strictEqual((yield* Effect.flip(bus.read("shard-1", undefined, 10)))._tag, "Trimmed")
    })).pipe(Effect.provideService(Limits.Limits, Limits.lowered({ busRetentionMs: 100 }))))

  it.effect("wait() lasts as long as it was told where nothing comes", () =>
    driven(Effect.gen(function* () {
      const bus = yield* CoreBus
      yield* bus.wait(250)
      assert.strictEqual(yield* Clock.currentTimeMillis, 250)
    })).pipe(Effect.provide(Layer.fresh(CoreBusMemory.layer))))

  it.effect("wait() leaves nothing behind, however it ends", () =>
    driven(Effect.gen(function* () {
      const state = CoreBusMemory.emptyState()
      const bus = yield* CoreBusMemory.make(state)
      const waiting = yield* Effect.forkChild(bus.wait(1_000))
      yield* Effect.sleep("10 millis")
      yield* publish(bus, records.slice(0, 1))
      yield* Fiber.join(waiting)
      yield* bus.wait(10)
      assert.strictEqual(state.waiting.size, 0)
    })))

  it.effect("says how far behind a batch is", () =>
    driven(Effect.gen(function* () {
      const bus = yield* CoreBus
      for (const record of records) {
        yield* publish(bus, [record])
        yield* Effect.sleep("100 millis")
      }
      const [shard] = yield* bus.shards
      const first = yield* bus.read(shard!.id, undefined, 1)
      assert.strictEqual(first.behindMs, 200)
      assert.strictEqual((yield* bus.read(shard!.id, first.next, 10)).behindMs, 0)
    })).pipe(Effect.provide(Layer.fresh(CoreBusMemory.layer))))
})
