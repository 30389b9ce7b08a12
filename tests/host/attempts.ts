/**
 * What a command keeps, loses or is spared while it waits and is tried again.
 * @module
 */
import { assert } from "@effect/vitest"
import { DateTime, Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import type { CommandContext } from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import { accept } from "../../core/Decision.ts"
import { StoreUnavailable } from "../../core/EventStore.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"
import { awaitAll, fork, tag, totalOf, upTo } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

check(
  "load: an event that does not decode restarts the actor, after a pause and within its budget",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      yield* (yield* rig.host()).tell("c", "Add", { n: 1 })
      let isBroken = true
      rig.hooks.read = (store) => ({
        readEach: (requests, limit) =>
          Effect.map(
            store.readEach(requests, limit),
            (pages) => isBroken ? pages.map((page) => page.map((one) => ({ ...one, payload: `{"n":"x"}` }))) : pages,
          ),
      })
      const host = yield* rig.host({ restarts: 2, coolDownMs: 20_000 })
      const add = host.tell("c", "Add", { n: 1 })
      assert.strictEqual(tag(yield* Effect.result(add)), "ActorDefect")
      // The actor rests: who comes meanwhile waits, and is loaded for behind the pause.
      const waiting = yield* fork(add)
      yield* Rig.settle
      assert.isUndefined(waiting.pollUnsafe())
      assert.deepEqual((yield* awaitAll([waiting])).map(tag), ["ActorDefect"])
      const tags = [...yield* awaitAll([yield* fork(add)]), ...yield* awaitAll([yield* fork(add)])].map(tag)
      assert.deepEqual(tags, ["ActorDefect", "ActorUnavailable"])
      assert.deepEqual([Metrics.ActorDefects, Metrics.ActorRestarts].map(host.count), [3, 3])
      isBroken = false
      yield* TestClock.adjust("20 seconds")
      assert.deepEqual((yield* awaitAll([yield* fork(add)])).map(tag), ["ok"])
    }),
)

check(
  "now: the time of the first decision is that of all, over reloads and refusals of the store",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const seen: Array<number> = []
      const Add = (_: unknown, { n }: Counters.Add, { now }: CommandContext) => {
        seen.push(DateTime.toEpochMillis(now))
        return accept(new Counters.Added({ n }))
      }
      const { decide } = Counters.CounterAggregate
      const app = App.make("counters", { aggregates: [{ ...Counters.CounterAggregate, decide: { ...decide, Add } }] })
      yield* TestClock.adjust("7 seconds")
      const [host, rival] = [yield* rig.host({}, app), yield* rig.host()]
      let calls = 0
      rig.hooks.commit = (commit) => (group) =>
        Effect.suspend(() => {
          const attempt = group[0]!.command!.commandId === "k" ? ++calls : Infinity
          if (attempt > 2) return commit(group)
          // The first attempt meets a rival's event, the second a store that refuses.
          const answer = attempt === 1
            ? Effect.andThen(Effect.ignore(rival.tell("c", "Add", { n: 5 })), commit(group))
            : Effect.fail(new StoreUnavailable({ reason: "locked" }))
          return Effect.andThen(Effect.sleep("3 seconds"), answer)
        })
      const task = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "k", notAfter: 7_000 }))
      assert.deepEqual((yield* awaitAll([task])).map(tag), ["ok"])
      assert.deepEqual(seen, [7_000, 7_000, 7_000])
      assert.strictEqual(totalOf(rig, "c"), 6)
    }),
)

check(
  "deadline: what was answered while its attempt failed is not tried again, and holds up nobody",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ requestTimeoutMs: 5_000 })
      const gate = yield* Deferred.make<void>()
      let calls = 0
      rig.hooks.commit = (commit) => (group) =>
        ++calls === 1
          ? Effect.andThen(Deferred.await(gate), Effect.fail(new StoreUnavailable({ reason: "locked" })))
          : commit(group)
      const overdue = yield* fork(host.tell("c", "Add", { n: 1 }))
      yield* Rig.settle
      yield* TestClock.adjust("4 seconds")
      const inTime = yield* fork(host.tell("c", "Add", { n: 2 }))
      yield* TestClock.adjust("2 seconds")
      assert.deepEqual((yield* awaitAll([overdue])).map(tag), ["OutcomeUnknown"])
      yield* Deferred.succeed(gate, undefined)
      assert.deepEqual((yield* awaitAll([inTime])).map(tag), ["ok"])
      assert.deepEqual(rig.events.log.map(({ payload }) => JSON.parse(payload).n), [2])
    }),
)

check(
  "deadline: an actor whose callers all gave up before a tick came stands in line no more",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ requestTimeoutMs: 5_000, ticks: 1 })
      const gate = yield* Deferred.make<void>()
      const groups: Array<number> = []
      rig.hooks.commit = (commit) => (group) =>
        groups.push(group.length) === 1 ? Effect.andThen(Deferred.await(gate), commit(group)) : commit(group)
      const running = yield* fork(host.tell("c", "Add", { n: 1 }))
      yield* Rig.settle
      const inLine = yield* Effect.forEach(["d", "e"], (id) => fork(host.tell(id, "Add", { n: 1 })))
      assert.deepEqual((yield* awaitAll([running, ...inLine])).map(tag), [
        "OutcomeUnknown",
        "Unavailable",
        "Unavailable",
      ])
      // One comes back, the other does not.
      const again = yield* fork(host.tell("d", "Add", { n: 2 }))
      yield* Deferred.succeed(gate, undefined)
      assert.deepEqual((yield* awaitAll([again])).map(tag), ["ok"])
      const more = yield* Effect.forEach(upTo(3), () => fork(host.tell("e", "Add", { n: 1 })))
      assert.deepEqual((yield* awaitAll(more)).map(tag), ["ok", "ok", "ok"])
      assert.deepEqual([totalOf(rig, "c"), totalOf(rig, "d"), totalOf(rig, "e")], [1, 2, 3])
      assert.deepEqual(groups, [1, 1, 3])
    }),
)
