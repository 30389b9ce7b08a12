/**
 * User code that throws or gives nothing, at every place where it is called: it fails the command that met it, and
 * neighbours in the same tick never notice. What breaks in the host itself freezes nobody either.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Result } from "effect"
import type { ActorError } from "../../core/ActorError.ts"
import type { App } from "../../core/App.ts"
import { EventStore } from "../../core/EventStore.ts"
import { SnapshotStore } from "../../core/SnapshotStore.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Inspect from "../../runtime/Inspect.ts"
import { TimeTravel } from "../../runtime/TimeTravel.ts"
import * as Verify from "../../runtime/Verify.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"
import * as Saboteur from "./saboteur.ts"
import { awaitAll, fork, tag, totalOf } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const sabotage = { n: Saboteur.bad }
const one = { n: 1 }
const { alice } = Counters

/** Both at once, so that one tick takes them; their answers come without the clock's help. */
const atOnce = Effect.fnUntraced(function* (
  first: Effect.Effect<unknown, ActorError | { readonly _tag: "Rejected" }>,
  second: typeof first,
) {
  const fibers = yield* Effect.forEach([first, second], fork)
  yield* Rig.settle
  return fibers.map((fiber) => {
    const exit = fiber.pollUnsafe()
    return exit?._tag === "Success" ? tag(exit.value) : "waits"
  })
})

/** Nobody is held by anybody: commands are taken, and a drain ends at once. */
const isFree = Effect.fnUntraced(function* (host: Rig.Running) {
  assert.deepEqual((yield* awaitAll([yield* fork(host.tell("d", "Add", one))])).map(tag), ["ok"])
  assert.strictEqual(host.stats().working, 0)
  const drained = yield* fork(host.drain)
  yield* Rig.settle
  assert.isDefined(drained.pollUnsafe())
})

const isLogged = (rig: Rig.Rig, name: RegExp) => {
  const log = rig.logs.join("\n")
  assert.match(log, name)
  assert.notInclude(log, "secret-payload")
}
const kinds = /TypeError|NoDecision|UndeclaredEvent|UndeclaredRejection|AsyncFiberError|thrown string/

for (const [what, app] of Object.entries(Saboteur.deciding)) {
  check(`where ${what}, the command fails, and the neighbour's is served`, () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({}, app)
      yield* Effect.forEach(["c", "d"], (id) => host.tell(id, "Add", one))
      const tags = yield* atOnce(host.tell("c", "Add", sabotage), host.tell("d", "Add", one))
      assert.deepEqual(tags, ["ActorDefect", "ok"])
      assert.strictEqual(host.count(Metrics.ActorDefects), 1)
      isLogged(rig, kinds)
      assert.strictEqual(totalOf(rig, "c"), 1)
      assert.deepEqual((yield* awaitAll([yield* fork(host.tell("c", "Add", one))])).map(tag), ["ok"])
      yield* isFree(host)
    }))
}

for (const [what, app] of Object.entries(Saboteur.loading)) {
  check(`where ${what}, that actor cannot be had, and those loaded with it can`, () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const before = yield* rig.host()
      yield* before.tell("c", "Add", sabotage)
      yield* before.tell("d", "Add", one)
      const host = yield* rig.host({}, app)
      const tags = yield* atOnce(host.tell("c", "Add", one), host.tell("d", "Add", one))
      assert.deepEqual(tags, ["ActorDefect", "ok"])
      assert.strictEqual(host.count(Metrics.ActorRestarts), 1)
      isLogged(rig, kinds)
      yield* awaitAll([yield* fork(Effect.sleep(2_000))])
      yield* isFree(host)
    }))

  check(`where ${what}, verify says the place and goes on`, () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const before = yield* rig.host({}, Counters.appWith({ everyEvents: 1 }))
      yield* before.tell("c", "Add", sabotage)
      yield* Rig.settle
      yield* before.tell("d", "Add", one)
      const report = yield* Verify.verify(app).pipe(
        Effect.provideService(EventStore, rig.store),
        Effect.provideService(SnapshotStore, rig.snapshotStore),
      )
      assert.strictEqual(report.events, 2)
      // Where only `evolve` fails, only a snapshot of this release would tell.
      if (!what.startsWith("evolve")) {
        assert.deepEqual(report.findings.map(({ stream, version }) => [stream, version]), [["t1/Counter/c", 1]])
        assert.match(report.findings[0]!.problem, /an upcaster or the schema of Counter.Added.v1 fails on it/)
      }
    }))
}

check("inspect says where code fails, and shows the events all the same", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({}, Saboteur.untold)
    yield* host.tell("c", "Add", sabotage)
    yield* host.tell("c", "Add", one)
    const problems = Effect.fnUntraced(function* (app: App) {
      const seen: Array<unknown> = []
      const { walk } = Inspect.make({ aggregate: app.aggregates["Counter"], showRedacted: false })
      yield* walk({ tenant: "t1", aggregate: "Counter", id: "c" }, 1, 2, ({ problem }) => void seen.push(problem))
        .pipe(Effect.provideService(EventStore, rig.store))
      return seen
    })
    assert.deepEqual(yield* problems(Saboteur.untold), ["the schema of the state fails on it", undefined])
    assert.deepEqual(yield* problems(Saboteur.loading["an upcaster throws"]!), ["an upcaster fails on it", undefined])
  }))

check(
  "a state that cannot be told fails whoever asks for it, now or as it was, and no command",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({}, Saboteur.untold)
      yield* host.tell("c", "Add", sabotage)
      yield* host.tell("d", "Add", one)
      const tags = yield* atOnce(host.state(alice, "Counter", "c"), host.tell("d", "Add", one))
      assert.deepEqual(tags, ["ActorDefect", "ok"])
      assert.strictEqual(host.count(Metrics.ActorDefects), 1)
      assert.strictEqual(host.count(Metrics.ActorRestarts), 0)
      const past = yield* TimeTravel.pipe(
        Effect.flatMap(({ state }) => state({ ...alice, scopes: ["history"] }, "Counter", "c", { version: 1 })),
        Effect.provide(TimeTravel.layer(Saboteur.untold)),
        Effect.provideService(EventStore, rig.store),
        Effect.provideService(SnapshotStore, rig.snapshotStore),
        Effect.result,
      )
      assert.strictEqual(tag(past), "ActorDefect")
      isLogged(rig, /state cannot be told.*TypeError/)
      yield* isFree(host)
    }),
)

check(
  "a state that cannot be told is counted as a snapshot that failed, and the next ones are stored",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({}, Saboteur.untold)
      for (const [id, n] of [["a", 1], ["c", Saboteur.bad], ["d", 1]] as const) {
        yield* host.tell(id, "Add", { n })
        yield* awaitAll([yield* fork(Effect.sleep(2_000))])
      }
      assert.deepEqual([...rig.snapshots.keys()].toSorted(), ["t1/Counter/a", "t1/Counter/d"])
      assert.strictEqual(host.count(Metrics.SnapshotFailures), 1)
      isLogged(rig, /a snapshot broke.*TypeError/)
    }),
)

check(
  "a snapshot whose state cannot be read is passed over, and the actor is folded from its events",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const before = yield* rig.host({}, Saboteur.unread)
      yield* before.tell("c", "Add", sabotage)
      yield* awaitAll([yield* fork(Effect.sleep(2_000))])
      assert.strictEqual(rig.snapshots.size, 1)
      const report = yield* Verify.verify(Saboteur.unread).pipe(
        Effect.provideService(EventStore, rig.store),
        Effect.provideService(SnapshotStore, rig.snapshotStore),
      )
      assert.include(report.findings.map(({ problem }) => problem), "the snapshot is unreadable")
      const host = yield* rig.host({}, Saboteur.unread)
      assert.deepEqual(yield* atOnce(host.tell("c", "Add", one), host.tell("d", "Add", one)), ["ok", "ok"])
      assert.strictEqual(host.count(Metrics.SnapshotFailures), 1)
      isLogged(rig, /unreadable/)
    }),
)

check(
  "a tick that breaks while it settles gives its actors back, and what was stored is found",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      yield* Effect.forEach(["c", "d"], (id) => host.tell(id, "Add", one))
      let broken = true
      // A store that does not say what became of the second append.
      rig.hooks.commit = (commit) => (group) =>
        Effect.map(commit(group), (outcomes) => broken ? outcomes.slice(0, 1) : outcomes)
      const fibers = yield* Effect.forEach(["c", "d", "d"], (id) => fork(host.tell(id, "Add", one)))
      yield* Rig.settle
      broken = false
      assert.deepEqual((yield* awaitAll(fibers)).map(tag), ["ok", "ok", "ok"])
      assert.deepEqual([totalOf(rig, "c"), totalOf(rig, "d")], [2, 3])
      assert.strictEqual(host.count(Metrics.ActorDefects), 1)
      isLogged(rig, /a tick broke.*TypeError/)
      yield* isFree(host)
    }),
)

check("a tick that breaks leaves alone whom it has given back", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    yield* Effect.forEach(["c", "d"], (id) => host.tell(id, "Add", one))
    const gate = yield* Deferred.make<void>()
    rig.hooks.commit = (commit) => (group) =>
      Effect.andThen(Deferred.await(gate), Effect.map(commit(group), (outcomes) => outcomes.slice(0, 1)))
    const fibers = yield* Effect.forEach(["c", "d"], (id) => fork(host.tell(id, "Add", one)))
    yield* Rig.settle
    fibers.push(yield* fork(host.tell("c", "Add", one)))
    rig.hooks.commit = (commit) => commit
    yield* Deferred.succeed(gate, undefined)
    yield* Rig.settle
    assert.deepEqual(fibers.map((fiber) => fiber.pollUnsafe() !== undefined), [true, false, true])
    assert.deepEqual((yield* awaitAll(fibers)).map(tag), ["ok", "ok", "ok"])
    yield* isFree(host)
  }))

check(
  "a tick that breaks in the middle of an actor leaves no state behind that is older than its head",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      yield* host.tell("d", "Add", one)
      const gate = yield* Deferred.make<void>()
      rig.hooks.commit = (commit) => (group) =>
        Effect.map(Effect.andThen(Deferred.await(gate), commit(group)), (outcomes) => {
          rig.hooks.commit = (commit) => commit
          const broken = {
            get offset(): number {
              throw new TypeError("secret-payload")
            },
          }
          return outcomes.map((outcome) =>
            Object.defineProperties({ ...outcome }, Object.getOwnPropertyDescriptors(broken))
          )
        })
      // Its caller has gone by then, so that nothing of it is tried again.
      assert.deepEqual((yield* awaitAll([yield* fork(host.tell("d", "Add", one))])).map(tag), ["OutcomeUnknown"])
      yield* Deferred.succeed(gate, undefined)
      yield* Rig.settle
      const read = yield* fork(host.state(alice, "Counter", "d"))
      const [state] = yield* awaitAll([read])
      assert(Result.isSuccess(state!))
      assert.deepEqual([state.success?.version, state.success?.state], [2, { total: 2 }])
    }),
)

check(
  "a tick that breaks again and again ends in OutcomeUnknown, and the actor goes on",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ attempts: 3 })
      rig.hooks.commit = (commit) => (group) => Effect.map(commit(group), () => [])
      const answers = yield* awaitAll(yield* Effect.forEach(["c", "d"], (id) => fork(host.tell(id, "Add", one))))
      assert.deepEqual(answers.map(tag), ["OutcomeUnknown", "OutcomeUnknown"])
      rig.hooks.commit = (commit) => commit
      const [first] = answers
      assert(Result.isFailure(first!) && first.failure._tag === "OutcomeUnknown")
      const repeat = yield* host.tell("c", "Add", one, { commandId: first.failure.commandId })
      assert.deepEqual([repeat.version, totalOf(rig, "c")], [1, 1])
      yield* isFree(host)
    }),
)

check(
  "a load that breaks gives its actors back: it is tried again, bounded, then Unavailable",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ attempts: 3 })
      let breaks = 1
      rig.hooks.read = (store) => ({
        readEach: (requests, limit) =>
          Effect.suspend(() =>
            breaks-- > 0 ? Effect.die(new TypeError("secret-payload")) : store.readEach(requests, limit)
          ),
      })
      const both = Effect.forEach(["c", "d"], (id) => fork(host.tell(id, "Add", one)))
      assert.deepEqual((yield* awaitAll(yield* both)).map(tag), ["ok", "ok"])
      isLogged(rig, /a tick broke.*TypeError/)
      breaks = Infinity
      const others = Effect.forEach(["e", "f"], (id) => fork(host.tell(id, "Add", one)))
      assert.deepEqual((yield* awaitAll(yield* others)).map(tag), ["Unavailable", "Unavailable"])
      breaks = 0
      yield* isFree(host)
    }),
)
