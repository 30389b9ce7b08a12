/**
 * Copies out of and into a file: receipts are listed, events and receipts stored with the times they have.
 * @module
 */
import { Clock, Effect } from "effect"
import { Archive, type Entry, type PassedReceipt, type Restored, same, type Shape } from "../../../core/Archive.ts"
import * as Cursor from "../../../core/Cursor.ts"
import { canonical } from "../../../core/Fingerprint.ts"
import { Limits } from "../../../core/Limits.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import { begin } from "./commit.ts"
import type { Connection } from "./connection.ts"
import { eventsOf } from "./events.ts"
import { findReceipt, locate, refresh } from "./locate.ts"
import type { EventRow, ReceiptRow } from "./rows.ts"
import { type Session, transact } from "./session.ts"

type Row = ReceiptRow & { readonly recorded_at: number; readonly command_id: string; readonly stream: string }

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ receiptTtlMs }) => {
    const since = Effect.map(Clock.currentTimeMillis, (now) => Math.floor(now) - receiptTtlMs)
    return Archive.of({
      events: (tenant) => connection.read((session) => countEvents(session, tenant)),
      receipts: (cursor, limit) =>
        Effect.gen(function* () {
          const asked = ["sqlite", "receipts"]
          const [at, command, stream] = (yield* Cursor.decode<[number, string, string]>(asked, "iss", cursor)) ??
            [0, "", ""]
          const alive = yield* since
          const rows = yield* connection.read(({ driver }) =>
            driver.prepare(listing).all(Math.max(at, alive), at, command, stream, limit + 1) as ReadonlyArray<Row>
          )
          const page = Cursor.paged(
            rows,
            limit,
            (last) => Cursor.encode(asked, [last.recorded_at, last.command_id, last.stream]),
          )
          return { ...page, items: page.items.map(receiptOf) }
        }),
      cursorBehind: (stream, version) =>
        connection.read((session) => {
          refresh(session)
          const { streamNo } = locate(session, stream)
          const [row] = session.statements.read.all(streamNo, version - 1, 1) as ReadonlyArray<EventRow>
          if (row === undefined) return undefined
          const [position, found] = row
          return found === version ? Cursor.feedAt("sqlite", position) : undefined
        }),
      restore: (entries) =>
        Effect.flatMap(since, (alive) => connection.write((session) => restore(session, entries, alive))),
    })
  })

/** A page of the receipts that are alive, in the order of their index. */
const listing = `
  SELECT recorded_at, command_id, stream, version, fingerprint, tag, status, members FROM receipts
  WHERE recorded_at >= ? AND (recorded_at, command_id, stream) > (?, ?, ?)
  ORDER BY recorded_at, command_id, stream LIMIT ?`

const countEvents = (session: Session, tenant: string | undefined): number => {
  refresh(session)
  // Positions have no gaps.
  if (tenant === undefined) return session.lastPosition
  const { count } = session.driver.prepare(`
    SELECT coalesce(sum(last_position - first_position + 1), 0) AS count FROM spans
    WHERE kind_no IN (SELECT kind_no FROM kinds WHERE tenant = ?)`)
    .get(tenant) as { readonly count: number }
  return count
}

const receiptOf = (row: Row): PassedReceipt => {
  const [tenant = "", aggregate = "", id = ""] = row.stream.split("/")
  const refusal = row.tag === null ? undefined : { tag: row.tag, status: row.status!, members: row.members! }
  return {
    stream: { tenant, aggregate, id },
    commandId: row.command_id,
    fingerprint: row.fingerprint,
    version: row.version,
    recordedAt: row.recorded_at,
    refusal,
  }
}

/** One transaction; an entry that does not go in leaves no row, so those before it are stored. */
const restore = (session: Session, entries: ReadonlyArray<Entry>, alive: number): ReadonlyArray<Restored> =>
  transact(session, () => {
    refresh(session)
    const outcomes: Array<Restored> = []
    const group = groupOf(session, alive)
    for (const entry of entries) {
      const outcome = entry._tag === "Events"
        ? restoreEvents(session, entry.events, group)
        : (group.finish(), restoreReceipt(session, entry.receipt, alive))
      outcomes.push(outcome)
      if (outcome === "Conflict") break
    }
    group.finish()
    return outcomes
  })

/** Appends of one time are one group, as they were when they were committed. */
const groupOf = (session: Session, alive: number) => {
  let open: { readonly tx: ReturnType<typeof begin>; readonly at: number } | undefined
  const finish = () => {
    open?.tx.finish()
    open = undefined
  }
  return {
    /** Brings to the tables what was decided: whoever reads events asks for it first. */
    finish,
    /** A group whose clock shows the time of the events. */
    at: (at: number) => {
      if (open?.at !== at) finish()
      open ??= { tx: begin(session, at, alive), at }
      return open.tx
    },
  }
}

const restoreEvents = (
  session: Session,
  events: Extract<Entry, { readonly _tag: "Events" }>["events"],
  group: ReturnType<typeof groupOf>,
): Restored => {
  const [first, last] = [events[0]!, events.at(-1)!]
  const stream: StreamKey = { tenant: first.tenant, aggregate: first.aggregate, id: first.id }
  const { head, streamNo } = locate(session, stream)
  if (last.version <= head.version) {
    group.finish()
    const rows = session.statements.read.all(streamNo, first.version - 1, events.length)
    return same(eventsOf(stream, rows), events) ? "Present" : "Conflict"
  }
  if (head.recordedAt > first.recordedAt) return "Conflict"
  const outcome = group.at(first.recordedAt).decide({
    stream,
    expected: { ...head, version: first.version - 1 },
    events,
    command: { ...first, given: true },
    remember: true,
    refusal: undefined,
  })
  return outcome._tag === "Committed" ? "Stored" : "Conflict"
}

const restoreReceipt = (session: Session, one: PassedReceipt, alive: number): Restored => {
  const { commandId, fingerprint, recordedAt, refusal, stream, version } = one
  const { head, streamNo } = locate(session, stream)
  const known = findReceipt(session, streamNo, stream, commandId, alive)
  if (known !== undefined) {
    const wanted = { commandId, fingerprint, version, events: [], refusal, offset: undefined }
    return canonical(known) === canonical(wanted) ? "Present" : "Conflict"
  }
  if (recordedAt < alive || version > head.version) return "Skipped"
  const { tag, status, members } = refusal ?? { tag: null, status: null, members: null }
  session.statements.insertReceipt.run(
    commandId,
    keyOf(stream),
    version,
    recordedAt,
    fingerprint,
    tag,
    status,
    members,
  )
  return "Stored"
}
