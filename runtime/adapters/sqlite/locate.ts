/**
 * Finds streams and receipts, in memory where no other connection has written since.
 * @module
 */
import type { Receipt } from "../../../core/EventStore.ts"
import { tombstone } from "../../../core/EventStore.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import { absent, type Located } from "./heads.ts"
import { acceptedOf, type EventRow, passedOf, type ReceiptRow } from "./rows.ts"
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
  session.lastPosition = (session.statements.lastPosition.get() as { readonly position: number | null }).position ?? 0
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
export const locate = (session: Session, stream: StreamKey, key = keyOf(stream)): Located => {
  const known = session.heads.get(key)
  if (known !== undefined) return known
  const located = find(session, stream)
  session.heads.set(key, located)
  return located
}

const find = (session: Session, { tenant, aggregate, id }: StreamKey): Located => {
  const kind = kindNo(session, tenant, aggregate)
  if (kind === undefined) return absent
  const row = session.statements.stream.get(kind, id) as
    | { readonly stream_no: number; readonly version: number; readonly recorded_at: number; readonly type: string }
    | undefined
  if (row === undefined) return { ...absent, kindNo: kind }
  const head = { version: row.version, recordedAt: row.recorded_at, closed: row.type === tombstone.type }
  return { streamNo: row.stream_no, kindNo: kind, head }
}

/** `aliveSince`: refusals and no-ops remembered before are forgotten. */
export const findReceipt = (
  { statements }: Session,
  streamNo: number,
  key: string,
  commandId: string,
  aliveSince: number,
): Receipt | undefined => {
  if (streamNo !== 0) {
    const rows = statements.accepted.all(commandId, streamNo) as ReadonlyArray<EventRow>
    if (rows.length > 0) return acceptedOf(commandId, rows)
  }
  const passed = statements.passed.get(commandId, key, aliveSince) as ReceiptRow | undefined
  return passed === undefined ? undefined : passedOf(commandId, passed)
}
