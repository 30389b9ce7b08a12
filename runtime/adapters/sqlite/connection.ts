/**
 * The file as the stores of one process use it: opened at start, closed with the scope, opened anew after a failure.
 * @module
 */
import { Effect, type Scope } from "effect"
import { StoreOutcomeUnknown, StoreUnavailable } from "../../../core/EventStore.ts"
import { type CannotOpen, cannotOpen } from "./CannotOpen.ts"
import type { Connect } from "./driver.ts"
import { forget, isHarmless, open, type Session, unavailable } from "./session.ts"

export interface Connection {
  /** Reads, in one synchronous step. */
  readonly read: <A>(f: (session: Session) => A) => Effect.Effect<A, StoreUnavailable>
  /** Writes, in one synchronous step; `f` opens its transaction itself. */
  readonly write: <A>(f: (session: Session) => A) => Effect.Effect<A, StoreUnavailable | StoreOutcomeUnknown>
}

export const make = (file: string, connect: Connect): Effect.Effect<Connection, CannotOpen, Scope.Scope> =>
  Effect.gen(function* () {
    let session: Session | undefined
    let closed = false
    /** An outcome is unknown: the next opening settles it before it answers. */
    let unsettled = false

    const drop = () => {
      const dropped = session
      session = undefined
      try {
        dropped?.driver.close()
      } catch {
        // The file is given up either way; the next opening says what is wrong with it.
      }
    }

    yield* Effect.acquireRelease(
      Effect.suspend(() => {
        try {
          session = open(file, connect, "start")
          return Effect.void
        } catch (error) {
          const refusal = cannotOpen(file, error)
          return refusal === undefined ? Effect.die(error) : Effect.fail(refusal)
        }
      }),
      () => Effect.sync(() => (closed = true, drop())),
    )

    const step = <A>(f: (session: Session) => A): Effect.Effect<A, StoreUnavailable | StoreOutcomeUnknown> =>
      Effect.suspend((): Effect.Effect<A, StoreUnavailable | StoreOutcomeUnknown> => {
        if (closed) return Effect.fail(new StoreUnavailable({ reason: "closed" }))
        try {
          if (session === undefined) {
            session = open(file, connect, unsettled ? "settle" : "again")
            unsettled = false
          }
          return Effect.succeed(f(session))
        } catch (error) {
          if (error instanceof StoreOutcomeUnknown) {
            unsettled = true
            drop()
            return Effect.fail(error)
          }
          if (!isHarmless(error)) drop()
          else if (session !== undefined) forget(session)
          const refusal = unavailable(error)
          return refusal === undefined ? Effect.die(error) : Effect.fail(refusal)
        }
      })

    return {
      // Only a COMMIT leaves an outcome unknown.
      read: step as Connection["read"],
      write: step,
    }
  })
