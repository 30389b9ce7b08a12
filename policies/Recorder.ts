/**
 * Keeps violations behind the answers: a bounded list that one fiber writes, so that neither a slow store nor a flood of
 * denials holds anybody up. What does not fit, or cannot be written before the end, is dropped and counted.
 * @module
 */
import { Effect, Queue, Result, type Scope } from "effect"
import type { Limits } from "../core/Limits.ts"
import type { Shape as Keeper, Violation } from "../core/Violations.ts"
import * as Defect from "../runtime/Defect.ts"
import * as Metrics from "./PolicyMetrics.ts"

export type RecorderLimits = Pick<Limits, "violationPauseMs" | "violationQueue">

/** Violations of one write. */
const batch = 250
/** At the end the keeper is given so long to take what is left. */
const lastMs = 1_000

/** Takes a violation, at once and without failing. */
export type Take = (violation: Violation) => void

export const make = Effect.fnUntraced(function* (
  keeper: Keeper,
  { violationPauseMs, violationQueue }: RecorderLimits,
): Effect.fn.Return<Take, never, Scope.Scope> {
  const context = yield* Effect.context<never>()
  const wake = yield* Queue.sliding<void>(1)
  const waiting: Array<Violation> = []

  const write = Effect.suspend(() => {
    const some = waiting.slice(0, batch)
    const kept = Effect.catchDefect(Effect.as(Effect.suspend(() => keeper.keep(some)), 0), (defect) =>
      // They would break it again.
      Effect.as(Defect.log("keeping violations broke", defect), some.length))
    return Effect.map(Effect.result(kept), (lost) => {
      if (Result.isSuccess(lost)) {
        waiting.splice(0, some.length)
        Metrics.ViolationsDropped.updateUnsafe(lost.success, context)
      }
      if (waiting.length > 0) Queue.offerUnsafe(wake, undefined)
    })
  })
  const round = Queue.take(wake).pipe(Effect.andThen(write), Effect.andThen(Effect.sleep(violationPauseMs)))
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      for (let left = Infinity; waiting.length > 0 && waiting.length < left;) {
        left = waiting.length
        yield* write
      }
    }).pipe(
      Effect.timeoutOption(lastMs),
      Effect.andThen(Effect.sync(() => Metrics.ViolationsDropped.updateUnsafe(waiting.length, context))),
    )
  )
  yield* Effect.forkScoped(Effect.forever(round))

  return (violation) => {
    if (waiting.length >= violationQueue) return Metrics.ViolationsDropped.updateUnsafe(1, context)
    waiting.push(violation)
    Queue.offerUnsafe(wake, undefined)
  }
})
