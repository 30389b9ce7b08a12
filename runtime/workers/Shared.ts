/**
 * Work that all who ask for it at about the same time share, one run after another.
 * @module
 */
import { Effect, Semaphore } from "effect"

/**
 * Done once a run that began later than this call is done: such a run does all that this one would. A run that fails, or is
 * interrupted, fails its caller alone; whoever waits runs its own.
 */
export type Shared = <E, R>(work: Effect.Effect<void, E, R>) => Effect.Effect<void, E, R>

export const make = (): Shared => {
  const one = Semaphore.makeUnsafe(1)
  /** Numbers of the last run that was begun, and of the last that was done. */
  let [begun, done] = [0, 0]
  return (work) =>
    Effect.suspend(() => {
      const wanted = begun + 1
      return one.withPermits(1)(Effect.suspend(() => {
        if (done >= wanted) return Effect.void
        const number = ++begun
        return Effect.map(work, () => void (done = number))
      }))
    })
}
