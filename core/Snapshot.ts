/**
 * When a snapshot is due, and what one says about itself.
 * @module
 */

export interface Policy {
  /** Due once so many events were appended since the last one. */
  readonly everyEvents?: number
  /** Due once the payloads since the last one reach so many bytes: the bound of how far the state can have grown. */
  readonly everyBytes?: number
}

/** Declares a snapshot rule; the first bound reached counts. */
export const policy = (rule: Policy): Policy => {
  for (const [name, value] of Object.entries(rule)) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`snapshot rule ${name} = ${value} must be at least 1`)
  }
  return rule
}

/** The default: a cold load reads at most a hundred events or 64 KiB beside the snapshot. */
export const defaultPolicy: Policy = { everyEvents: 100, everyBytes: 65_536 }

/** Whether a snapshot is due after `events` events of `bytes` bytes since the last one. */
export const isDue = (rule: Policy, events: number, bytes: number): boolean =>
  events > 0 &&
  ((rule.everyEvents !== undefined && events >= rule.everyEvents) ||
    (rule.everyBytes !== undefined && bytes >= rule.everyBytes))
