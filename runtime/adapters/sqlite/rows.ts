/**
 * Rows to events and receipts and back.
 * @module
 */
import { type CommandRecord, type Receipt, type StoredEvent, StoreUnavailable } from "../../../core/EventStore.ts"

/** The columns of an event as `statements.ts` selects them for pages, as an array; some select more behind them. */
export type EventRow = readonly [
  position: number,
  version: number,
  recordedAt: number,
  type: string,
  schemaVersion: number,
  eventId: string,
  commandId: string,
  meta: string,
  payload: string,
]

type Meta = readonly [
  fingerprint: string,
  /** Absent where it is the command's id. */
  correlationId: string | null,
  causationId: string | null,
  principal: string,
  traceparent: string | null,
  writerId: string,
]

/** What is seldom asked for stands in one column: a column more costs each append more than a parse costs a reader. */
export const metaOf = (command: CommandRecord): string => {
  const { causationId, commandId, correlationId, fingerprint, principal, traceparent, writerId } = command
  const correlation = correlationId === commandId ? null : correlationId
  const meta: Meta = [fingerprint, correlation, causationId ?? null, principal, traceparent ?? null, writerId]
  return JSON.stringify(meta)
}

const parseAll = (meta: string): Meta => {
  try {
    return JSON.parse(meta) as Meta
  } catch (cause) {
    // Only a damaged file holds another text.
    throw new StoreUnavailable({ reason: "corrupt", cause })
  }
}

/** What stood behind the fingerprint in the text read last: event after event it is the same. */
let last: { readonly tail: string; readonly meta: Meta } | undefined

const parse = (meta: string): Meta => {
  const end = meta.indexOf('"', 2)
  const [fingerprint, tail] = [meta.slice(2, end), meta.slice(end)]
  if (last?.tail === tail && !fingerprint.includes("\\")) {
    const [, correlationId, causationId, principal, traceparent, writerId] = last.meta
    return [fingerprint, correlationId, causationId, principal, traceparent, writerId]
  }
  const whole = parseAll(meta)
  if (whole[0] === fingerprint) last = { tail, meta: whole }
  return whole
}

type Row = readonly [...event: EventRow, ...more: ReadonlyArray<unknown>]

export const eventOf = (tenant: string, aggregate: string, id: string, row: Row): StoredEvent => {
  const [, version, recordedAt, type, schemaVersion, eventId, commandId, meta, payload] = row
  const [fingerprint, correlationId, causationId, principal, traceparent, writerId] = parse(meta)
  return {
    tenant,
    aggregate,
    id,
    version,
    recordedAt,
    eventId,
    type,
    schemaVersion,
    payload,
    commandId,
    fingerprint,
    correlationId: correlationId ?? commandId,
    causationId: causationId ?? undefined,
    principal,
    traceparent: traceparent ?? undefined,
    writerId,
  }
}

export interface AcceptedRow {
  readonly position: number
  readonly version: number
  readonly type: string
  readonly event_id: string
  readonly meta: string
}

/** An accepted command's receipt is its events. */
export const acceptedOf = (
  commandId: string,
  rows: ReadonlyArray<AcceptedRow>,
): Receipt => {
  const last = rows.at(-1)!
  return {
    commandId,
    fingerprint: parse(last.meta)[0],
    version: last.version,
    events: rows.map((row) => ({ eventId: row.event_id, type: row.type, version: row.version })),
    refusal: undefined,
    offset: last.position,
  }
}

/** A remembered refusal, or a no-op where there is no tag. */
export interface ReceiptRow {
  readonly version: number
  readonly fingerprint: string
  readonly tag: string | null
  readonly status: number | null
  readonly members: string | null
}

export const passedOf = (commandId: string, row: ReceiptRow): Receipt => ({
  commandId,
  fingerprint: row.fingerprint,
  version: row.version,
  events: [],
  refusal: row.tag === null ? undefined : { tag: row.tag, status: row.status!, members: row.members! },
  offset: undefined,
})
