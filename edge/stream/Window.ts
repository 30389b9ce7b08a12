/**
 * At most so many in any span of time, exactly: the n-th before must lie a whole span back.
 * @module
 */

export interface Window {
  /** Milliseconds until the next one may come; 0: now. */
  readonly waitMs: (nowMs: number) => number
  /** One came. */
  readonly took: (nowMs: number) => void
}

/** `nowMs` must come from a clock that is never set back, fractions and all. */
export const make = (max: number, spanMs: number): Window => {
  /** When the last `max` came; the oldest at `next`. */
  const times = new Float64Array(max).fill(-Infinity)
  let next = 0
  return {
    waitMs: (nowMs) => max === 0 ? spanMs : Math.max(0, spanMs - (nowMs - times[next]!)),
    took: (nowMs) => {
      times[next] = nowMs
      next = (next + 1) % max
    },
  }
}
