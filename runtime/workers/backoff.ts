/**
 * Waiting before something is tried again: twice as long each time, up to a bound, and by full jitter, so that many who
 * failed together do not come back together.
 * @module
 */
import { Effect, Random } from "effect"

/** Milliseconds before attempt number `failures` + 1, where `failures` counts from 1; at least 1, at most 1 + `maxMs`. */
export const backoffMs = (failures: number, firstMs: number, maxMs: number): Effect.Effect<number> =>
  Effect.map(Random.next, (part) => 1 + part * Math.min(maxMs, firstMs * 2 ** (failures - 1)))

/** Sleeps for so long. */
export const backoff = (failures: number, firstMs: number, maxMs: number): Effect.Effect<void> =>
  Effect.flatMap(backoffMs(failures, firstMs, maxMs), Effect.sleep)
