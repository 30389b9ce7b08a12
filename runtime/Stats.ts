/**
 * What a store holds, in figures; those of a large store are estimated from a sample, and say so.
 * @module
 */

/** One event that was looked at. */
export interface Seen {
  readonly tenant: string
  readonly aggregate: string
  /** Milliseconds. */
  readonly recordedAt: number
  /** Of its payload. */
  readonly bytes: number
  /** It began its stream. */
  readonly first: boolean
}

export interface Share {
  readonly name: string
  readonly events: number
  readonly streams: number
}

export interface Figures {
  readonly streams: number
  /** By tenant, and by tenant and aggregate; those with most events first, at most `sharesMax`. */
  readonly tenants: ReadonlyArray<Share>
  readonly aggregates: ReadonlyArray<Share>
  /** Days (UTC) with events, the newest last, at most `daysMax`. */
  readonly days: ReadonlyArray<{ readonly day: string; readonly events: number }>
  /** Bytes of payloads. */
  readonly payload: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number }
}

/** All of what a store says of itself. */
export interface Stats extends Figures {
  readonly events: number
  /** Events looked at; fewer than `events` where the figures are estimates. */
  readonly sampled: number
  /** Milliseconds of the first and the last event in the feed. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
  /** Refusals and no-ops that are remembered, expired ones that are not yet removed included. */
  readonly receipts: AtLeast
  readonly snapshots: AtLeast
  /** Bytes. */
  readonly files: { readonly database: number; readonly log: number; readonly free: number }
}

/** A count that was given up at some bound: then there are more. */
export interface AtLeast {
  readonly count: number
  readonly more: boolean
}

export const sharesMax = 20
export const daysMax = 14
const dayMs = 86_400_000

/** `total` events, of which `seen` were looked at. */
export const figures = (seen: Iterable<Seen>, total: number): Figures & { readonly sampled: number } => {
  const [tenants, aggregates, days] = [new Map<string, Tally>(), new Map<string, Tally>(), new Map<number, number>()]
  const sizes: Array<number> = []
  let streams = 0
  for (const { aggregate, bytes, first, recordedAt, tenant } of seen) {
    sizes.push(bytes)
    if (first) streams++
    count(tenants, tenant, first)
    count(aggregates, `${tenant}/${aggregate}`, first)
    const day = Math.floor(recordedAt / dayMs)
    days.set(day, (days.get(day) ?? 0) + 1)
  }
  sizes.sort((a, b) => a - b)
  const scaled = (part: number) => sizes.length === 0 ? 0 : Math.round(part * total / sizes.length)
  const shares = (tallies: ReadonlyMap<string, Tally>): ReadonlyArray<Share> =>
    [...tallies].map(([name, tally]) => ({ name, events: scaled(tally.events), streams: scaled(tally.streams) }))
      .sort((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1)).slice(0, sharesMax)
  return {
    sampled: sizes.length,
    streams: scaled(streams),
    tenants: shares(tenants),
    aggregates: shares(aggregates),
    days: [...days].sort(([a], [b]) => a - b).slice(-daysMax).map(([day, events]) => ({
      day: new Date(day * dayMs).toISOString().slice(0, 10),
      events: scaled(events),
    })),
    payload: { p50: at(sizes, 0.5), p90: at(sizes, 0.9), p99: at(sizes, 0.99), max: sizes.at(-1) ?? 0 },
  }
}

interface Tally {
  events: number
  streams: number
}
const count = (tallies: Map<string, Tally>, name: string, first: boolean): void => {
  const tally = tallies.get(name) ?? { events: 0, streams: 0 }
  tally.events++
  if (first) tally.streams++
  tallies.set(name, tally)
}

/** The least value that so large a part of all does not exceed. */
const at = (sorted: ReadonlyArray<number>, part: number): number =>
  sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0
