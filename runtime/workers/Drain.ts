/**
 * Lets what was begun end when the process goes away, and stops it at once where it has lost its right to go on.
 * @module
 */
import { Clock, Effect, Fiber } from "effect"
import { elapsedMs } from "../Host.ts"

export interface Drain {
  /**
   * Interrupted, it is given until `drainMs` after the drain began; before that it is interrupted like anything else.
   * Whatever it does then is done before the interruption goes on.
   */
  readonly finish: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Begins to drain when the scope closes: what uses it must be interrupted by the same scope, so be opened behind it. */
export const make = (drainMs: number): Effect.Effect<{ readonly drain: Drain; readonly begin: Effect.Effect<void> }> =>
  Effect.map(Clock.Clock, (clock) => {
    let until: number | undefined
    const drain: Drain = {
      finish: (effect) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const fiber = yield* Effect.forkDetach(Effect.interruptible(effect))
            const end = Effect.suspend(() => {
              const leftMs = until === undefined ? 0 : until - elapsedMs(clock)
              const wait = leftMs > 0
                ? Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), leftMs)
                : Effect.void
              return Effect.andThen(wait, Fiber.interrupt(fiber))
            })
            return yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => end)
          })
        ),
    }
    return { drain, begin: Effect.sync(() => void (until ??= elapsedMs(clock) + drainMs)) }
  })
