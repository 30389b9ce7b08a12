/**
 * What the host does with the gate's answers: one test a guard, as in `guards.ts`.
 * @module
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Result } from "effect"
import { TestClock } from "effect/testing"
import * as ActorError from "../../core/ActorError.ts"
import { StoreUnavailable } from "../../core/EventStore.ts"
import type { Ask, Shape, Verdict } from "../../runtime/Gate.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"
import { awaitAll, fork, tag, upTo, versionsOf } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const denied = new ActorError.PolicyDenied({ policy: "authorization", rule: "append" })
const unregistered = new ActorError.SchemaNotRegistered({ subject: "Counter.Added.v1", retryAfterSeconds: 1 })
const bob = { ...Counters.alice, subject: "bob" }
const carol = { ...Counters.alice, subject: "carol" }
/** Knows nothing, and hangs until it is ended; then it lets everything through. */
const hang = Effect.gen(function* () {
  const ended = yield* Deferred.make<void>()
  const gate: Shape = { look: () => undefined, learn: () => Effect.as(Deferred.await(ended), () => true) }
  return { gate, end: Deferred.succeed(ended, undefined) }
})
const refusing = (verdict: Verdict): Shape => ({ look: () => verdict, learn: () => Effect.succeed(() => verdict) })
const subjects = (asks: ReadonlyArray<Ask>) => asks.map(({ principal }) => principal.subject)

/** Knows alice at once; whoever else asks is learned by `learn`. */
const knowing = (learn: (asks: ReadonlyArray<Ask>) => Effect.Effect<Verdict>): Shape => ({
  look: ({ principal }) => principal.subject === "alice" ? true : undefined,
  learn: (asks) =>
    Effect.map(
      learn(asks),
      (verdict) => ({ principal }) => subjects(asks).includes(principal.subject) ? verdict : undefined,
    ),
})

for (const verdict of [denied, unregistered]) {
  check(
    `refusal: ${verdict._tag} stores nothing, and is no receipt: the same command passes later`,
    () =>
      Effect.gen(function* () {
        const rig = yield* Rig.make
        const host = yield* rig.host()
        rig.hooks.gate = refusing(verdict)
        const refused = yield* Effect.result(host.tell("c", "Add", { n: 1 }, { commandId: "k" }))
        assert.deepEqual(refused, Result.fail(verdict))
        assert.strictEqual(rig.events.log.length, 0)
        assert.strictEqual(yield* rig.store.receipt({ tenant: "t1", aggregate: "Counter", id: "c" }, "k"), undefined)
        assert.strictEqual(host.count(Metrics.CommandsFailed), 1)
        rig.hooks.gate = refusing(true)
        assert.strictEqual((yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })).version, 1)
      }),
  )
}

check("refusal: an outcome without events asks nobody", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    rig.hooks.gate = refusing(denied)
    assert.strictEqual((yield* host.tell("c", "Add", { n: 0 })).version, 0)
    const over = { n: Counters.limit + 1 }
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", over))), "Rejected")
    assert.strictEqual(yield* host.state(Counters.alice, "Counter", "c"), undefined)
  }))

check("refusal: one event of a command refused, none is stored", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    let looks = 0
    rig.hooks.gate = { ...refusing(true), look: () => ++looks < 3 ? true : denied }
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Repeat", { times: 3 }))), "PolicyDenied")
    assert.strictEqual(rig.events.log.length, 0)
  }))

check("ask: says the aggregate, the class of the event and who commands", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    const asks: Array<Ask> = []
    rig.hooks.gate = { ...refusing(true), look: (ask) => (asks.push(ask), true) }
    yield* host.tell("c", "Add", { n: 1 })
    yield* host.tell("c", "Add", { n: 1 }, { principal: bob })
    assert.deepEqual(asks.map(({ aggregate }) => aggregate), ["Counter", "Counter"])
    assert.deepEqual(subjects(asks), ["alice", "bob"])
    assert.isTrue(asks.every(({ event }) => event === Counters.Added))
  }))

check("receipt: a repeat is answered by its receipt, whatever the gate says now", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    const first = yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })
    rig.hooks.gate = refusing(unregistered)
    assert.deepEqual(yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" }), first)
  }))

check(
  "receipt: a repeat is answered while a gate that hangs is asked, a new command is not",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const first = yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })
      const hanging = yield* hang
      rig.hooks.gate = hanging.gate
      const repeat = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "k" }))
      const fresh = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "l" }))
      assert.deepEqual(yield* awaitAll([repeat]), [Result.succeed(first)])
      assert.strictEqual(fresh.pollUnsafe(), undefined)
      assert.deepEqual(versionsOf(rig, "c"), [1])
      yield* hanging.end
      assert.deepEqual((yield* awaitAll([fresh])).map(tag), ["ok"])
    }),
)

check(
  "hold: what must be learned keeps back its actor alone, in order, and is then decided",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const answer = yield* Deferred.make<Verdict>()
      rig.hooks.gate = knowing(() => Deferred.await(answer))
      const held = yield* Effect.forEach(
        [Counters.alice, bob, Counters.alice],
        (principal, i) => fork(host.tell("c", "Add", { n: i + 1 }, { principal })),
      )
      yield* Rig.settle
      // What came before is stored and answered; what came behind keeps its place.
      assert.deepEqual(held.map((fiber) => fiber.pollUnsafe() !== undefined), [true, false, false])
      assert.strictEqual((yield* host.tell("d", "Add", { n: 1 })).version, 1)
      assert.strictEqual(host.count(Metrics.ActorsHeld), 1)
      yield* Deferred.succeed(answer, true)
      yield* awaitAll(held)
      const amounts = rig.events.log.filter(({ id }) => id === "c").map((event) => JSON.parse(event.payload).n)
      assert.deepEqual(amounts, [1, 2, 3])
    }),
)

check("hold: a denial learned refuses that command alone", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    rig.hooks.gate = knowing(() => Effect.succeed(denied))
    const fibers = yield* Effect.forEach([bob, Counters.alice], (principal) =>
      fork(host.tell("c", "Add", { n: 1 }, { principal })))
    assert.deepEqual((yield* awaitAll(fibers)).map(tag), ["PolicyDenied", "ok"])
    assert.deepEqual(versionsOf(rig, "c"), [1])
  }))

check(
  "hold: all that wait are learned at once, and what was learned serves them and nobody later",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const asked: Array<ReadonlyArray<string>> = []
      const answers = [yield* Deferred.make<Verdict>(), yield* Deferred.make<Verdict>()] as const
      rig.hooks.gate = knowing((asks) => {
        asked.push(subjects(asks))
        return Deferred.await(answers[asked.length - 1]!)
      })
      const tell = (principal: typeof bob) => fork(host.tell("c", "Add", { n: 1 }, { principal }))
      const early = [yield* tell(bob), yield* tell(carol)]
      yield* Rig.settle
      const late = yield* tell(bob)
      yield* Deferred.succeed(answers[0], true)
      yield* Rig.settle
      assert.deepEqual(asked, [["bob", "carol"], ["bob"]])
      assert.isTrue(early.every((fiber) => fiber.pollUnsafe() !== undefined))
      yield* Deferred.succeed(answers[1], denied)
      assert.deepEqual((yield* awaitAll([...early, late])).map(tag), ["ok", "ok", "PolicyDenied"])
    }),
)

check("hold: a command that is decided once more is asked for once more", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    const verdicts: Array<Verdict> = [denied, true]
    rig.hooks.gate = knowing(() => Effect.sync(() => verdicts.pop()!))
    let commits = 0
    rig.hooks.commit = (commit) => (group) =>
      commits++ === 0 ? Effect.fail(new StoreUnavailable({ reason: "locked" })) : commit(group)
    const told = yield* fork(host.tell("c", "Add", { n: 1 }, { principal: bob }))
    assert.deepEqual((yield* awaitAll([told])).map(tag), ["PolicyDenied"])
    assert.strictEqual(rig.events.log.length, 0)
  }))

check("hold: a gate that breaks refuses", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    rig.hooks.gate = { look: () => undefined, learn: () => Effect.die("secret-payload") }
    const refused = yield* fork(host.tell("c", "Add", { n: 1 }))
    assert.deepEqual((yield* awaitAll([refused])).map(tag), ["PolicyUnavailable"])
    assert.strictEqual(rig.events.log.length, 0)
  }))

check("hold: a held command is answered at its deadline, and known not to be stored", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ requestTimeoutMs: 3_000 })
    const hanging = yield* hang
    rig.hooks.gate = hanging.gate
    const held = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "k" }))
    yield* Rig.settle
    assert.deepEqual((yield* awaitAll([held])).map(tag), ["Unavailable"])
    yield* hanging.end
    yield* Rig.settle
    assert.deepEqual(host.stats(), { live: 1, working: 0 })
    assert.strictEqual(rig.events.log.length, 0)
  }))

check(
  "hold: a held actor takes no more commands than its mailbox, and does not leave memory",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({ mailbox: 5, idleMaxMs: 1_000, requestTimeoutMs: 30_000 })
      const hanging = yield* hang
      rig.hooks.gate = hanging.gate
      const held = yield* Effect.forEach(upTo(6), () => fork(host.tell("c", "Add", { n: 1 })))
      yield* Rig.settle
      assert.deepEqual(held.map((fiber) => fiber.pollUnsafe() !== undefined), [...Array(5).fill(false), true])
      assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }))), "MailboxFull")
      yield* TestClock.adjust("5 seconds")
      assert.deepEqual(host.stats(), { live: 1, working: 1 })
      yield* hanging.end
      assert.deepEqual((yield* awaitAll(held)).map(tag), [...Array(5).fill("ok"), "MailboxFull"])
    }),
)

check("hold: a store that is slow to look for receipts keeps nobody who is let through", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ requestTimeoutMs: 10_000 })
    yield* host.tell("c", "Add", { n: 1 })
    const hanging = yield* hang
    rig.hooks.gate = hanging.gate
    let looks = 0
    rig.hooks.read = () => ({ receipt: () => (looks++, Effect.never) })
    const held = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "k" }))
    yield* Rig.settle
    yield* TestClock.adjust("1 second")
    yield* Rig.settle
    assert.strictEqual(looks, 1)
    yield* hanging.end
    yield* Rig.settle
    assert.deepEqual((yield* awaitAll([held])).map(tag), ["ok"])
  }))

check("hold: a shutdown waits so long as it may, then refuses what is held", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ drainMs: 2_000 })
    const hanging = yield* hang
    rig.hooks.gate = hanging.gate
    const held = yield* fork(host.tell("c", "Add", { n: 1 }, { commandId: "k" }))
    yield* Rig.settle
    const drained = yield* fork(host.drain)
    yield* Rig.settle
    assert.strictEqual(held.pollUnsafe(), undefined)
    yield* awaitAll([drained])
    assert.deepEqual((yield* awaitAll([held])).map(tag), ["ShuttingDown"])
  }))
