/**
 * How often an actor may fail: a restart budget per actor, and a cool-down once it is spent.
 *
 * Only actors that failed lately are known here, so a healthy host keeps nothing.
 * @module
 */
import type { Limits } from "../core/Limits.ts"

interface Failures {
  /** Of the first failure in the window. */
  since: number
  count: number
  /** The actor answers nothing before this time. */
  blockedUntil: number
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
  const isOver = (failure: Failures, nowMs: number) =>
    nowMs >= failure.blockedUntil && nowMs - failure.since >= limits.restartWindowMs
  return {
    failed: (key, nowMs) => {
      let failure = failures.get(key)
      if (failure === undefined || isOver(failure, nowMs)) {
        failure = { since: nowMs, count: 0, blockedUntil: 0 }
        failures.delete(key)
        failures.set(key, failure)
        if (failures.size > actorsMax) failures.delete(failures.keys().next().value!)
      }
      failure.count++
      if (failure.count > limits.restarts) {
        failure.blockedUntil = nowMs + limits.coolDownMs
        // After the cool-down the budget is whole again.
        failure.since = nowMs - limits.restartWindowMs
        return undefined
      }
      return Math.min(limits.restartBackoffMs * 2 ** (failure.count - 1), limits.restartBackoffMaxMs)
    },
    blockedMs: (key, nowMs) => failures.size === 0 ? 0 : Math.max(0, (failures.get(key)?.blockedUntil ?? 0) - nowMs),
    prune: (nowMs) => {
      for (const [key, failure] of failures) if (isOver(failure, nowMs)) failures.delete(key)
    },
    size: () => failures.size,
  }
}
