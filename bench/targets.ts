/**
 * What the figures are held against. All speeds are ratios within one round, so that a slow host makes no failure.
 * @module
 */

export interface Target {
  /** Of the raw limit's rows a second, at least. */
  readonly ofRaw: number
  /** Times the Effect Cluster entity, at least. */
  readonly ofEntity: number
}

export const speed: Readonly<Record<string, Target>> = {
  "W1": { ofRaw: 0.22, ofEntity: 28 },
  "W2": { ofRaw: 0.16, ofEntity: 16 },
  "W3": { ofRaw: 0.20, ofEntity: 20 },
}

/** At 256 in flight: the 99th percentile over that of the raw loop's commits, at most. */
export const p99OfRaw = 5
/** At least one firing of the 1 ms timer in so many commands (two groups); a starved one does not fire at all. */
export const commandsPerFiring = 1_024
/** Heap of an idle actor whose state has three fields, at most. */
export const heapBytes = 400
