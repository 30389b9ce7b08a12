import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Context, Effect, Layer, Logger, References, Schema } from "effect"
import { EventStore, type Shape as Store, StoreUnavailable, tombstone } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import { append, epochMs, stored, withClock } from "../core/laws/fixtures.ts"
import { SnapshotStore } from "../core/SnapshotStore.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import type { StreamKey } from "../core/Stream.ts"
import { app, CounterAggregate } from "../tests/host/Counter.ts"
import * as Kind from "./Kind.ts"
import * as SnapshotCodec from "./SnapshotCodec.ts"
import { TimeTravel, versionAsOf, type When } from "./TimeTravel.ts"

const alice = { tenant: "t", subject: "alice", scopes: ["history"] }
const c: StreamKey = { tenant: "t", aggregate: "Counter", id: "c" }
const kind = Kind.make(CounterAggregate)

/** The n-th event adds n: the total at a version is told from that at every other. */
const added = (from: number, count: number) => {
  const one = append(c, from, `c-${from}`, count, { type: "Added" })
  return { ...one, events: one.events.map((event, i) => ({ ...event, payload: `{"n":${from + 1 + i}}` })) }
}
const totalAt = (version: number) => version * (version + 1) / 2

const setUp = Effect.gen(function* () {
  const store = yield* EventStoreMemory.make()
  const snapshots = yield* SnapshotStoreMemory.make()
  const calls: Array<string> = []
  const logs: Array<string> = []
  const hooked: Store = {
    ...store,
    commit: () => Effect.die("time travel wrote"),
    head: (stream) => (calls.push("head"), store.head(stream)),
    read: (stream, after, limit) => (calls.push(`read ${after} ${limit}`), store.read(stream, after, limit)),
    readEach: (requests, limit) => (calls.push(`readEach ${requests[0]!.after}`), store.readEach(requests, limit)),
  }
  const logger = Logger.make<unknown, void>(({ fiber, message }) => {
    logs.push(JSON.stringify([message, fiber.getRef(References.CurrentLogAnnotations)]))
  })
  const stores = Layer.merge(Layer.succeed(EventStore, hooked), Layer.succeed(SnapshotStore, snapshots))
  const past = Context.get(yield* Layer.build(Layer.provide(TimeTravel.layer(app), stores)), TimeTravel)
  const at = (when: When, id = "c") =>
    past.state(alice, "Counter", id, when).pipe(Effect.provide(Logger.layer([logger])))
  const fill = Effect.fnUntraced(function* (count: number) {
    for (let from = 0; from < count; from += 50) yield* stored(store, added(from, Math.min(50, count - from)))
  })
  const snapshot = Effect.fnUntraced(function* (version: number, total = totalAt(version)) {
    const [{ eventId, recordedAt } = { eventId: "", recordedAt: 0 }] = yield* store.read(c, version - 1, 1)
    const of = { stream: c, version, eventId, recordedAt }
    yield* snapshots.save(yield* Effect.fromResult(SnapshotCodec.encode(kind, of, { total })))
  })
  return { at, calls, fill, logs, past, snapshot, snapshots, store }
})

describe("state at a version", () => {
  it.effect("is the fold of the events up to it, at every version, with and without snapshots", () =>
    Effect.gen(function* () {
      const { at, fill, snapshot } = yield* setUp
      yield* fill(620)
      for (const kept of [[], [300, 600]]) {
        for (const version of kept) yield* snapshot(version)
        for (const version of [1, 2, 249, 250, 251, 299, 300, 301, 500, 599, 600, 601, 619, 620]) {
          const found = (yield* at({ version }))!
          assert.deepInclude(found, { id: "c", version, state: { total: totalAt(version) }, settled: true })
        }
      }
    }))

  it.effect("begins at the nearest snapshot that is not newer", () =>
    Effect.gen(function* () {
      const { at, calls, fill, snapshot } = yield* setUp
      yield* fill(620)
      yield* snapshot(300)
      yield* snapshot(600)
      for (const [version, after] of [[299, 0], [300, 299], [599, 299], [600, 599], [620, 599]] as const) {
        calls.length = 0
        yield* at({ version })
        assert.deepEqual(calls.slice(0, 2), ["head", `readEach ${after}`])
        assert.isAtMost(calls.length, 4)
      }
    }))

  it.effect("ignores a snapshot of other code, of another history, of a later stream, or damaged, and reports it", () =>
    Effect.gen(function* () {
      const { at, fill, logs, snapshot, snapshots } = yield* setUp
      yield* fill(40)
      yield* snapshot(30, 1)
      const [kept] = yield* snapshots.loadEach([c])
      yield* snapshots.save({ ...kept![0]!, state: `{"total":999}` })
      assert.deepEqual((yield* at({ version: 35 }))!.state, { total: totalAt(35) })
      const eventId = "of another history"
      const encoded = SnapshotCodec.encode(kind, { stream: c, version: 30, eventId, recordedAt: 0 }, { total: 1 })
      yield* snapshots.save(yield* Effect.fromResult(encoded))
      assert.deepEqual((yield* at({ version: 35 }))!.state, { total: totalAt(35) })
      assert.deepEqual(
        logs.map((line) => /"fault":"(\w+)"/.exec(line)?.[1]),
        ["corrupt", "foreign"],
      )
    }))

  it.effect("is refused beyond the head, with the version that the instance has", () =>
    Effect.gen(function* () {
      const { at, fill } = yield* setUp
      yield* fill(3)
      const error = yield* Effect.flip(at({ version: 4 }))
      assert.deepInclude(error, { _tag: "VersionNotFound", headVersion: 3 })
      assert.strictEqual(yield* at({ version: 1 }, "absent"), undefined)
    }))

  it.effect("gives the loop back between pages", () =>
    Effect.gen(function* () {
      const { at, fill } = yield* setUp
      yield* fill(3_000)
      let turns = 0
      const count = () => void (turns++, handle = setImmediate(count))
      let handle = setImmediate(count)
      yield* at({ version: 2_999 })
      clearImmediate(handle)
      // Twelve pages, the first one without a pause before it.
      assert.isAtLeast(turns, 11)
    }))

  it.effect("shows the last state of an instance that has ended", () =>
    Effect.gen(function* () {
      const { at, fill, store } = yield* setUp
      yield* fill(3)
      yield* stored(store, append(c, 3, "end", 1, { type: tombstone.type }))
      for (const version of [3, 4]) assert.deepInclude(yield* at({ version }), { version, state: { total: 6 } })
      assert.deepInclude(yield* at({ asOf: Number.MAX_SAFE_INTEGER }), { version: 4, state: { total: 6 } })
    }))

  it.effect("needs no event behind it, and says so where newer code wrote one before it", () =>
    Effect.gen(function* () {
      const { at, fill, store } = yield* setUp
      yield* fill(3)
      yield* stored(store, append(c, 3, "new", 1, { type: "AddedTwice" }))
      assert.deepInclude(yield* at({ version: 3 }), { state: { total: 6 } })
      const error = yield* Effect.flip(at({ version: 4 }))
      assert.deepInclude(error, { _tag: "NewerEvent", eventType: "AddedTwice", schemaVersion: 1 })
    }))

  it.effect("fails as a defect where evolve does, logged without a value, and only from there on", () =>
    Effect.gen(function* () {
      const { at, fill, logs, store } = yield* setUp
      yield* fill(3)
      const broken = append(c, 3, "broken", 1, { type: "Broken" })
      yield* stored(store, { ...broken, events: [{ ...broken.events[0]!, payload: `{"percent":7}` }] })
      assert.deepInclude(yield* at({ version: 3 }), { state: { total: 6 } })
      for (let i = 0; i < 20; i++) {
        assert.strictEqual((yield* Effect.flip(at({ version: 4 })))._tag, "ActorDefect")
      }
      assert.match(logs[0]!, /past state failed.*"defect":"RangeError"/)
      assert.notMatch(logs.join(), /secret/)
    }))

  it.effect("is refused without the scope, and for an id that is none", () =>
    Effect.gen(function* () {
      const { calls, past } = yield* setUp
      const ask = (scopes: ReadonlyArray<string>, id: string, aggregate = "Counter") =>
        Effect.flip(past.state({ ...alice, scopes }, aggregate, id, { version: 1 }))
      assert.deepInclude(yield* ask(["read", "commands:*"], "c"), { _tag: "Forbidden", scope: "history" })
      assert.deepInclude(yield* ask(["history"], "../c"), { _tag: "InvalidId", part: "id" })
      assert.strictEqual((yield* ask(["history"], "c", "toString"))._tag, "UnknownCommand")
      assert.deepEqual(calls, [])
    }))

  it.effect("says that the store cannot be asked", () =>
    Effect.gen(function* () {
      const refuses = { ...yield* EventStoreMemory.make(), head: () => new StoreUnavailable({ reason: "locked" }) }
      const stores = Layer.merge(Layer.succeed(EventStore, refuses), SnapshotStoreMemory.layer)
      const past = Context.get(yield* Layer.build(Layer.provide(TimeTravel.layer(app), stores)), TimeTravel)
      const error = yield* Effect.flip(past.state(alice, "Counter", "c", { version: 1 }))
      assert.deepInclude(error, { _tag: "Unavailable", reason: "locked" })
    }))
})

describe("state as of a time", () => {
  it.effect("holds all events of that millisecond and none of the next", () =>
    Effect.gen(function* () {
      const { at, store } = yield* setUp
      const hands = { ms: epochMs }
      // Times 0 0 0 10 10 10 10 20 after the epoch; the clock was set back before the sixth and seventh.
      for (const [version, ms] of [0, 0, 0, 10, 10, -90_000, 3, 20].entries()) {
        hands.ms = epochMs + ms
        yield* withClock(hands)(stored(store, added(version, 1)))
      }
      const versionAt = (ms: number) => Effect.map(at({ asOf: epochMs + ms }), (found) => found!.version)
      for (const [ms, version] of [[0, 3], [1, 3], [9, 3], [10, 7], [19, 7], [20, 8], [1e9, 8]] as const) {
        assert.strictEqual(yield* versionAt(ms), version, `at ${ms}`)
      }
      assert.deepInclude(yield* at({ asOf: epochMs + 10 }), {
        recordedAt: epochMs + 10,
        state: { total: totalAt(7) },
        settled: true,
      })
      assert.isFalse((yield* at({ asOf: epochMs + 20 }))!.settled, "an event of this millisecond may still come")
      const error = yield* Effect.flip(at({ asOf: epochMs - 1 }))
      assert.deepInclude(error, { _tag: "BeforeFirstEvent", firstRecordedAt: epochMs })
      assert.strictEqual(yield* at({ asOf: epochMs }, "absent"), undefined)
    }))

  it.effect("is found in few reads", () =>
    Effect.gen(function* () {
      const { calls, store } = yield* setUp
      const hands = { ms: epochMs }
      for (let from = 0; from < 10_000; from += 50, hands.ms += 7) {
        yield* withClock(hands)(stored(store, added(from, 50)))
      }
      const head = yield* store.head(c)
      const counted = {
        ...store,
        read: (...args: Parameters<Store["read"]>) => (calls.push("read"), store.read(...args)),
      }
      for (const ms of [0, 3, 7, 700, 1_000, 1_392, 1_393]) {
        calls.length = 0
        const version = yield* versionAsOf(counted, c, head, epochMs + ms)
        assert.strictEqual(version, 50 * (1 + Math.floor(Math.min(ms, 1_393) / 7)))
        assert.isAtMost(calls.length, 14)
      }
    }))

  it.effect("is the fold of the events recorded until then, whatever the clock did", () =>
    Effect.gen(function* () {
      const Steps = Schema.NonEmptyArray(Schema.Literals([0, 0, 1, 2, 50, -1, -70]))
      const result = yield* Arbitrary.checkEffect(
        Arbitrary.schema(Steps),
        (steps) =>
          Effect.gen(function* () {
            const { at, store } = yield* setUp
            const hands = { ms: epochMs }
            for (const [version, step] of steps.entries()) {
              hands.ms += step
              yield* withClock(hands)(stored(store, added(version, 1)))
            }
            const events = yield* store.read(c, 0, steps.length)
            for (let ms = events[0]!.recordedAt - 1; ms <= events.at(-1)!.recordedAt + 1; ms++) {
              const version = events.filter(({ recordedAt }) => recordedAt <= ms).length
              const found = yield* Effect.option(at({ asOf: ms }))
              const shown = found._tag === "Some" ? found.value!.version : 0
              if (shown !== version) return false
            }
            return true
          }),
        { runs: 40, seed: 3, size: 12 },
      )
      assert.isUndefined(Arbitrary.formatCheckFailure(result))
    }))
})
