/**
 * Asks a store or a queue until it answers; said once that it does not.
 * @module
 */
import { Effect } from "effect"
import { Limits } from "../../core/Limits.ts"
import { backoff } from "./backoff.ts"

/** Tries again with growing delays for as long as it fails; what is called must stand being called twice. */
export const persist = <A, R>(call: Effect.Effect<A, { readonly reason: string }, R>): Effect.Effect<A, never, R> =>
  Effect.catch(call, ({ reason }) =>
    Effect.gen(function* () {
      yield* Effect.logWarning("a store or a queue does not answer").pipe(Effect.annotateLogs({ reason }))
      const { routeBackoffMaxMs, routeBackoffMs } = yield* Limits
      for (let failures = 1;; failures++) {
        yield* backoff(failures, routeBackoffMs, routeBackoffMaxMs)
        const answer = yield* Effect.result(call)
        if (answer._tag === "Success") return answer.success
      }
    }))
