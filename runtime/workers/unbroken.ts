/**
 * Work in the background that nothing ends but its scope.
 * @module
 */
import { Cause, Effect } from "effect"
import { Limits } from "../../core/Limits.ts"
import * as Defect from "../Defect.ts"

/** Begins `work` anew whenever it breaks or ends, after a while: nothing is lost but time. Messages of errors are not said. */
export const unbroken = <A, R>(
  what: string,
  about: Readonly<Record<string, string>>,
  work: Effect.Effect<A, never, R>,
): Effect.Effect<never, never, R> =>
  Effect.gen(function* () {
    const { leaseMs } = yield* Limits
    const again = Effect.catchCause(work, (cause) => Defect.log(`${what} broke`, Cause.squash(cause), about))
    return yield* Effect.forever(Effect.andThen(again, Effect.sleep(leaseMs / 3)))
  })
