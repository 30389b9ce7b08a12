/**
 * Finds streams and receipts, in memory where no other connection has written since.
 * @module
 */
import type { Receipt } from "../../../core/EventStore.ts"
import { tombstone } from "../../../core/EventStore.ts"
import { empty, keyOf, type StreamKey } from "../../../core/Stream.ts"
import type { Located } from "./heads.ts"
import { acceptedOf, type AcceptedRow, passedOf, type ReceiptRow } from "./rows.ts"
import type { Session } from "./session.ts"

/** Numbers of tenant and aggregate held in memory; all are forgotten at once where there are more. */
const kindsMax = 10_000

/**
 * Forgets what another connection may have changed. Asked first in a transaction, it makes all that follows true to the
 * end; asked outside, true as of now.
 */
export const refresh = (session: Session): void => {
  const { data_version } = session.statements.dataVersion.get() as { readonly data_version: number }
  if (data_version === session.dataVersion) return
  session.heads.clear()
  const { places, position } = session.statements.last.get() as {
    readonly position: number | null
    readonly places: number
  }
  session.lastPosition = position ?? 0
  session.newPlaces = places
  session.dataVersion = data_version
}

export const kindNo = ({ kinds, statements }: Session, tenant: string, aggregate: string): number | undefined => {
  const name = `${tenant}/${aggregate}`
  const known = kinds.get(name)
  if (known !== undefined) return known
  const row = statements.kind.get(tenant, aggregate) as { readonly kind_no: number } | undefined
  if (row === undefined) return undefined
  if (kinds.size >= kindsMax) kinds.clear()
  kinds.set(name, row.kind_no)
  return row.kind_no
}

/** Where the stream is; the answer is kept until another connection writes. */
export const locate = (session: Session, stream: StreamKey): Located => {
  const known = session.heads.get(stream)
  if (known !== undefined) return known
  const kind = kindNo(session, stream.tenant, stream.aggregate)
  const row = kind === undefined ? undefined : session.statements.stream.get(kind, stream.id) as StreamRow | undefined
  const located = locatedOf(kind, row)
  session.heads.set(stream, located)
  return located
}

/** Learns where the streams are, those of one tenant and aggregate in one statement. */
export const learn = (session: Session, streams: ReadonlyArray<StreamKey>): void => {
  const unknown = new Map<number, { readonly first: StreamKey; readonly ids: Array<string> }>()
  for (const stream of streams) {
    if (session.heads.get(stream) !== undefined) continue
    const kind = kindNo(session, stream.tenant, stream.aggregate)
    session.heads.set(stream, locatedOf(kind, undefined))
    if (kind === undefined) continue
    const asked = unknown.get(kind)
    if (asked === undefined) unknown.set(kind, { first: stream, ids: [stream.id] })
    else asked.ids.push(stream.id)
  }
  for (const [kind, { first, ids }] of unknown) {
    const rows = session.statements.streamsIn.all(JSON.stringify(ids), kind)
    for (const row of rows as ReadonlyArray<StreamRow & { readonly id: string }>) {
      session.heads.set({ ...first, id: row.id }, locatedOf(kind, row))
    }
  }
}

interface StreamRow {
  readonly stream_no: number
  readonly version: number
  readonly recorded_at: number
  readonly type: string
}
const locatedOf = (kind: number | undefined, row: StreamRow | undefined): Located => {
  if (row === undefined) return { streamNo: 0, kindNo: kind ?? 0, head: empty }
  const head = { version: row.version, recordedAt: row.recorded_at, closed: row.type === tombstone.type }
  return { streamNo: row.stream_no, kindNo: kind!, head }
}

/** `aliveSince`: refusals and no-ops remembered before are forgotten. */
export const findReceipt = (
  { statements }: Session,
  streamNo: number,
  stream: StreamKey,
  commandId: string,
  aliveSince: number,
): Receipt | undefined => {
  if (streamNo !== 0) {
    const rows = statements.accepted.all(commandId, streamNo) as ReadonlyArray<AcceptedRow>
    if (rows.length > 0) return acceptedOf(commandId, rows)
  }
  const passed = statements.passed.get(commandId, keyOf(stream), aliveSince) as ReceiptRow | undefined
  return passed === undefined ? undefined : passedOf(commandId, passed)
}
