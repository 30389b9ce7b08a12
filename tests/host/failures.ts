/**
 * What fails and what ends: restarts, newer code, unknown outcomes, a store that refuses, deadlines, shutdown.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Result, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { type Append, type Outcome, StoreOutcomeUnknown, StoreUnavailable } from "../../core/EventStore.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Rig from "./Rig.ts"
import { awaitAll, fork, tag, totalOf, upTo } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

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

check(
  "unknown: of a generated id the key says where the store would have it, and what is there is found again",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      rig.hooks.generatedKey = (commandId, version) => `${commandId}.${version}`
      const host = yield* rig.host({ attempts: 3 })
      yield* host.tell("c", "Add", { n: 1 })
      const sent: Array<Append> = []
      rig.hooks.commit = () => (group) =>
        Effect.suspend(() => {
          sent.push(...group)
          return Effect.fail(new StoreOutcomeUnknown({ reason: "lost" }))
        })
      const [answer] = yield* awaitAll([yield* fork(host.tell("c", "Add", { n: 2 }))])
      assert(Result.isFailure(answer!) && answer.failure._tag === "OutcomeUnknown")
      const { commandId } = sent[0]!.command!
      assert.strictEqual(answer.failure.commandId, `${commandId}.2`)
      // Each attempt says where the one before may be, and that it is a repeat.
      assert.deepEqual(sent.map(({ again, tried }) => [tried, again]), [
        [undefined, undefined],
        [2, true],
        [2, true],
      ])
      assert.isTrue(sent.slice(1).every(({ command }) => command!.given))
      const [given] = yield* awaitAll([yield* fork(host.tell("c", "Add", { n: 2 }, { commandId: "k" }))])
      assert(Result.isFailure(given!) && given.failure._tag === "OutcomeUnknown")
      assert.strictEqual(given.failure.commandId, "k")
      assert.isTrue(sent.slice(3).every(({ tried }) => tried === undefined))
    }),
)

check("commit: what a store says of single appends decides for each of them alone", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ attempts: 4 })
    let says: { readonly [id: string]: Outcome } = {
      b: { _tag: "Unavailable", reason: "throttled" },
      c: { _tag: "Unknown", reason: "unanswered" },
    }
    rig.hooks.commit = (commit) => (group) =>
      Effect.flatMap(
        commit(group.filter(({ stream }) => says[stream.id]?._tag !== "Unavailable")),
        (outcomes) => {
          let next = 0
          return Effect.succeed(group.map(({ stream }): Outcome => {
            const said = says[stream.id]
            const stored = said?._tag === "Unavailable" ? undefined : outcomes[next++]
            return said ?? stored!
          }))
        },
      )
    const fibers = yield* Effect.forEach(["a", "b", "c"], (id) => fork(host.tell(id, "Add", { n: 1 })))
    yield* Rig.settle
    assert.deepEqual(fibers.map((fiber) => fiber.pollUnsafe() !== undefined), [true, false, false])
    const refused = (yield* awaitAll(fibers)).map((one) => Result.isFailure(one) ? one.failure : undefined)
    assert.deepEqual(refused.map((one) => one?._tag), [undefined, "Unavailable", "OutcomeUnknown"])
    assert(refused[1]?._tag === "Unavailable" && refused[1].reason === "throttled")
    // Both are well again: what was stored of c is found, whatever its caller was told.
    says = {}
    assert.deepEqual((yield* awaitAll([yield* fork(host.tell("b", "Add", { n: 1 }))])).map(tag), ["ok"])
    assert.deepEqual([totalOf(rig, "a"), totalOf(rig, "b"), totalOf(rig, "c")], [1, 1, 1])
  }))
