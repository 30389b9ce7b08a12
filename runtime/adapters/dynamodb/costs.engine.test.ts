/**
 * What docs/aws.md says that each request costs: calls as the client makes them, capacity as the engine counts it.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { append, epochMs, fence, refused, stored, streamOf, withClock } from "../../../core/laws/fixtures.ts"
import { SnapshotStore } from "../../../core/SnapshotStore.ts"
import { engine } from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { counter } from "./testCounter.ts"
import { freshPrefix, patient, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")

const openedAt = Effect.fnUntraced(function* (prefix: string) {
  const { costOf, watch } = counter()
  const layer = DynamoDB.layer(settingsOf(dynamodb().url, { watch, prefix }))
  const context = yield* Layer.build(Layer.fresh(Layer.provide(layer, patient)))
  return { store: Context.get(context, EventStore), snapshots: Context.get(context, SnapshotStore), costOf }
})
const opened = Effect.suspend(() => openedAt(freshPrefix()))

const server = { given: false }

describe("what DynamoDB is asked", () => {
  it.live(
    "one PutItem for a generated id, one transaction of two items for a given one, and no read",
    () =>
      Effect.gen(function* () {
        const { costOf, store } = yield* opened
        const [a, b] = [streamOf("t", "a"), streamOf("t", "b")]
        // The table and an index; of a first event, both indexes.
        const first = yield* costOf(stored(store, append(a, 0, "c-0", 1, server)))
        assert.deepStrictEqual(first, { calls: ["PutItem"], units: 3 })
        const put = yield* costOf(stored(store, append(a, 1, "c-1", 1, server)))
        assert.deepStrictEqual(put, { calls: ["PutItem"], units: 2 })
        const given = yield* costOf(stored(store, append(b, 0, "c-0")))
        assert.deepStrictEqual(given.calls, ["TransactWriteItems 2"])
        assert.isAtLeast(given.units, 2 * first.units)
        const many = yield* costOf(stored(store, append(b, 1, "c-1", 3)))
        assert.deepStrictEqual(many.calls, ["TransactWriteItems 4"])
      }).pipe(Effect.scoped),
    60_000,
  )

  it.live(
    "one transaction for a rejection or a repeat, one read for the fence of a read",
    () =>
      Effect.gen(function* () {
        const { costOf, store } = yield* opened
        const stream = streamOf("t", "a")
        yield* stored(store, append(stream, 0, "c-0", 4))
        assert.deepStrictEqual((yield* costOf(stored(store, refused(stream, 4, "no")))).calls, ["TransactWriteItems 2"])
        assert.deepStrictEqual((yield* costOf(store.commit([append(stream, 4, "c-0")]))).calls, [
          "TransactWriteItems 2",
        ])
        assert.deepStrictEqual(yield* costOf(stored(store, fence(stream, 4))), { calls: ["GetItem"], units: 1 })
      }).pipe(Effect.scoped),
    60_000,
  )

  it.live("a transaction for each hundred items of a stream's batch", () =>
    Effect.gen(function* () {
      const { costOf, store } = yield* opened
      const group = (id: string, count: number, given: boolean) =>
        Array.from({ length: count }, (_, i) => append(streamOf("t", id), i, `c-${i}`, 1, { given }))
      const generated = yield* costOf(store.commit(group("a", 250, false)))
      assert.deepStrictEqual(generated.calls, [100, 100, 50].map((items) => `TransactWriteItems ${items}`))
      const given = yield* costOf(store.commit(group("b", 120, true)))
      assert.deepStrictEqual(given.calls, [100, 100, 40].map((items) => `TransactWriteItems ${items}`))
      const apart = Array.from({ length: 10 }, (_, i) => append(streamOf("t", `s-${i}`), 0, "c", 1, server))
      assert.deepStrictEqual((yield* costOf(store.commit(apart))).calls, Array(10).fill("PutItem"))
    }).pipe(Effect.scoped), 60_000)

  it.live(
    "a read of the version that is expected, where this process has not seen it, and two for a conflict",
    () =>
      Effect.gen(function* () {
        const { costOf, store } = yield* opened
        const stream = streamOf("t", "a")
        yield* stored(store, append(stream, 0, "c-0", 2))
        const gap = yield* costOf(store.commit([append(stream, 7, "gap", 1, server)]))
        assert.deepStrictEqual(gap.calls.toSorted(), ["BatchGetItem", "GetItem", "Query"])
        assert.deepStrictEqual((yield* costOf(stored(store, append(stream, 2, "c-1", 1, server)))).calls, ["PutItem"])
        const late = yield* costOf(store.commit([append(stream, 2, "c-2", 1, server)]))
        assert.deepStrictEqual(late.calls.toSorted(), ["BatchGetItem", "PutItem", "Query"])
        const given = yield* costOf(store.commit([append(stream, 2, "c-3")]))
        assert.deepStrictEqual(given.calls, ["TransactWriteItems 2", "Query"])
      }).pipe(Effect.scoped),
    60_000,
  )

  it.live(
    "one BatchGetItem for each hundred streams that may be new, and none for those seen before",
    () =>
      Effect.gen(function* () {
        const prefix = freshPrefix()
        const [other, { costOf, store }] = [yield* openedAt(prefix), yield* openedAt(prefix)]
        const begun = (count: number) => store.begun!(Array.from({ length: count }, (_, i) => streamOf("t", `s-${i}`)))
        assert.deepStrictEqual((yield* costOf(begun(64))).calls, ["BatchGetItem"])
        assert.deepStrictEqual((yield* costOf(begun(101))).calls, ["BatchGetItem", "BatchGetItem"])
        yield* stored(store, append(streamOf("t", "s-0"), 0, "c", 1, server))
        assert.deepStrictEqual((yield* costOf(begun(1))).calls, [])
        // What somebody else has stored is seen at once.
        for (const id of ["s-3", "s-100"]) yield* stored(other.store, append(streamOf("t", id), 0, "c", 2, server))
        const found = (yield* begun(102)).flatMap((begun, i) => begun ? [i] : [])
        assert.deepStrictEqual(found, [0, 3, 100])
      }).pipe(Effect.scoped),
    60_000,
  )

  it.live(
    "a query of snapshots and one of events for a cold load, eight queries for a page of a listing",
    () =>
      Effect.gen(function* () {
        const { costOf, snapshots, store } = yield* opened
        const stream = streamOf("t", "a")
        const hands = { ms: epochMs }
        yield* withClock(hands)(store.commit([append(stream, 0, "c-0", 50)]))
        const load = Effect.andThen(snapshots.loadEach([stream]), store.readEach([{ stream, after: 0 }], 250))
        assert.deepStrictEqual((yield* costOf(load)).calls, ["Query", "Query"])
        hands.ms += 60_000
        const page = withClock(hands)(store.byTime({ tenant: "t", from: epochMs, to: epochMs + 1_000, limit: 20 }))
        const { calls } = yield* costOf(page)
        assert.deepStrictEqual(calls.slice(0, 8), Array(8).fill("Query"))
        // All fifty are of one stream, hence of one shard: it alone is asked on.
        assert.isAtMost(calls.length, 8 + 4)
        const listed = yield* costOf(store.streams("t", "Order", undefined, 100))
        assert.deepStrictEqual(listed.calls, Array(8).fill("Query"))
      }).pipe(Effect.scoped),
    60_000,
  )
})
