/**
 * One test a guard of the host: remove the guard and its test fails.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import { StoreUnavailable } from "../../core/EventStore.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"
import { awaitAll, fork, tag, totalOf, upTo, versionsOf } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

check("fence: two hosts on one stream lose no update and leave no gap", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const hosts = [yield* rig.host(), yield* rig.host()]
    const fibers = []
    for (let i = 0; i < 60; i++) fibers.push(yield* fork(hosts[i % 2]!.tell("c", "Add", { n: 1 })))
    const tags = (yield* awaitAll(fibers)).map(tag)
    const ok = tags.filter((t) => t === "ok").length
    assert.deepEqual(versionsOf(rig, "c"), upTo(ok))
    assert(ok > 30)
  }))

check(
  "fence: a rejection, a no-op and a read are decided on the head of the store, not on a stale state",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const [a, b] = [yield* rig.host(), yield* rig.host()]
      yield* a.tell("c", "Add", { n: Counters.limit })
      assert.strictEqual(tag(yield* Effect.result(a.tell("c", "Add", { n: 1 }))), "Rejected")
      yield* b.tell("c", "Add", { n: -5 })
      // Without the fence `a` would still refuse, or answer the old state.
      assert.strictEqual(tag(yield* Effect.result(a.tell("c", "Add", { n: 5 }))), "ok")
      yield* b.tell("c", "Add", { n: -1 })
      assert.strictEqual((yield* a.state(Counters.alice, "Counter", "c"))?.version, 4)
      yield* b.tell("c", "Add", { n: -1 })
      assert.strictEqual((yield* a.tell("c", "Add", { n: 0 })).version, 5)
    }),
)

check(
  "turn: commands of one actor are decided one after the other while its commit is under way",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const gate = yield* Deferred.make<void>()
      let under = 0
      let most = 0
      rig.hooks.commit = (commit) => (group) =>
        Effect.gen(function* () {
          most = Math.max(most, ++under)
          yield* Deferred.await(gate)
          const outcomes = yield* commit(group)
          under--
          return outcomes
        })
      const fibers = []
      for (let i = 0; i < 20; i++) {
        fibers.push(yield* fork(host.tell("c", "Add", { n: 1 })))
        yield* Rig.settle
      }
      yield* Deferred.succeed(gate, undefined)
      const versions = (yield* awaitAll(fibers)).map((r) => Result.isSuccess(r) ? r.success.version : tag(r))
      assert.deepEqual(versions, upTo(20))
      assert.strictEqual(most, 1)
      assert.strictEqual(host.count(Metrics.Conflicts), 0)
    }),
)

check(
  "batch: a group keeps the order of arrival and one loser does not fail the others",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const groups: Array<number> = []
      rig.hooks.commit = (commit) => (group) => {
        groups.push(group.length)
        return commit(group)
      }
      const steps = [1, Counters.limit, 2, 0, 3].map((n) => ({ id: "c", n })).concat([{ id: "d", n: 9 }])
      const fibers = yield* Effect.forEach(steps, ({ id, n }) => fork(host.tell(id, "Add", { n })))
      const answers = (yield* awaitAll(fibers)).map((r) => Result.isSuccess(r) ? r.success.version : tag(r))
      assert.deepEqual(answers, [1, "Rejected", 2, 2, 3, 1])
      assert.deepEqual(groups, [6])
      assert.strictEqual(totalOf(rig, "c"), 6)
    }),
)

check("batch: what is tried again goes before what came meanwhile", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    const gate = yield* Deferred.make<void>()
    let calls = 0
    rig.hooks.commit = (commit) => (group) =>
      calls++ === 0
        ? Effect.andThen(Deferred.await(gate), Effect.fail(new StoreUnavailable({ reason: "locked" })))
        : commit(group)
    const fibers = yield* Effect.forEach([1, 2], (n) => fork(host.tell("c", "Add", { n })))
    yield* Rig.settle
    fibers.push(yield* fork(host.tell("c", "Add", { n: 3 })))
    yield* Deferred.succeed(gate, undefined)
    assert.deepEqual((yield* awaitAll(fibers)).map(tag), ["ok", "ok", "ok"])
    assert.deepEqual(rig.events.log.map((event) => JSON.parse(event.payload).n), [1, 2, 3])
  }))

check(
  "batch: streams beyond what a group may have go beside it, each with all of its commands",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      rig.hooks.appendMax = { streams: 2 }
      const host = yield* rig.host()
      const gate = yield* Deferred.make<void>()
      const groups: Array<number> = []
      rig.hooks.commit = (commit) => (group) =>
        groups.push(group.length) === 1 ? Effect.andThen(Deferred.await(gate), commit(group)) : commit(group)
      const fibers = yield* Effect.forEach(
        ["a", "b", "c", "c", "c", "d", "e"],
        (id) => fork(host.tell(id, "Add", { n: 1 })),
      )
      yield* Rig.settle
      assert.deepEqual(groups, [2, 4, 1])
      // Nobody waits for the group that is held.
      assert.deepEqual(rig.events.log.map(({ id }) => id).toSorted(), ["c", "c", "c", "d", "e"])
      yield* Deferred.succeed(gate, undefined)
      assert.deepEqual((yield* awaitAll(fibers)).map(tag), Array(7).fill("ok"))
    }),
)

/** Sends all at once and notes how many appends and events each group has. */
const grouped = Effect.fnUntraced(function* (
  appendMax: Rig.Hooks["appendMax"],
  commands: ReadonlyArray<readonly [id: string, command: string, payload: unknown]>,
) {
  const rig = yield* Rig.make
  rig.hooks.appendMax = appendMax
  const host = yield* rig.host()
  const groups: Array<readonly [appends: number, events: number]> = []
  rig.hooks.commit = (commit) => (group) => {
    groups.push([group.length, group.reduce((sum, { events }) => sum + events.length, 0)])
    return commit(group)
  }
  const fibers = yield* Effect.forEach(commands, ([id, command, payload]) => fork(host.tell(id, command, payload)))
  assert.deepEqual((yield* awaitAll(fibers)).map(tag), commands.map(() => "ok"))
  return { groups, order: rig.events.log.map(({ id, payload }) => `${id}${JSON.parse(payload).n}`) }
})

check(
  "batch: a group has as many appends as the store takes, and the rest goes next in its order",
  () =>
    Effect.gen(function* () {
      const { groups, order } = yield* grouped({ appends: 3 }, upTo(7).map((n) => ["c", "Add", { n }]))
      assert.deepEqual(groups.map(([appends]) => appends), [3, 3, 1])
      assert.deepEqual(order, upTo(7).map((n) => `c${n}`))
    }),
)

check(
  "batch: a group has as many bytes as the store takes, and is cut between commands",
  () =>
    Effect.gen(function* () {
      const event = `{"n":1}`.length
      const three = ["c", "Repeat", { times: 3 }] as const
      const none = ["c", "Add", { n: 0 }] as const
      const cut = yield* grouped({ bytes: 8 * event }, [three, three, three, three, three])
      assert.deepEqual(cut.groups, [[2, 6], [2, 6], [1, 3]])
      // To the byte; what is full takes nothing more, and a command that is larger than a group has one of its own.
      const full = yield* grouped({ bytes: 6 * event }, [three, three, none, three])
      assert.deepEqual(full.groups, [[2, 6], [2, 3]])
      const large = yield* grouped({ bytes: 2 * event }, [none, three, none])
      assert.deepEqual(large.groups, [[1, 0], [1, 3], [1, 0]])
    }),
)

check("bound: a mailbox takes so many commands and refuses the next with MailboxFull", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ mailbox: 5 })
    const gate = yield* Deferred.make<void>()
    rig.hooks.commit = (commit) => (group) => Effect.andThen(Deferred.await(gate), commit(group))
    const fibers = yield* Effect.forEach(upTo(9), () => fork(host.tell("c", "Add", { n: 1 })))
    yield* Rig.settle
    const more = yield* fork(host.tell("c", "Add", { n: 1 }))
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }))), "MailboxFull")
    yield* Deferred.succeed(gate, undefined)
    const tags = (yield* awaitAll([...fibers, more])).map(tag)
    assert.deepEqual(tags, [...Array(5).fill("ok"), ...Array(5).fill("MailboxFull")])
    assert.strictEqual(rig.events.log.length, 5)
  }))

check(
  "passivation: an idle actor leaves memory, a working one stays, and nothing is lost",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ idleMaxMs: 10_000 })
      yield* host.tell("idle", "Add", { n: 1 })
      yield* Rig.settle
      const gate = yield* Deferred.make<void>()
      rig.hooks.commit = (commit) => (group) => Effect.andThen(Deferred.await(gate), commit(group))
      const busy = yield* fork(host.tell("busy", "Add", { n: 1 }))
      yield* Rig.settle
      yield* TestClock.adjust("9 seconds")
      assert.deepEqual(host.stats(), { live: 2, working: 1 })
      yield* TestClock.adjust("3 seconds")
      assert.deepEqual(host.stats(), { live: 1, working: 1 })
      assert.strictEqual(host.count(Metrics.ActorsPassivated), 1)
      yield* Deferred.succeed(gate, undefined)
      assert.deepEqual((yield* awaitAll([busy])).map(tag), ["ok"])
      assert.deepEqual((yield* host.state(Counters.alice, "Counter", "idle"))?.state, { total: 1 })
    }),
)

check("passivation: no more actors live than the bound, the longest idle leave first", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ actors: 3 })
    let reads = 0
    rig.hooks.read = (store) => ({
      readEach: (requests, limit) => {
        reads += requests.length
        return store.readEach(requests, limit)
      },
    })
    for (const id of ["a", "b", "c", "d"]) {
      yield* host.tell(id, "Add", { n: 1 })
      yield* Rig.settle
      yield* TestClock.adjust("1 second")
    }
    assert.strictEqual(host.stats().live, 3)
    yield* host.tell("b", "Add", { n: 1 })
    assert.strictEqual(reads, 4)
    yield* host.tell("a", "Add", { n: 1 })
    assert.strictEqual(reads, 5)
    assert.deepEqual(versionsOf(rig, "a"), [1, 2])
  }))
