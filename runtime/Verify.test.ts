import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import { append, streamOf } from "../core/laws/fixtures.ts"
import { SnapshotStore } from "../core/SnapshotStore.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import { EventStore } from "../core/EventStore.ts"
import { keyOf } from "../core/Stream.ts"
import { app, CounterAggregate } from "../tests/host/Counter.ts"
import * as Kind from "./Kind.ts"
import * as SnapshotCodec from "./SnapshotCodec.ts"
import * as Verify from "./Verify.ts"

const counter = (id: string) => streamOf("t", id, "Counter")
const added = (id: string, version: number, count = 1) => {
  const one = append(counter(id), version, `c-${version}`, count, { type: "Added" })
  return { ...one, events: one.events.map((event) => ({ ...event, payload: `{"n":1}` })) }
}
const setUp = () => {
  const state = EventStoreMemory.emptyState()
  const stores = Layer.merge(EventStoreMemory.layerOf(state), SnapshotStoreMemory.layer)
  return { state, stores }
}

describe("verify()", () => {
  it.effect("checks more streams than it remembers, each against its own past", () => {
    const { state, stores } = setUp()
    const ids = Array.from({ length: 12_000 }, (_, i) => `s-${i}`)
    return Effect.gen(function* () {
      const store = yield* EventStore
      for (const version of [0, 1]) {
        for (let i = 0; i < ids.length; i += 500) {
          yield* store.commit(ids.slice(i, i + 500).map((id) => added(id, version)))
        }
      }
      const heard: Array<number> = []
      const report = yield* Verify.verify(app, ({ events }) => Effect.sync(() => void heard.push(events)))
      assert.deepEqual(report.findings, [])
      assert.deepInclude(report, { events: 24_000, streams: 12_000, commands: 24_000 })
      assert.deepEqual(heard, Array.from({ length: 48 }, (_, i) => (i + 1) * 500))
      // The first event of one stream is lost: nothing of it is in memory when its second event comes.
      const lost = state.streams.get("t/Counter/s-0")!.events.shift()
      state.log.splice(state.log.indexOf(lost!), 1)
      const [first] = (yield* Verify.verify(app)).findings
      assert.deepEqual(first, { stream: "t/Counter/s-0", version: 2, problem: "version 1 is missing" })
    }).pipe(Effect.provide(stores))
  })

  it.effect("compares snapshots with the fold, and ignores those of other code", () => {
    const { stores } = setUp()
    const kind = Kind.make(CounterAggregate)
    return Effect.gen(function* () {
      const [store, snapshots] = [yield* EventStore, yield* SnapshotStore]
      for (let version = 0; version < 1_200; version += 50) yield* store.commit([added("a", version, 50)])
      const save = Effect.fnUntraced(function* (version: number, total: number, wrong: object = {}) {
        const [event] = yield* store.read(counter("a"), version - 1, 1)
        const { eventId, recordedAt } = event!
        const of = { stream: counter("a"), version, eventId, recordedAt, ...wrong }
        const snapshot = Result.getOrThrow(SnapshotCodec.encode(kind, of, { total }))
        yield* snapshots.save(snapshot)
        return snapshot
      })
      const foreign = yield* save(9, 9)
      yield* snapshots.save({ ...foreign, key: "0-other" })
      yield* save(600, 600)
      yield* save(1_100, 1_100)
      const whole = yield* Verify.verify(app)
      assert.deepInclude(whole, { findings: [], snapshots: 2, foreignSnapshots: 1 })
      yield* save(1_100, 1_101)
      yield* save(600, 599)
      const { findings } = yield* Verify.verify(app)
      const problem = "the snapshot differs from the fold of the events"
      assert.deepEqual(findings, [600, 1_100].map((version) => ({ stream: keyOf(counter("a")), version, problem })))
      yield* save(600, 600, { eventId: "x" })
      yield* save(1_100, 1_100, { version: 1_201 })
      const problems = (yield* Verify.verify(app)).findings.map(({ problem, version }) => `${version} ${problem}`)
      assert.deepEqual(problems, [
        "1100 the snapshot differs from the fold of the events",
        "1201 the snapshot is newer than the stream",
      ])
      yield* save(1_100, 1_100, { eventId: "x" })
      assert.include((yield* Verify.verify(app)).findings[0]!.problem, "of another history")
    }).pipe(Effect.provide(stores))
  })

  it.effect("names an event whose receipt tells another story", () => {
    const { state, stores } = setUp()
    return Effect.gen(function* () {
      const store = yield* EventStore
      yield* store.commit([added("a", 0, 3)])
      const { accepted } = state.streams.get("t/Counter/a")!
      const receipt = accepted.get("c-0")!
      const [first, second, third] = receipt.events
      const lies = [
        { ...receipt, fingerprint: "x" },
        { ...receipt, version: 4 },
        { ...receipt, events: [first!, { ...second!, eventId: "x" }, third!] },
        { ...receipt, events: [first!, { ...second!, type: "x" }, third!] },
        { ...receipt, events: [first!, third!, second!] },
      ]
      for (const lie of lies) {
        accepted.set("c-0", lie)
        const problems = (yield* Verify.verify(app)).findings.map(({ problem }) => problem)
        assert.include(problems, "the receipt of c-0 tells another story")
      }
      accepted.delete("c-0")
      assert.include((yield* Verify.verify(app)).findings[0]!.problem, "no receipt of c-0 names this event")
    }).pipe(Effect.provide(stores))
  })

  it.effect("names an aggregate that the application does not have", () => {
    const { stores } = setUp()
    return Effect.gen(function* () {
      yield* (yield* EventStore).commit([append(streamOf("t", "a", "Other"), 0, "c")])
      const { findings } = yield* Verify.verify(app)
      assert.deepEqual(findings, [{
        stream: "t/Other/a",
        version: 1,
        problem: "the application has no aggregate Other",
      }])
    }).pipe(Effect.provide(stores))
  })
})
