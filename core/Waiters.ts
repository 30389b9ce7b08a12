/**
 * Those who wait until something may have come.
 * @module
 */
import { Effect } from "effect"

export type Waiters = Set<() => void>

/** Returns once somebody wakes it; given up, it is forgotten. */
export const woken = (waiters: Waiters): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const go = () => {
      waiters.delete(go)
      resume(Effect.void)
    }
    waiters.add(go)
    return Effect.sync(() => waiters.delete(go))
  })

/** Wakes those who wait now: whoever goes may wait again before this ends. */
export const wake = (waiters: Waiters): void => {
  for (const go of [...waiters]) go()
}
