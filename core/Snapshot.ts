/**
 * When a snapshot is due, and what one says about itself.
 * @module
 */
import { Duration } from "effect"

export interface Policy {
  /** Due once so many events were appended since the last one. */
  readonly everyEvents?: number
  /** Due once the payloads since the last one reach so many bytes: the bound of how far the state can have grown. */
  readonly everyBytes?: number
  /**
   * Due once events were appended since the last one and its last event is so old (without one: the first event).
   * Looked at on an append and when the actor leaves memory; no timer waits for it.
   */
  readonly elapsed?: Duration.Input
}

/** A policy as numbers; a bound that is not there is infinite. */
export interface Bounds {
  readonly events: number
  readonly bytes: number
  readonly ms: number
}

export const bounds = ({ elapsed, everyBytes, everyEvents }: Policy): Bounds => ({
  events: everyEvents ?? Infinity,
  bytes: everyBytes ?? Infinity,
  ms: elapsed === undefined ? Infinity : Duration.toMillis(Duration.fromInputUnsafe(elapsed)),
})

/** Declares a snapshot rule; the first bound reached counts. */
export const policy = (rule: Policy): Policy => {
  const given = rule.elapsed === undefined ? rule : { ...rule, elapsed: bounds(rule).ms }
  for (const [name, value] of Object.entries(given)) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`snapshot rule ${name} = ${value} must be at least 1`)
  }
  return rule
}

/** The default: a cold load reads at most a hundred events or 64 KiB beside the snapshot. */
export const defaultPolicy: Policy = { everyEvents: 100, everyBytes: 65_536 }

/** Whether a snapshot is due: `events` events of `bytes` bytes after the last one, which is `ms` milliseconds old. */
export const isDue = (of: Bounds, events: number, bytes: number, ms: number): boolean =>
  events > 0 && (events >= of.events || bytes >= of.bytes || ms >= of.ms)
