/**
 * How often an actor may fail: a restart budget per actor, and a cool-down once it is spent.
 *
 * Only actors that failed lately are known here, so a healthy host keeps nothing.
 * @module
 */
import type { Limits } from "../core/Limits.ts"

interface Failures {
  /** Of the failures in the window that ends with the last one; not since the last cool-down. */
  readonly times: ReadonlyArray<number>
  /** The actor answers nothing before this time. */
  readonly blockedUntil: number
}

export interface Supervision {
  /** Counts a failure; answers the delay before the restart, or `undefined` once the budget is spent. */
  readonly failed: (key: string, nowMs: number) => number | undefined
  /** Milliseconds the actor still cools down; 0 if it may work. */
  readonly blockedMs: (key: string, nowMs: number) => number
  /** Forgets actors whose window and cool-down have passed. */
  readonly prune: (nowMs: number) => void
  readonly size: () => number
}

/** More failing actors than this are forgotten oldest first: forgetting grants a fresh budget, nothing worse. */
const actorsMax = 10_000

export const make = (limits: Limits): Supervision => {
  const failures = new Map<string, Failures>()
  const isRecent = (at: number, nowMs: number) => nowMs - at < limits.restartWindowMs
  const isOver = ({ blockedUntil, times }: Failures, nowMs: number) =>
    nowMs >= blockedUntil && !times.some((at) => isRecent(at, nowMs))
  return {
    failed: (key, nowMs) => {
      const times = [...(failures.get(key)?.times ?? []).filter((at) => isRecent(at, nowMs)), nowMs]
      const isSpent = times.length > limits.restarts
      failures.delete(key)
      // After the cool-down the budget is whole again.
      failures.set(key, isSpent ? { times: [], blockedUntil: nowMs + limits.coolDownMs } : { times, blockedUntil: 0 })
      if (failures.size > actorsMax) failures.delete(failures.keys().next().value!)
      return isSpent
        ? undefined
        : Math.min(limits.restartBackoffMs * 2 ** (times.length - 1), limits.restartBackoffMaxMs)
    },
    blockedMs: (key, nowMs) => failures.size === 0 ? 0 : Math.max(0, (failures.get(key)?.blockedUntil ?? 0) - nowMs),
    prune: (nowMs) => {
      for (const [key, failure] of failures) if (isOver(failure, nowMs)) failures.delete(key)
    },
    size: () => failures.size,
  }
}
