/**
 * User code that throws or gives nothing, at every place where it is called: it fails the command that met it, and
 * neighbours in the same tick never notice.
 * @module
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
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
import { awaitAll, fork, isFree, isLogged, tag, totalOf } from "./steps.ts"

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
  "what broken code says again and again is one line a minute, and every time in the metric",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({}, Saboteur.untold)
      yield* host.tell("c", "Add", sabotage)
      const read = Effect.flatMap(fork(host.state(alice, "Counter", "c")), (fiber) => Effect.as(Rig.settle, fiber))
      const told = () => rig.logs.filter((line) => line.includes("state cannot be told"))
      for (let i = 0; i < 50; i++) yield* read
      assert.strictEqual(host.count(Metrics.ActorDefects), 50)
      assert.lengthOf(told(), 1)
      yield* awaitAll([yield* fork(Effect.sleep(60_000))])
      yield* read
      assert.lengthOf(told(), 2)
      assert.include(told()[1], `"leftOut":49`)
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
