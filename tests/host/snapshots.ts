/**
 * Snapshots: made behind the answers, believed only when proved, and none is ever needed.
 * @module
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { StoreUnavailable } from "../../core/EventStore.ts"
import type { Snapshot } from "../../core/SnapshotStore.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import { checksum } from "../../runtime/SnapshotCodec.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const stream = { tenant: "t1", aggregate: "Counter", id: "c" }
const kept = (rig: Rig.Rig) => Effect.map(rig.snapshotStore.loadEach([stream]), ([snapshots]) => snapshots!)
const add = (host: Rig.Running, times: number) =>
  Effect.forEach(Array.from({ length: times }), () => host.tell("c", "Add", { n: 1 }))
const total = (host: Rig.Running) =>
  Effect.map(host.state(Counters.alice, "Counter", "c"), (answer) => (answer?.state as { total: number }).total)

check("a snapshot is made behind the answer once so many events were appended", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    yield* add(host, 9)
    yield* Rig.settle
    assert.strictEqual((yield* kept(rig)).length, 0)
    yield* add(host, 1)
    yield* Rig.settle
    assert.deepEqual((yield* kept(rig)).map((s) => [s.version, s.state]), [[10, `{"total":10}`]])
    assert.strictEqual(host.count(Metrics.SnapshotsCreated), 1)
    assert.strictEqual(host.count(Metrics.SnapshotEvaluation), 10)
    // The writer rests between rounds; of an actor that is due twice meanwhile the newest state is written.
    yield* add(host, 25)
    yield* Rig.settle
    assert.deepEqual((yield* kept(rig)).map((s) => s.version), [10])
    yield* TestClock.adjust("1 second")
    yield* Rig.settle
    assert.deepEqual((yield* kept(rig)).map((s) => s.version), [30, 10])
    assert.strictEqual(host.count(Metrics.SnapshotsCreated), 2)
  }))

check("a load reads the tail behind the newest snapshot alone", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    yield* add(yield* rig.host(), 12)
    yield* Rig.settle
    const asked: Array<number> = []
    rig.hooks.read = (store) => ({
      readEach: (requests, limit) => {
        asked.push(...requests.map((request) => request.after))
        return store.readEach(requests, limit)
      },
    })
    const host = yield* rig.host()
    assert.strictEqual(yield* total(host), 12)
    // The snapshot's own event is read again to see that it belongs to this history.
    assert.deepEqual(asked, [9])
  }))

check(
  "where the store tells who has begun, only those are read, and the answers stand in their order",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      yield* add(yield* rig.host(), 3)
      const asked: Array<string> = []
      rig.hooks.read = (store) => ({
        begun: (streams) => Effect.sync(() => streams.map(({ id }) => id === "c")),
        readEach: (requests, limit) => {
          asked.push(...requests.map(({ stream: { id } }) => id))
          return store.readEach(requests, limit)
        },
      })
      const host = yield* rig.host()
      const told = yield* Effect.forEach(
        ["a", "c", "b"],
        (id) => host.tell(id, "Add", { n: 1 }),
        { concurrency: "unbounded" },
      )
      assert.deepEqual(told.map(({ version }) => version), [1, 4, 1])
      assert.deepEqual(asked, ["c"])
      assert.strictEqual(yield* total(host), 4)
    }),
)

const signed = (snapshot: Snapshot): Snapshot => ({ ...snapshot, checksum: checksum(snapshot) })
const damages: ReadonlyArray<[string, (snapshot: Snapshot) => Snapshot]> = [
  ["corrupt", (s) => ({ ...s, state: `{"total":999}` })],
  ["foreign", (s) => ({ ...s, key: "7-other" })],
  ["foreign", (s) => ({ ...s, stream: { ...stream, id: "d" } })],
  ["foreign", (s) => signed({ ...s, eventId: "another" })],
  ["newer", (s) => signed({ ...s, version: 1_000 })],
]
for (const [fault, damage] of damages) {
  check(`a ${fault} snapshot is ignored, reported and followed by a good one`, () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      yield* add(yield* rig.host(), 10)
      yield* Rig.settle
      for (const [key, list] of rig.snapshots) rig.snapshots.set(key, list.map(damage))
      const host = yield* rig.host()
      assert.strictEqual(yield* total(host), 10)
      assert.strictEqual(host.count(Metrics.SnapshotFailures), 1)
      assert.include(rig.logs.join("\n"), fault)
      yield* add(host, 1)
      yield* Rig.settle
      const good = (yield* kept(rig)).find((s) => s.version === 11)
      assert.strictEqual(good?.state, `{"total":11}`)
    }))
}

check(
  "a snapshot newer than its stream, or of another history, is told by its event and ignored",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      yield* add(yield* rig.host(), 10)
      yield* Rig.settle
      const other = yield* Rig.make
      const host = yield* other.host()
      yield* add(host, 4)
      yield* Rig.settle
      for (const [key, list] of rig.snapshots) other.snapshots.set(key, list)
      const newer = yield* other.host()
      assert.strictEqual(yield* total(newer), 4)
      assert.include(other.logs.join("\n"), "newer")
      yield* add(host, 6)
      yield* Rig.settle
      for (const [key, list] of rig.snapshots) other.snapshots.set(key, list)
      const foreign = yield* other.host()
      assert.strictEqual(yield* total(foreign), 10)
      assert.include(other.logs.join("\n"), "foreign")
    }),
)

check(
  "snapshots of a history that was set back are reported once, an older good one serves, and the next stays",
  () =>
    Effect.gen(function* () {
      const other = yield* Rig.make
      const ahead = yield* other.host()
      for (let i = 0; i < 3; i++) {
        yield* add(ahead, 10)
        yield* TestClock.adjust("1 second")
        yield* Rig.settle
      }
      const newer = yield* kept(other)
      assert.deepEqual(newer.map((s) => s.version), [30, 20])
      const rig = yield* Rig.make
      yield* add(yield* rig.host(), 12)
      yield* Rig.settle
      const [good] = yield* kept(rig)
      rig.snapshots.set([...rig.snapshots.keys()][0]!, [...newer, good!])
      const asked: Array<number> = []
      rig.hooks.read = (store) => ({
        read: (stream, after, limit) => {
          asked.push(after)
          return store.read(stream, after, limit)
        },
      })
      const host = yield* rig.host()
      assert.strictEqual(yield* total(host), 12)
      assert.deepEqual(asked, [19, 9])
      assert.strictEqual(host.count(Metrics.SnapshotFailures), 2)
      assert.deepEqual((yield* kept(rig)).map((s) => s.version), [10])
      yield* add(host, 8)
      yield* Rig.settle
      assert.deepEqual((yield* kept(rig)).map((s) => s.version), [20, 10])
      const next = yield* rig.host()
      assert.strictEqual(yield* total(next), 20)
      assert.strictEqual(next.count(Metrics.SnapshotFailures), 0)
    }),
)

check(
  "a snapshot store that cannot forget costs no answer",
  () =>
    Effect.gen(function* () {
      for (
        const failing of [Effect.fail(new StoreUnavailable({ reason: "full" })), Effect.die(new TypeError("secret"))]
      ) {
        const rig = yield* Rig.make
        yield* add(yield* rig.host(), 10)
        yield* Rig.settle
        for (const [key, list] of rig.snapshots) rig.snapshots.set(key, list.map((s) => ({ ...s, state: "{}" })))
        ;(rig.snapshotStore as { forget: unknown }).forget = () => failing
        const host = yield* rig.host()
        assert.strictEqual(yield* total(host), 10)
        assert.strictEqual(host.count(Metrics.SnapshotFailures), 1)
        assert.notInclude(rig.logs.join("\n"), "secret")
      }
    }),
)

check(
  "a snapshot store that fails costs no answer, is counted, and the next append looks again",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      let failing = true
      const { save } = rig.snapshotStore
      const store = rig.snapshotStore as { save: typeof save }
      store.save = (snapshot) => failing ? Effect.fail(new StoreUnavailable({ reason: "full" })) : save(snapshot)
      const host = yield* rig.host()
      yield* add(host, 10)
      yield* Rig.settle
      assert.strictEqual(host.count(Metrics.SnapshotFailures), 1)
      failing = false
      yield* TestClock.adjust("1 second")
      yield* add(host, 1)
      yield* Rig.settle
      assert.deepEqual((yield* kept(rig)).map((s) => s.version), [11])
    }),
)

check(
  "a snapshot store that breaks is logged and counted, and the next snapshots are stored",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      let broken = true
      const { save } = rig.snapshotStore
      const store = rig.snapshotStore as { save: typeof save }
      store.save = (snapshot) => broken ? Effect.die(new TypeError("secret")) : save(snapshot)
      const host = yield* rig.host()
      yield* add(host, 10)
      yield* Rig.settle
      assert.strictEqual(host.count(Metrics.SnapshotFailures), 1)
      assert.match(rig.logs.join("\n"), /a snapshot broke.*TypeError/s)
      assert.notInclude(rig.logs.join("\n"), "secret")
      broken = false
      yield* TestClock.adjust("1 second")
      yield* add(host, 1)
      yield* Rig.settle
      assert.deepEqual((yield* kept(rig)).map((s) => s.version), [11])
    }),
)
