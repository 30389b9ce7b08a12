/**
 * Asks a store or a queue until it answers; said once that it does not.
 * @module
 */
import { Effect } from "effect"
import { Limits } from "../../core/Limits.ts"
import { backoff } from "./backoff.ts"

/** Tries again with growing delays for as long as it fails; what is called must stand being called twice. */
export const persist = <A, R>(call: Effect.Effect<A, { readonly reason: string }, R>): Effect.Effect<A, never, R> => {
  const again = (failures: number): Effect.Effect<A, never, R> =>
    Effect.catch(call, ({ reason }) =>
      Effect.gen(function* () {
        if (failures === 1) {
          yield* Effect.logWarning("a store or a queue cannot be asked").pipe(Effect.annotateLogs({ reason }))
        }
        const { routeBackoffMaxMs, routeBackoffMs } = yield* Limits
        yield* backoff(failures, routeBackoffMs, routeBackoffMaxMs)
        return yield* again(failures + 1)
      }))
  return again(1)
}
