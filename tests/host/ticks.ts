/**
 * What breaks in the host itself freezes nobody: actors are given back, once each, and what was stored is found.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Result } from "effect"
import * as Metrics from "../../runtime/HostMetrics.ts"
import { alice } from "./Counter.ts"
import * as Rig from "./Rig.ts"
import { awaitAll, fork, isFree, isLogged, tag, totalOf } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const one = { n: 1 }

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

check("a tick that breaks leaves alone whom another one has by now, with what it took", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const before = yield* rig.host()
    yield* Effect.forEach(["c", "c", "c", "d"], (id) => before.tell(id, "Add", one))
    const [ofC, ofD] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    const sent: Array<string> = []
    rig.hooks.commit = (commit) => (group) =>
      Effect.gen(function* () {
        const ids = group.map(({ stream }) => stream.id)
        const isFirst = !ids.some((id) => sent.includes(id))
        sent.push(...ids)
        yield* Deferred.await(ids.includes("c") ? ofC : ofD)
        const outcomes = yield* commit(group)
        return ids.includes("d") && isFirst ? [] : outcomes
      })
    // Both are loaded by one tick, which hands `c` over, for its history is long, and goes on with `d`.
    const host = yield* rig.host({ loadPage: 2 })
    const [c, d] = [yield* fork(host.tell("c", "Add", one)), yield* fork(host.tell("d", "Add", one))]
    yield* Rig.settle
    assert.deepEqual(sent, ["d", "c"])
    yield* Deferred.succeed(ofD, undefined)
    assert.deepEqual((yield* awaitAll([d])).map(tag), ["ok"])
    isLogged(rig, /a tick broke.*TypeError/)
    yield* awaitAll([yield* fork(Effect.sleep(5_000))])
    const times = sent.filter((id) => id === "c").length
    yield* Deferred.succeed(ofC, undefined)
    assert.strictEqual(times, 1)
    assert.deepEqual((yield* awaitAll([c])).map(tag), ["ok"])
    assert.deepEqual([totalOf(rig, "c"), totalOf(rig, "d"), host.count(Metrics.CommandsRepeated)], [4, 2, 1])
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
