/**
 * One test a guard of the host: remove the guard and its test fails.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Fiber, Result, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { StoreOutcomeUnknown, StoreUnavailable } from "../../core/EventStore.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const tag = <E extends { readonly _tag: string }>(exit: Result.Result<unknown, E>) =>
  Result.isSuccess(exit) ? "ok" : exit.failure._tag
const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.forkChild(Effect.result(effect), { startImmediately: true })
const totalOf = (rig: Rig.Rig, id: string) =>
  rig.events.log.filter((e) => e.id === id).reduce((sum, e) => sum + JSON.parse(e.payload).n, 0)
const versionsOf = (rig: Rig.Rig, id: string) => rig.events.log.filter((e) => e.id === id).map((e) => e.version)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

/** Steps the virtual clock until the fibers have ended; real ticks run between the steps. */
const awaitAll = Effect.fnUntraced(function* <A, E>(fibers: ReadonlyArray<Fiber.Fiber<A, E>>) {
  for (let i = 0; i < 2_000 && fibers.some((fiber) => fiber.pollUnsafe() === undefined); i++) {
    yield* Rig.settle
    yield* TestClock.adjust(i < 50 ? 10 : 200)
  }
  return yield* Effect.forEach(fibers, Fiber.join)
})

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
    let calls = 0
    rig.hooks.commit = (commit) => (group) =>
      calls++ === 0 ? Effect.fail(new StoreUnavailable({ reason: "locked" })) : commit(group)
    const fibers = yield* Effect.forEach([1, 2], (n) => fork(host.tell("c", "Add", { n })))
    yield* Rig.settle
    fibers.push(yield* fork(host.tell("c", "Add", { n: 3 })))
    assert.deepEqual((yield* awaitAll(fibers)).map(tag), ["ok", "ok", "ok"])
    assert.deepEqual(rig.events.log.map((event) => JSON.parse(event.payload).n), [1, 2, 3])
  }))

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

check(
  "restart: a defect stops that actor alone, says no payload in the log, and the actor comes back",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      yield* host.tell("c", "Add", { n: 1 })
      const fibers = yield* Effect.forEach([
        host.tell("c", "Break", { where: "decide" }),
        host.tell("c", "Add", { n: 2 }),
        host.tell("d", "Add", { n: 3 }),
      ], fork)
      yield* Rig.settle
      assert.deepEqual(fibers.map((fiber) => fiber.pollUnsafe() !== undefined), [true, false, true])
      assert.deepEqual((yield* awaitAll(fibers)).map(tag), ["ActorDefect", "ok", "ok"])
      assert.strictEqual(totalOf(rig, "c"), 3)
      assert.strictEqual(host.count(Metrics.ActorRestarts), 1)
      const log = rig.logs.join("\n")
      assert.include(log, "TypeError")
      assert.notInclude(log, "secret-payload")
    }),
)

check(
  "restart: past its budget an actor answers ActorUnavailable until the cool-down has passed",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ restarts: 2, coolDownMs: 20_000 })
      const broken = host.tell("c", "Break", { where: "evolve" })
      const tags: Array<string> = []
      for (let i = 0; i < 4; i++) tags.push(...(yield* awaitAll([yield* fork(broken)])).map(tag))
      assert.deepEqual(tags, ["ActorDefect", "ActorDefect", "ActorDefect", "ActorUnavailable"])
      const refused = yield* Effect.flip(host.tell("c", "Add", { n: 1 }))
      assert(refused._tag === "ActorUnavailable" && refused.retryAfterSeconds === 20)
      assert.strictEqual(tag(yield* Effect.result(host.tell("d", "Add", { n: 1 }))), "ok")
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }))), "ok")
      assert.strictEqual(rig.events.log.length, 2)
    }),
)

check(
  "load: an event of newer code pauses its stream with NewerEvent, and old receipts are still answered",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const first = yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })
      const stored = rig.events.log[0]!
      const newer = { ...stored, schemaVersion: 2 }
      const other = yield* rig.host()
      rig.hooks.read = (store) => ({
        readEach: (requests, limit) =>
          Effect.map(store.readEach(requests, limit), (pages) => pages.map((page) => page.map(() => newer))),
      })
      const error = yield* Effect.flip(other.tell("c", "Add", { n: 1 }))
      assert(error._tag === "NewerEvent" && error.eventType === "Added" && error.schemaVersion === 2)
      assert.deepEqual(yield* other.tell("c", "Add", { n: 1 }, { commandId: "k" }), first)
      assert.strictEqual(other.count(Metrics.ActorRestarts), 0)
    }),
)

check(
  "unknown: a commit whose answer was lost is found by its receipt, not stored twice, not called failed",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      let lost = 0
      rig.hooks.commit = (commit) => (group) =>
        lost++ === 0
          ? Effect.andThen(commit(group), Effect.fail(new StoreOutcomeUnknown({ reason: "lost" })))
          : commit(group)
      const fibers = yield* Effect.forEach(upTo(3), (n) => fork(host.tell("c", "Add", { n })))
      const answers = yield* awaitAll(fibers)
      assert.deepEqual(answers.map(tag), ["ok", "ok", "ok"])
      assert.deepEqual(answers.map((r) => Result.isSuccess(r) ? r.success.version : 0), [1, 2, 3])
      assert.strictEqual(totalOf(rig, "c"), 6)
      assert.strictEqual(host.count(Metrics.OutcomesUnknown), 1)
    }),
)

check(
  "unknown: what cannot be resolved is OutcomeUnknown with the command id, and a repeat tells the truth",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      let stored = false
      rig.hooks.commit = (commit) => (group) =>
        Effect.andThen(
          stored ? Effect.void : Effect.tap(commit(group), () => Effect.sync(() => void (stored = true))),
          Effect.fail(new StoreOutcomeUnknown({ reason: "lost" })),
        )
      const answers = yield* awaitAll([yield* fork(host.tell("c", "Add", { n: 1 }))])
      const answer = answers[0]!
      assert(Result.isFailure(answer) && answer.failure._tag === "OutcomeUnknown")
      rig.hooks.commit = (commit) => commit
      const { commandId } = answer.failure
      assert.strictEqual((yield* host.tell("c", "Add", { n: 1 }, { commandId })).version, 1)
      assert.strictEqual(rig.events.log.length, 1)
    }),
)

check("refused: a store that stores nothing is tried again, bounded, then Unavailable", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    let calls = 0
    rig.hooks.commit = (commit) => (group) =>
      ++calls % 8 !== 0 || calls > 8 && calls < 24
        ? Effect.fail(new StoreUnavailable({ reason: "locked" }))
        : commit(group)
    assert.deepEqual((yield* awaitAll([yield* fork(host.tell("c", "Add", { n: 1 }))])).map(tag), ["ok"])
    assert.deepEqual((yield* awaitAll([yield* fork(host.tell("c", "Add", { n: 1 }))])).map(tag), ["Unavailable"])
    assert.strictEqual(calls, 16)
    assert.strictEqual(rig.events.log.length, 1)
  }))

check(
  "deadline: an overdue caller is answered, the append goes on and its receipt answers the repeat",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ requestTimeoutMs: 5_000 })
      const gate = yield* Deferred.make<void>()
      rig.hooks.commit = (commit) => (group) => Effect.andThen(Deferred.await(gate), commit(group))
      const running = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "k" }))
      yield* Rig.settle
      const waiting = yield* fork(host.tell("c", "Add", { n: 2 }))
      const [first, second] = yield* awaitAll([running, waiting])
      assert.deepEqual([first, second].map((r) => tag(r!)), ["OutcomeUnknown", "Unavailable"])
      yield* Deferred.succeed(gate, undefined)
      yield* Rig.settle
      assert.strictEqual((yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })).version, 1)
      assert.strictEqual(totalOf(rig, "c"), 1)
    }),
)

check(
  "drain: what was taken is answered, what comes later is refused, nobody is left waiting",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const gate = yield* Deferred.make<void>()
      rig.hooks.commit = (commit) => (group) => Effect.andThen(Deferred.await(gate), commit(group))
      const taken = yield* fork(host.tell("c", "Add", { n: 1 }))
      yield* Rig.settle
      const drained = yield* fork(host.drain)
      assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }))), "ShuttingDown")
      yield* Deferred.succeed(gate, undefined)
      assert.deepEqual((yield* awaitAll([taken])).map(tag), ["ok"])
      yield* awaitAll([drained])

      const stuck = yield* rig.host()
      rig.hooks.commit = () => () => Effect.never
      const callers = [yield* fork(stuck.tell("d", "Add", { n: 1 }))]
      yield* Rig.settle
      callers.push(yield* fork(stuck.tell("d", "Add", { n: 1 })))
      const drain = yield* fork(stuck.drain)
      yield* TestClock.adjust("10 seconds")
      assert.deepEqual((yield* awaitAll(callers)).map(tag), ["OutcomeUnknown", "ShuttingDown"])
      yield* awaitAll([drain])
    }),
)

check("scope: a host whose scope closes drains first", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const ended = yield* Effect.scoped(Effect.gen(function* (): Effect.fn.Return<unknown, never, Scope.Scope> {
      const host = yield* rig.host()
      return yield* fork(host.tell("c", "Add", { n: 1 }))
    }))
    assert.isDefined(ended)
    assert.strictEqual(rig.events.log.length, 1)
  }))
