/**
 * The name of one aggregate instance's events: tenant, aggregate, id.
 * @module
 */
import { Schema } from "effect"

// The flag `u` of this and other patterns: JSON Schema has them so, and shows none without it.
/** Tenants, aggregate ids and command ids; none of its characters separates the parts of a key or a path. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/u
export const Id = Schema.String.pipe(Schema.check(Schema.isPattern(idPattern)))

export interface StreamKey {
  readonly tenant: string
  readonly aggregate: string
  readonly id: string
}

/** Unambiguous, because no part contains a slash. */
export const keyOf = (stream: StreamKey): string => `${stream.tenant}/${stream.aggregate}/${stream.id}`

/** Of a key, whatever stands behind a third slash. */
export const streamOf = (key: string): StreamKey => {
  const [tenant, aggregate, id] = key.split("/") as [string, string, string]
  return { tenant, aggregate, id }
}

/** Where a stream ends. The empty stream has version 0 and time 0. */
export interface Head {
  /** The count of events. */
  readonly version: number
  /** Milliseconds of the last event; it never falls within a stream, even if the clock does. */
  readonly recordedAt: number
  /** A tombstone was the last event; nothing more is accepted. */
  readonly closed: boolean
}
export const empty: Head = { version: 0, recordedAt: 0, closed: false }
