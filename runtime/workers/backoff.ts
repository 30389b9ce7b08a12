/**
 * Waiting before something is tried again: twice as long each time, up to a bound, and by full jitter, so that many who
 * failed together do not come back together.
 * @module
 */
import { Effect, Random } from "effect"

/** Sleeps before attempt number `failures` + 1, where `failures` counts from 1. */
export const backoff = (failures: number, firstMs: number, maxMs: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (part) => Effect.sleep(1 + part * Math.min(maxMs, firstMs * 2 ** (failures - 1))))
