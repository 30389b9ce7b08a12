import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { StoreUnavailable } from "../core/EventStore.ts"
import { cases } from "../core/laws/decisions.ts"
import * as Limits from "../core/Limits.ts"
import { type Input, insist, PolicyDenied, PolicyEnforcer, PolicyUnavailable } from "../core/PolicyEnforcer.ts"
import { type Shape as Keeper, type Violation, Violations } from "../core/Violations.ts"
import * as ViolationsMemory from "../core/ViolationsMemory.ts"
import { type Decision, type Engine, EngineFailed } from "./Engine.ts"
import * as Enforcer from "./Enforcer.ts"
import * as Metrics from "./PolicyMetrics.ts"

const { input } = cases[0]!
const no: Decision = { policy: "p", rule: "r" }

/** Says one thing after another, the last for ever; counts how often it was asked. */
const engine = (answers: ReadonlyArray<Decision | EngineFailed | "slow">, more: Partial<Engine> = {}) => {
  const self = {
    asked: 0,
    bundle: "b",
    remembers: true,
    decide: () =>
      Effect.suspend((): Effect.Effect<Decision, EngineFailed> => {
        const answer = answers[Math.min(self.asked++, answers.length - 1)]!
        if (answer === "slow") return Effect.as(TestClock.adjust(101), true)
        return answer instanceof EngineFailed ? Effect.fail(answer) : Effect.succeed(answer)
      }),
    ...more,
  }
  return self
}

const over = (...engines: readonly [Engine, ...ReadonlyArray<Engine>]) => Enforcer.make(engines, 100)
const kept = Effect.provide([ViolationsMemory.layer, Logger.layer([])])
const outcome = (enforcer: PolicyEnforcer["Service"], asked: Input = input) =>
  Effect.match(enforcer.enforce(asked), { onSuccess: () => "allowed", onFailure: ({ _tag }) => _tag })
const failed = new EngineFailed({ reason: "failed" })

describe("an enforcer", () => {
  it.effect("allows only where every engine does, and asks none behind one that does not", () =>
    Effect.gen(function* () {
      const [yes, never] = [engine([true]), engine([no])]
      assert.strictEqual(yield* outcome(yield* over(yes, engine([true]))), "allowed")
      assert.strictEqual(yield* outcome(yield* over(yes, never)), "PolicyDenied")
      assert.strictEqual(yield* outcome(yield* over(never, yes)), "PolicyDenied")
      assert.strictEqual(yield* outcome(yield* over(yes, engine([failed]))), "PolicyUnavailable")
      assert.strictEqual(yes.asked, 3)
    }).pipe(kept))

  it.effect("says which rule of which policy refused", () =>
    Effect.gen(function* () {
      const enforcer = yield* over(engine([true]), engine([no]))
      assert.deepEqual(yield* Effect.flip(enforcer.enforce(input)), new PolicyDenied({ policy: "p", rule: "r" }))
      assert.deepEqual(enforcer.known(input), new PolicyDenied({ policy: "p", rule: "r" }))
    }).pipe(kept))

  it.effect("remembers yes and no, by every part of the question", () =>
    Effect.gen(function* () {
      for (const answer of [true, no] as const) {
        const one = engine([answer])
        const enforcer = yield* over(one)
        assert.isUndefined(enforcer.known(input))
        for (let i = 0; i < 3; i++) yield* outcome(enforcer)
        assert.strictEqual(one.asked, 1)
        assert.isDefined(enforcer.known(input))
        for (const part of Object.keys(input)) {
          const other = { ...input, [part]: part === "scopes" ? [...input.scopes, "x"] : "other" }
          assert.isUndefined(enforcer.known(other), part)
        }
        yield* outcome(enforcer, { ...input, scopes: ["a", "b"] })
        assert.isDefined(enforcer.known({ ...input, scopes: ["a", "b"] }))
        assert.isUndefined(enforcer.known({ ...input, scopes: ['a","b'] }))
      }
    }).pipe(kept))

  it.effect("remembers no failure: the next question is asked anew", () =>
    Effect.gen(function* () {
      const one = engine([failed, failed, true])
      const enforcer = yield* over(one)
      const error = yield* Effect.flip(enforcer.enforce(input))
      assert.deepEqual(error, new PolicyUnavailable({ retryAfterSeconds: 1 }))
      assert.isUndefined(enforcer.known(input))
      assert.strictEqual(yield* outcome(enforcer), "PolicyUnavailable")
      assert.strictEqual(yield* outcome(enforcer), "allowed")
      assert.strictEqual(one.asked, 3)
    }).pipe(kept))

  it.effect("denies what took longer than its limit, though it said yes, and does not remember it", () =>
    Effect.gen(function* () {
      const enforcer = yield* over(engine(["slow", true]))
      assert.strictEqual(yield* outcome(enforcer), "PolicyUnavailable")
      assert.isUndefined(enforcer.known(input))
      assert.strictEqual(yield* outcome(enforcer), "allowed")
    }).pipe(kept))

  it.effect("remembers nothing where one of its engines is elsewhere", () =>
    Effect.gen(function* () {
      const [here, elsewhere] = [engine([true]), engine([true, no], { remembers: false })]
      const enforcer = yield* over(elsewhere, here)
      assert.strictEqual(yield* outcome(enforcer), "allowed")
      assert.isUndefined(enforcer.known(input))
      assert.strictEqual(yield* outcome(enforcer), "PolicyDenied")
      assert.isUndefined(enforcer.known(input))
    }).pipe(kept))

  it.effect("remembers no more than its limit, and what is in use longest", () =>
    Effect.gen(function* () {
      const one = engine([true])
      const enforcer = yield* over(one)
      const of = (n: number) => ({ ...input, subject: `s${n}` })
      for (let n = 0; n < 40; n++) {
        yield* enforcer.enforce(of(n))
        yield* enforcer.enforce(of(0))
      }
      assert.strictEqual(one.asked, 40)
      const known = Array.from({ length: 40 }, (_, n) => enforcer.known(of(n))).filter((is) => is === true).length
      assert.isAtMost(known, 10)
      assert.isTrue(enforcer.known(of(39)))
    }).pipe(kept, Effect.provideService(Limits.Limits, Limits.lowered({ decisions: 10 }))))

  it.effect("counts, and logs each denial and failure without scopes or payload", () => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    return Effect.gen(function* () {
      const enforcer = yield* over(engine([no, failed, true]))
      const counts = Effect.gen(function* () {
        const all = [Metrics.PolicyDecisions, Metrics.PolicyDenials, Metrics.PolicyFailures]
        return yield* Effect.forEach(all, (one) => Effect.map(Metric.value(one), ({ count }) => count as number))
      })
      const before = yield* counts
      const asked = { ...input, scopes: ["secret"] }
      for (const subject of ["a", "a", "b", "c"]) yield* outcome(enforcer, { ...asked, subject })
      const after = yield* counts
      assert.deepEqual(after.map((count, i) => count - before[i]!), [4, 2, 1])
      assert.strictEqual(lines.length, 3)
      assert.deepInclude(JSON.parse(lines[0]!).annotations, {
        policy: "p",
        rule: "r",
        action: "command",
        subject: "Order.PlaceOrder",
        tenant: "t",
        principal: "a",
        bundle: "b",
      })
      assert.strictEqual(JSON.parse(lines[2]!).annotations.reason, "failed")
      assert.notInclude(lines.join("\n"), "secret")
    }).pipe(Effect.provide([ViolationsMemory.layer, Logger.layer([logger])]))
  })
})

describe("an engine that answers nothing in time", () => {
  it.effect("is counted and logged though somebody insists on an answer in the same time", () => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    return Effect.gen(function* () {
      const slow = new EngineFailed({ reason: "slow" })
      const decide = () => Effect.timeoutOrElse(Effect.never, { duration: 200, orElse: () => Effect.fail(slow) })
      const enforce = insist(yield* over(engine([], { decide, remembers: false })), 200)
      const asked = yield* Effect.forkChild(Effect.flip(enforce(input)))
      yield* TestClock.adjust(300)
      assert.strictEqual((yield* Fiber.join(asked))._tag, "PolicyUnavailable")
      assert.deepInclude(JSON.parse(lines[0] ?? "{}").annotations, { reason: "slow" })
    }).pipe(Effect.provide([ViolationsMemory.layer, Logger.layer([logger])]))
  })
})

describe("what an enforcer keeps", () => {
  /** A keeper that fails or hangs as told; `held` is what it took. */
  const keeper = () => {
    const self = {
      held: [] as Array<Violation>,
      mood: "fine" as "fine" | "fails" | "hangs" | "breaks",
      calls: 0,
      keep: (some: ReadonlyArray<Violation>): Effect.Effect<void, StoreUnavailable> =>
        Effect.suspend(() => {
          self.calls++
          if (self.mood === "hangs") return Effect.never
          if (self.mood === "breaks") return Effect.die(new TypeError("secret"))
          if (self.mood === "fails") return Effect.fail(new StoreUnavailable({ reason: "locked" }))
          self.held.push(...some)
          return Effect.void
        }),
      list: () => Effect.succeed({ items: [], cursor: undefined }),
    } satisfies Keeper & Record<string, unknown>
    return self
  }
  const dropped = Effect.map(Metric.value(Metrics.ViolationsDropped), ({ count }) => count as number)
  const limits = Limits.lowered({ violationQueue: 10, violationPauseMs: 100 })
  const setUp = Effect.fnUntraced(function* (mood: "fine" | "fails" | "hangs" | "breaks") {
    const held = keeper()
    held.mood = mood
    const scope = yield* Scope.make()
    const enforcer = yield* over(engine([no])).pipe(
      Effect.provideService(Violations, held),
      Effect.provideService(Limits.Limits, limits),
      Scope.provide(scope),
    )
    const before = yield* dropped
    return { held, enforcer, scope, lost: Effect.map(dropped, (now) => now - before) }
  })
  const ask = (enforcer: PolicyEnforcer["Service"], times: number) =>
    Effect.forEach(Array.from({ length: times }), () => outcome(enforcer))

  it.effect("answers at once while its keeper hangs, and drops what does not fit", () =>
    Effect.gen(function* () {
      const { enforcer, held, lost, scope } = yield* setUp("hangs")
      const answers = yield* ask(enforcer, 50)
      assert.isTrue(answers.every((one) => one === "PolicyDenied"))
      assert.strictEqual(yield* lost, 40)
      assert.isAtMost(held.calls, 1)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(2_000)
      yield* Fiber.join(closing)
      assert.strictEqual(yield* lost, 50)
    }))

  it.effect("tries again what its keeper refused, and loses none of it", () =>
    Effect.gen(function* () {
      const { enforcer, held, lost } = yield* setUp("fails")
      yield* ask(enforcer, 5)
      yield* TestClock.adjust(350)
      assert.isAtLeast(held.calls, 3)
      held.mood = "fine"
      yield* TestClock.adjust(200)
      assert.strictEqual(held.held.length, 5)
      assert.strictEqual(yield* lost, 0)
    }))

  it.effect("drops and logs what breaks its keeper, and keeps what comes then", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const { enforcer, held, lost } = yield* setUp("breaks")
      yield* ask(enforcer, 3)
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* lost, 3)
      assert.match(lines.join("\n"), /keeping violations broke/)
      assert.notInclude(lines.join("\n"), "secret")
      held.mood = "fine"
      yield* ask(enforcer, 2)
      yield* TestClock.adjust(200)
      assert.strictEqual(held.held.length, 2)
    }).pipe(Effect.provide(Logger.layer([Logger.map(Logger.formatJson, (line) => void lines.push(line))])))
  })
  it.effect("says what was refused for an engine that failed, one a second and tenant", () =>
    Effect.gen(function* () {
      const held = keeper()
      const slow = new EngineFailed({ reason: "slow" })
      const enforcer = yield* over(engine([slow]), engine([true], { bundle: "own" })).pipe(
        Effect.provideService(Violations, held),
        Effect.provideService(Limits.Limits, limits),
      )
      for (let i = 0; i < 20; i++) yield* outcome(enforcer)
      yield* outcome(enforcer, { ...input, tenant: "other" })
      yield* TestClock.adjust(1_000)
      yield* outcome(enforcer)
      yield* TestClock.adjust(500)
      assert.deepEqual(
        held.held.map(({ bundle, policy, rule, tenant }) => [tenant, policy, rule, bundle]),
        ["t", "other", "t"].map((tenant) => [tenant, "no-decision", "engine-slow", "b+own"]),
      )
    }))

  it.effect("writes what is left when it ends", () =>
    Effect.gen(function* () {
      const { enforcer, held, scope, lost } = yield* setUp("fine")
      yield* ask(enforcer, 1)
      yield* TestClock.adjust(10)
      yield* ask(enforcer, 7)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(held.held.length, 8)
      assert.strictEqual(yield* lost, 0)
    }))
})

describe("the layer", () => {
  it.effect("gives an enforcer", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* outcome(yield* PolicyEnforcer), "PolicyDenied")
    }).pipe(
      Effect.provide(
        Layer.provide(Enforcer.layer([engine([no])], ({ decisionMs }) => decisionMs), ViolationsMemory.layer),
      ),
    ))
})
