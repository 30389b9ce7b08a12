/**
 * When a snapshot is due: after so much time or so many bytes; that of so many events is in `snapshots.ts`.
 * @module
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as SnapshotRule from "../../core/Snapshot.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"
import { close, tag } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const stream = { tenant: "t1", aggregate: "Counter", id: "c" }
const add = (host: Rig.Running, times: number) =>
  Effect.forEach(Array.from({ length: times }), () => host.tell("c", "Add", { n: 1 }))
const total = (host: Rig.Running) =>
  Effect.map(host.state(Counters.alice, "Counter", "c"), (answer) => (answer?.state as { total: number }).total)

check(
  "bytes: a snapshot is made once the payloads since the last one come to so many, over loads too",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      // Three events of seven bytes are not enough.
      const app = Counters.appWith({ everyBytes: 22 })
      const host = yield* rig.host({}, app)
      yield* add(host, 3)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [])
      yield* add(host, 1)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [4])
      yield* TestClock.adjust("1 second")
      yield* add(host, 3)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [4])
      const other = yield* rig.host({}, app)
      yield* add(other, 1)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [8, 4])
    }),
)

const minutely = Counters.appWith(SnapshotRule.policy({ elapsed: "1 minute" }))
const versions = (rig: Rig.Rig) =>
  Effect.map(rig.snapshotStore.loadEach([stream]), ([kept]) => kept!.map((one) => one.version))

check(
  "elapsed: the first append after so long makes a snapshot, one before it does not",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({}, minutely)
      yield* add(host, 20)
      yield* TestClock.adjust("59 seconds")
      yield* add(host, 1)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [])
      yield* TestClock.adjust("1 second")
      yield* add(host, 1)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [22])
      // From then on it is counted from that snapshot, in another process too.
      yield* TestClock.adjust("59 seconds")
      const other = yield* rig.host({}, minutely)
      yield* add(other, 1)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [22])
      yield* TestClock.adjust("1 second")
      yield* add(other, 1)
      yield* Rig.settle
      assert.deepEqual(yield* versions(rig), [24, 22])
    }),
)

check(
  "elapsed: an actor that leaves memory is looked at, by no timer and only if events were appended",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const limits = { idleMaxMs: 10_000 }
      const host = yield* rig.host(limits, Counters.appWith({ elapsed: "5 seconds" }))
      yield* add(host, 3)
      yield* TestClock.adjust("9 seconds")
      yield* Rig.settle
      assert.deepEqual([host.stats().live, yield* versions(rig)], [1, []])
      yield* TestClock.adjust("2 seconds")
      yield* Rig.settle
      assert.deepEqual([host.stats().live, yield* versions(rig)], [0, [3]])
      // Read again, it has nothing new when it leaves again.
      assert.strictEqual(yield* total(host), 3)
      yield* TestClock.adjust("11 seconds")
      yield* Rig.settle
      assert.deepEqual([host.stats().live, host.count(Metrics.SnapshotsCreated)], [0, 1])
    }),
)

check("elapsed: an actor that has to make room is looked at", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ actors: 1 }, Counters.appWith({ elapsed: "5 seconds" }))
    yield* add(host, 3)
    yield* TestClock.adjust("6 seconds")
    yield* host.tell("d", "Add", { n: 1 })
    yield* Rig.settle
    assert.deepEqual(yield* versions(rig), [3])
  }))

check("elapsed: a closed stream stays closed after its actor left memory", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ idleMaxMs: 10_000 }, Counters.appWith({ elapsed: "5 seconds" }))
    yield* add(host, 2)
    yield* close(rig, "c")
    for (let i = 0; i < 2; i++) {
      assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }))), "StreamClosed")
      assert.strictEqual(yield* total(host), 2)
      yield* TestClock.adjust("12 seconds")
      yield* Rig.settle
      assert.strictEqual(host.stats().live, 0)
    }
    assert.deepEqual(yield* versions(rig), [])
  }))
