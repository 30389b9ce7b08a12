/**
 * A tenant's events by time: one indexed page of each of its aggregates, merged.
 * @module
 */
import { compare, type TimeKey, timeKey } from "../../../core/Cursor.ts"
import type { StoredEvent, TimeRange } from "../../../core/EventStore.ts"
import { kindNo } from "./locate.ts"
import { eventOf, type EventRow } from "./rows.ts"
import type { Session } from "./session.ts"

type Kind = { readonly kind_no: number; readonly aggregate: string }
type Row = readonly [...event: EventRow, id: string]

/** The first `limit + 1` events of the range behind `after`. */
export const byTime = (
  session: Session,
  { tenant, from, to, aggregate, limit }: TimeRange,
  after: TimeKey | undefined,
): ReadonlyArray<StoredEvent> => {
  const pages = kindsOf(session, tenant, aggregate).flatMap((kind) => {
    const [at, id, version] = startOf(kind.aggregate, from, after)
    const rows = session.statements.byTime.all(kind.kind_no, at, id, version, to, limit + 1) as ReadonlyArray<Row>
    return rows.map((row) => eventOf(tenant, kind.aggregate, row[9], row))
  })
  return pages.sort((a, b) => compare(timeKey(a), timeKey(b))).slice(0, limit + 1)
}

const kindsOf = (session: Session, tenant: string, aggregate: string | undefined): ReadonlyArray<Kind> => {
  if (aggregate === undefined) return session.statements.kindsOf.all(tenant) as ReadonlyArray<Kind>
  const no = kindNo(session, tenant, aggregate)
  return no === undefined ? [] : [{ kind_no: no, aggregate }]
}

/** Where an aggregate's part of the listing goes on, exclusive; no id is empty and no version 0. */
const startOf = (
  aggregate: string,
  from: number,
  after: TimeKey | undefined,
): readonly [at: number, id: string, version: number] => {
  if (after === undefined || after[0] < from) return [from, "", 0]
  const [at, last, id, version] = after
  if (aggregate === last) return [at, id, version]
  return aggregate > last ? [at, "", 0] : [at + 1, "", 0]
}
