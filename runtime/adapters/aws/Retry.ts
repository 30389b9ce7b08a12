/**
 * One call of an AWS service with all its attempts: bounded in number, in time, and by a budget that all calls share.
 *
 * The SDK's own retries are off: it would hide that an earlier attempt may have been carried out, and knows no budget.
 * @module
 */
import { Clock, Effect, Random } from "effect"
import type { Limits } from "../../../core/Limits.ts"
import { elapsedMs } from "../../Host.ts"
import * as Budget from "./Budget.ts"
import { Failed, failedOf } from "./Failed.ts"

export interface Policy {
  /** Attempts of one call, the first included. */
  readonly attempts: number
  readonly attemptMs: number
  /** Of all attempts and the pauses between them. */
  readonly totalMs: number
  /** The pause is chance between nothing and this, twice as much behind each attempt; at most the second. */
  readonly backoffMs: number
  readonly backoffMaxMs: number
}

export interface How {
  /**
   * This is not the first call for a command: it is paid for like a retry, and not made where nothing is left. Whoever
   * repeats whole commands says so, or their calls are not bounded.
   */
  readonly isRepeat?: boolean
}

/** `send` must pass the signal on: an attempt that is given up would go on otherwise, and act after its repeat. */
export type Call = <A>(send: (signal: AbortSignal) => Promise<A>, how?: How) => Effect.Effect<A, Failed>

export const policyOf = (limits: Limits): Policy => ({
  attempts: limits.callAttempts,
  attemptMs: limits.callAttemptMs,
  totalMs: limits.callMs,
  backoffMs: limits.callBackoffMs,
  backoffMaxMs: limits.callBackoffMaxMs,
})

export const budgetOf = ({ callRetryBudget, callRetries }: Limits): Budget.Budget =>
  Budget.make(callRetryBudget, callRetries)

const late = (ms: number): Failed =>
  new Failed({
    ...{ kind: "transient", code: "Deadline", isPassing: true, mayHaveActed: true, attempts: 1 },
    cause: new Error(`no answer within ${ms} ms`),
  })

const unpaid = new Failed({
  ...{ kind: "refused", code: "RetryBudget", isPassing: true, mayHaveActed: false, attempts: 0 },
  cause: new Error("too many calls have failed for this one to be repeated now"),
})

const once = <A>(send: (signal: AbortSignal) => Promise<A>, ms: number): Effect.Effect<A, Failed> =>
  Effect.timeoutOrElse(Effect.tryPromise({ try: send, catch: failedOf }), {
    duration: ms,
    orElse: () => Effect.fail(late(ms)),
  })

/** Full jitter: callers that failed together do not come back together. */
const pauseOf = ({ backoffMaxMs, backoffMs }: Policy, attempt: number, hintMs = 0): Effect.Effect<number> =>
  Effect.map(Random.next, (chance) => hintMs + chance * Math.min(backoffMaxMs, backoffMs * 2 ** (attempt - 1)))

const told = ({ cause, code, hintMs, isPassing, kind }: Failed, attempts: number, mayHaveActed: boolean): Failed =>
  new Failed({ kind, code, isPassing, mayHaveActed, attempts, cause, ...hintMs === undefined ? {} : { hintMs } })

/** Callers of one service share a budget. */
export const make = (policy: Policy, budget: Budget.Budget): Call =>
  Effect.fnUntraced(function* <A>(send: (signal: AbortSignal) => Promise<A>, { isRepeat = false }: How = {}) {
    if (isRepeat && !Budget.spend(budget)) return yield* unpaid
    if (!isRepeat) Budget.earn(budget)
    const clock = yield* Clock.Clock
    const until = elapsedMs(clock) + policy.totalMs
    let mayHaveActed = false
    for (let attempt = 1, left = policy.totalMs;; attempt++) {
      const answer = yield* Effect.result(once(send, Math.min(policy.attemptMs, left)))
      if (answer._tag === "Success") return answer.success
      const failed = answer.failure
      mayHaveActed ||= failed.mayHaveActed
      const pause = yield* pauseOf(policy, attempt, failed.hintMs)
      const over = told(failed, attempt, mayHaveActed)
      if (!failed.isPassing || attempt >= policy.attempts) return yield* over
      if (elapsedMs(clock) + pause >= until || !Budget.spend(budget)) return yield* over
      yield* Effect.sleep(pause)
      left = until - elapsedMs(clock)
      // It slept longer than it meant to.
      if (left <= 0) return yield* over
    }
  })
