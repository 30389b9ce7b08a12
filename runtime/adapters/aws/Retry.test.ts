/**
 * Attempts on a clock that the tests move: how many, how far apart, how long, and who pays for them.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Random, Schema } from "effect"
import { TestClock } from "effect/testing"
import { defaults } from "../../../core/Limits.ts"
import * as Budget from "./Budget.ts"
import type { Failed } from "./Failed.ts"
import { budgetOf, make, type Policy, policyOf } from "./Retry.ts"

const policy: Policy = { attempts: 4, attemptMs: 1_000, totalMs: 5_000, backoffMs: 100, backoffMaxMs: 250 }
const rich = () => Object.assign(Budget.make(100, 2), { left: 100 })

const errors = {
  throttled: { name: "ThrottlingException", $metadata: { httpStatusCode: 400 } },
  lost: { name: "Error", code: "ECONNRESET" },
  refused: { name: "Error", code: "ECONNREFUSED" },
  condition: { name: "ConditionalCheckFailedException", $metadata: { httpStatusCode: 400 } },
}
type Kind = keyof typeof errors

/** Says these one after the other, then `"ok"`; `times` is when it was asked. */
const service = (...answers: ReadonlyArray<Kind | "never" | "ok">) => {
  const signals: Array<AbortSignal> = []
  const send = (signal: AbortSignal): Promise<string> => {
    const answer = answers[signals.push(signal) - 1] ?? "ok"
    if (answer === "never") return new Promise(() => {})
    return answer === "ok" ? Promise.resolve(answer) : Promise.reject(errors[answer])
  }
  return { send, signals }
}

/** Moves the clock until the call is over. */
const settled = <A>(call: Effect.Effect<A, Failed>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.result(call))
    let ms = 0
    for (; fiber.pollUnsafe() === undefined && ms < 60_000; ms += 10) {
      yield* Effect.promise(() => Promise.resolve())
      yield* TestClock.adjust("10 millis")
    }
    return { answer: yield* Fiber.join(fiber), ms }
  })

it.effect("a call is repeated until it is answered, with pauses that grow up to a bound and are left to chance", () =>
  Effect.gen(function* () {
    const { send, signals } = service("throttled", "lost", "refused")
    const { answer, ms } = yield* settled(make(policy, rich())(send))
    assert.deepStrictEqual([answer._tag, signals.length], ["Success", 4])
    assert.isAtMost(ms, 100 + 200 + 250 + 4 * 20)
    const pauses = yield* Effect.forEach([1, 2, 3, 4, 5], (seed) =>
      Effect.map(
        settled(make(policy, rich())(service("lost").send)).pipe(Random.withSeed(seed)),
        ({ ms }) => ms,
      ))
    assert.isAbove(new Set(pauses).size, 1)
  }))

it.effect("what the service has decided is not asked again, and attempts are bounded", () =>
  Effect.gen(function* () {
    const decided = service("condition")
    const first = yield* settled(make(policy, rich())(decided.send))
    assert.deepStrictEqual([first.answer._tag, decided.signals.length], ["Failure", 1])
    const down = service("throttled", "throttled", "throttled", "throttled", "throttled")
    const { answer } = yield* settled(make(policy, rich())(down.send))
    assert.strictEqual(down.signals.length, 4)
    assert.deepInclude(answer._tag === "Failure" ? answer.failure : {}, { kind: "throttled", attempts: 4 })
  }))

it.effect("an answer that was lost is remembered, whatever came back later", () =>
  Effect.gen(function* () {
    const said = (...answers: ReadonlyArray<Kind>) =>
      Effect.map(settled(make(policy, rich())(service(...answers).send)), ({ answer }) =>
        answer._tag === "Failure" ? [answer.failure.kind, answer.failure.mayHaveActed] : [])
    assert.deepStrictEqual(yield* said("condition"), ["service", false])
    assert.deepStrictEqual(yield* said("refused", "throttled", "condition"), ["service", false])
    assert.deepStrictEqual(yield* said("lost", "throttled", "condition"), ["service", true])
    assert.deepStrictEqual(yield* said("lost", "refused", "refused", "refused"), ["refused", true])
  }))

it.effect("an attempt is given up at its deadline and told so, and the whole call at its own", () =>
  Effect.gen(function* () {
    const { send, signals } = service("never")
    const { answer } = yield* settled(make(policy, rich())(send))
    assert.deepStrictEqual([answer._tag, signals.map(({ aborted }) => aborted)], ["Success", [true, false]])
    const deaf = service(...Array.from({ length: 9 }, () => "never" as const))
    const { answer: none, ms } = yield* settled(make({ ...policy, attempts: 9 }, rich())(deaf.send))
    assert.deepInclude(none._tag === "Failure" ? none.failure : {}, { code: "Deadline", mayHaveActed: true })
    assert.isAtMost(ms, 5_000 + 100)
    assert.isTrue(deaf.signals.every(({ aborted }) => aborted))
  }))

it.effect("a call has its time and no more, also where the clock is set back meanwhile", () =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    let asked = 0
    const ms = () => clock.currentTimeMillisUnsafe() - 10_000 * asked++
    const backwards: Clock.Clock = {
      ...clock,
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      sleep: (duration) => clock.sleep(duration),
      currentTimeMillisUnsafe: ms,
      currentTimeMillis: Effect.sync(ms),
    }
    const deaf = service(...Array.from({ length: 9 }, () => "never" as const))
    const call = make({ ...policy, attempts: 9 }, rich())(deaf.send)
    const { ms: took } = yield* settled(Effect.provideService(call, Clock.Clock, backwards))
    assert.isAtMost(took, 5_000 + 100)
  }))

it.effect("a call that is interrupted is aborted", () =>
  Effect.gen(function* () {
    const { send, signals } = service("never")
    const fiber = yield* Effect.forkChild(make(policy, rich())(send))
    yield* TestClock.adjust("10 millis")
    assert.isTrue(Exit.isFailure(yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))))
    assert.isTrue(signals[0]!.aborted)
  }))

it.effect("a repeated command pays for its first attempt, and is not sent where nothing is left", () =>
  Effect.gen(function* () {
    const budget = Budget.make(10, 2)
    const call = make({ ...policy, attempts: 1 }, budget)
    const { send, signals } = service("lost", "lost", "lost", "lost", "lost")
    yield* settled(call(send))
    for (let i = 0; i < 5; i++) {
      const { answer } = yield* settled(call(send, { isRepeat: true }))
      const failure = answer._tag === "Failure" ? answer.failure : undefined
      assert.strictEqual(failure?.code, i < 2 ? "ECONNRESET" : "RetryBudget")
      assert.strictEqual(failure?.mayHaveActed, i < 2)
    }
    assert.strictEqual(signals.length, 3)
  }))

const Asked = Schema.Struct({ fails: Schema.Literals(["ok", "throttled", "lost"]), isRepeat: Schema.Boolean })
it.effect.prop(
  "calls never exceed three times the commands, however they fail and are repeated",
  { asked: Schema.Array(Asked).pipe(Schema.check(Schema.isMinLength(20), Schema.isMaxLength(60))) },
  ({ asked }) =>
    Effect.gen(function* () {
      const call = make({ ...policy, attempts: 5 }, budgetOf({ ...defaults, callRetryBudget: 7 }))
      let [calls, commands] = [0, 0]
      for (const { fails, isRepeat } of asked) {
        if (!isRepeat) commands++
        const send = () => {
          calls++
          return fails === "ok" ? Promise.resolve() : Promise.reject(errors[fails])
        }
        yield* settled(call(send, { isRepeat }))
        assert.isAtMost(calls, 3 * commands)
      }
    }),
  { arbitrary: { runs: 25, seed: 1 } },
)

it("a good day saves up for so many retries and no more", () => {
  const budget = Budget.make(7, 2)
  for (let i = 0; i < 100; i++) Budget.earn(budget)
  assert.deepStrictEqual(Array.from({ length: 9 }, () => Budget.spend(budget)).filter((paid) => paid).length, 7)
})

it("the policy of the limits fits an answer within a request's time", () => {
  const { attemptMs, attempts, totalMs } = policyOf(defaults)
  assert.isTrue(attemptMs * 2 < totalMs && totalMs * 2 < defaults.requestTimeoutMs && attempts > 1)
})
