import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Laws from "../../../core/CoreBus.laws.ts"
import { CoreBus } from "../../../core/CoreBus.ts"
import { type Append, EventStore } from "../../../core/EventStore.ts"
import { chained, eventAt, publish, recordsOf } from "../../../core/laws/buses.ts"
import { driven } from "../../../core/laws/driven.ts"
import { append, event, readAll, stored as storedOne, streamOf } from "../../../core/laws/fixtures.ts"
import * as Limits from "../../../core/Limits.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

/** The events of a stream as the store holds them, committed fifty at a time. */
const stored = Effect.fnUntraced(function* (stream: StreamKey, payloads: ReadonlyArray<string>) {
  const store = yield* EventStore
  for (let from = 0; from < payloads.length; from += 50) {
    const events = payloads.slice(from, from + 50).map((payload, i) => event(`${stream.id}.${from + i}`, { payload }))
    const one: Append = { ...append(stream, from, `command-${from}`), events }
    yield* storedOne(store, one)
  }
  return yield* readAll(store, stream)
})
const retention = 10_000
const settings: Laws.Settings<EventStore> = { stored, forget: Effect.sleep(retention * 2) }
const limited = Effect.provideService(Limits.Limits, Limits.lowered({ busRetentionMs: retention }))
const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite core bus", () => {
  for (const { name, law } of Laws.laws(settings)) it.effect(name, () => limited(driven(Effect.provide(law, fresh))))

  /** Two openings of one file: one publishes and stores, the other one reads. */
  const apart = Layer.effectContext(Effect.gen(function* () {
    const folder = yield* freshFolder
    const open = Layer.build(Layer.fresh(Sqlite.layer({ folder })))
    const [one, other] = [yield* open, yield* open]
    const [left, right] = [Context.get(one, CoreBus), Context.get(other, CoreBus)]
    return Context.add(one, CoreBus, { ...right, publish: left.publish })
  }))
  for (const { name, law } of Laws.laws(settings)) {
    it.effect(`two connections: ${name}`, () => limited(driven(Effect.provide(law, apart))))
  }
  for (const [i, { name }] of Laws.reopened(fresh, { stored }).entries()) {
    it.effect(
      name,
      () =>
        Effect.flatMap(freshFolder, (folder) => driven(Laws.reopened(Sqlite.layer({ folder }), { stored })[i]!.law)),
    )
  }

  const opened = Effect.gen(function* () {
    const folder = yield* freshFolder
    const context = yield* Layer.build(Sqlite.layer({ folder }))
    return { bus: Context.get(context, CoreBus), store: Context.get(context, EventStore) }
  })
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => `{"n":${i + 1}}`)

  it.effect("does not carry what the store does not hold", () =>
    Effect.gen(function* () {
      const { bus, store } = yield* opened
      const stream = streamOf("t", "a")
      yield* storedOne(store, append(stream, 0, "c", 2))
      const records = [
        ...recordsOf(chained([1, 2, 3].map((version) => eventAt(stream, version))), 3),
        ...recordsOf(chained([eventAt(streamOf("t", "b"), 1)]), 1),
      ]
      assert.deepEqual(yield* bus.publish(records), [
        { _tag: "NotSent", reason: "not-stored" },
        { _tag: "NotSent", reason: "not-stored" },
      ])
      assert.deepEqual((yield* bus.read("embedded", undefined, 9)).items, [])
    }))

  it.effect("forgets a few old records with each new one, and never the newest", () =>
    limited(driven(Effect.gen(function* () {
      const { bus, store } = yield* opened
      const events = yield* Effect.provideService(stored(streamOf("t", "a"), numbered(20)), EventStore, store)
      const records = recordsOf(chained(events), 1)
      for (const record of records.slice(0, 12)) yield* publish(bus, [record])
      yield* Effect.sleep(retention + 1_000)
      const versions = Effect.map(
        bus.read("embedded", undefined, 99),
        ({ items }) => items.map(({ value }) => value.events[0]!.version),
      )
      assert.strictEqual((yield* versions).length, 12)
      yield* publish(bus, [records[12]!])
      assert.deepEqual(yield* versions, [5, 6, 7, 8, 9, 10, 11, 12, 13])
      for (const record of records.slice(13, 16)) yield* publish(bus, [record])
      assert.deepEqual(yield* versions, [13, 14, 15, 16])
      yield* Effect.sleep(retention + 1_000)
      assert.strictEqual(
        (yield* bus.publish(recordsOf(chained([eventAt(streamOf("t", "b"), 1)]), 1)))[0]!._tag,
        "NotSent",
      )
      assert.deepEqual(yield* versions, [13, 14, 15, 16])
      yield* publish(bus, [records[16]!])
      assert.deepEqual(yield* versions, [17])
      // Numbers go on where they were.
      assert.strictEqual((yield* bus.read("embedded", undefined, 99)).next, "#17")
    }))))

  it.effect("takes no position of a longer bus, and none that it does not know", () =>
    Effect.gen(function* () {
      const { bus, store } = yield* opened
      const [record] = recordsOf(
        chained(yield* Effect.provideService(stored(streamOf("t", "a"), numbered(1)), EventStore, store)),
        1,
      )
      yield* publish(bus, [record!])
      for (const position of ["#2", "#x", "1", ""]) {
        assert.strictEqual((yield* Effect.flip(bus.read("embedded", position, 9)))._tag, "Trimmed", position)
      }
      assert.deepEqual((yield* bus.read("embedded", "#1", 9)).items, [])
    }))

  it.effect("reads no more at once than a turn may take", () =>
    Effect.gen(function* () {
      const { bus, store } = yield* opened
      const large = Array.from({ length: 12 }, () => `"${"x".repeat(300_000)}"`)
      const events = yield* Effect.provideService(stored(streamOf("t", "a"), large.slice(0, 6)), EventStore, store)
      const others = yield* Effect.provideService(stored(streamOf("t", "b"), large.slice(6)), EventStore, store)
      for (const record of recordsOf(chained([...events]), 1)) yield* publish(bus, [record])
      for (const record of recordsOf(chained([...others]), 1)) yield* publish(bus, [record])
      const first = yield* bus.read("embedded", undefined, 99)
      assert.isBelow(first.items.length, 12)
      assert.strictEqual((yield* bus.read("embedded", first.next, 99)).items.length, 12 - first.items.length)
    }))

  it.effect("says what is wrong with the file", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const context = yield* Effect.scoped(Layer.build(Sqlite.layer({ folder })))
      const bus = Context.get(context, CoreBus)
      const record = recordsOf(chained([eventAt(streamOf("t", "a"), 1)]), 1)
      assert.deepEqual(yield* bus.publish(record), [{ _tag: "NotSent", reason: "closed" }])
      assert.strictEqual((yield* Effect.flip(bus.read("embedded", undefined, 9)))._tag, "LogUnavailable")
    }))
})
