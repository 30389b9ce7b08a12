/**
 * A test clock that goes on by itself: laws that wait are run in an instant, and none depends on a busy machine.
 * @module
 */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** Runs a law under the `TestClock` of its test, which is moved on in steps until the law has ended. */
export const driven = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(self)
    // In steps: what begins to wait behind one is woken by the next.
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("10 millis")
    return yield* Fiber.join(fiber)
  })
