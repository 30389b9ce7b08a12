/**
 * One group in one transaction: each append is confirmed against heads read inside it, so a failed one leaves no row
 * and its neighbours go on without savepoints.
 *
 * What it changes is known at once to the appends behind it; where the transaction fails, the session forgets it all.
 * @module
 */
import { type Append, type Outcome, tombstone } from "../../../core/EventStore.ts"
import { keyOf } from "../../../core/Stream.ts"
import type { Statement, Value } from "./driver.ts"
import type { Located } from "./heads.ts"
import { findReceipt, kindNo, locate, refresh } from "./locate.ts"
import * as Places from "./places.ts"
import { metaOf } from "./rows.ts"
import { type Session, transact } from "./session.ts"
import { eventColumns, rowsAtOnce, spanColumns } from "./statements.ts"

/** Expired receipts deleted for each one that is added: the table shrinks, no group takes long. */
const prunedPerReceipt = 2

/** The outcomes of a group, one per append. Throws errors of SQLite, then nothing is stored, and see `transact`. */
export const commitGroup = (
  session: Session,
  group: ReadonlyArray<Append>,
  now: number,
  aliveSince: number,
): ReadonlyArray<Outcome> => {
  const writes = group.some((append) => append.events.length > 0 || append.remember)
  const tx = begin(session, now, aliveSince)
  // Fences alone hold no lock and wait for none.
  if (!writes) {
    refresh(session)
    return group.map(tx.decide)
  }
  return transact(session, () => {
    refresh(session)
    const outcomes = group.map(tx.decide)
    tx.finish()
    return outcomes
  })
}

/** Inserts rows, as many a statement as there is one for. */
const insert = (values: ReadonlyArray<Value>, columns: number, many: Statement, one: Statement): void => {
  let from = 0
  for (; values.length - from >= rowsAtOnce * columns; from += rowsAtOnce * columns) {
    many.run(...values.slice(from, from + rowsAtOnce * columns))
  }
  for (; from < values.length; from += columns) one.run(...values.slice(from, from + columns))
}

const conflict: Outcome = { _tag: "Conflict" }
const closed: Outcome = { _tag: "Closed" }

/** A group under way inside a transaction, after `refresh`; `finish` comes last. `now` is the time of its events. */
export const begin = (session: Session, now: number, aliveSince: number) => {
  const { statements } = session
  /** Few, if any: a group without a failure makes no key at all. */
  const broken = new Set<string>()
  let remembered = 0
  /** Values of rows that are decided and not yet inserted. */
  let rows: Array<Value> = []
  const spans: Array<number> = []
  /** The last position before this group, and whether it holds any event but the first of a stream. */
  let before = -1
  let later = false

  /** Whoever reads rows within the group flushes first. */
  const flush = (): void => {
    insert(rows, eventColumns, statements.insertEvents, statements.insertEvent)
    rows = []
  }

  /** Takes the events up to `lastPosition` into the span before, or begins one. */
  const span = (kind: number, recordedAt: number, first: number): void => {
    const at = spans.length - spanColumns
    if (spans[at] === kind && spans[at + 1] === recordedAt) spans[at + 3] = session.lastPosition
    else spans.push(kind, recordedAt, first, session.lastPosition)
  }

  const store = (located: Located, append: Append): Outcome => {
    const { stream, events } = append
    const { tenant, aggregate, id } = stream
    const command = append.command!
    if (located.kindNo === 0) {
      located.kindNo = kindNo(session, tenant, aggregate) ??
        Number(statements.insertKind.run(tenant, aggregate).lastInsertRowid)
    }
    if (before < 0) before = session.lastPosition
    const first = session.lastPosition + 1
    if (located.streamNo === 0) located.streamNo = first
    const recordedAt = Math.max(now, located.head.recordedAt)
    const meta = metaOf(command)
    let { version } = located.head
    for (const { eventId, type, schemaVersion, payload } of events) {
      const position = ++session.lastPosition
      const named = ++version === 1
      if (!named) later = true
      rows.push(
        position,
        located.streamNo,
        version,
        named ? located.kindNo : null,
        named ? id : null,
        recordedAt,
        type,
        schemaVersion,
        eventId,
        command.commandId,
        meta,
        payload,
      )
    }
    span(located.kindNo, recordedAt, first)
    if (rows.length >= rowsAtOnce * eventColumns) flush()
    const after = { version, recordedAt, closed: events.at(-1)!.type === tombstone.type }
    located.head = after
    return { _tag: "Committed", head: after, offset: session.lastPosition }
  }

  const remember = ({ head }: Located, { stream, command, refusal }: Append): void => {
    const { commandId, fingerprint } = command!
    const at = Math.max(now, head.recordedAt)
    const { tag, status, members } = refusal ?? { tag: null, status: null, members: null }
    remembered++
    statements.insertReceipt.run(commandId, keyOf(stream), head.version, at, fingerprint, tag, status, members)
  }

  const attempt = (located: Located, append: Append): Outcome => {
    const { expected, events, command } = append
    if (broken.size > 0 && broken.has(keyOf(append.stream))) return conflict
    if (located.head.closed && command !== undefined) return closed
    if (located.head.version !== expected.version) return conflict
    if (events.length > 0) return store(located, append)
    if (append.remember) remember(located, append)
    return { _tag: "Committed", head: located.head, offset: undefined }
  }

  const decide = (append: Append): Outcome => {
    const { stream, command } = append
    const located = locate(session, stream)
    const receipt = () => {
      if (command === undefined) return undefined
      flush()
      return findReceipt(session, located.streamNo, stream, command.commandId, aliveSince)
    }
    // A generated id of events is looked for only where they do not go in: then they were sent before.
    const asked = command?.given === true || (append.remember && append.events.length === 0)
    const early = asked ? receipt() : undefined
    const outcome = early === undefined ? attempt(located, append) : undefined
    if (outcome?._tag === "Committed") return outcome
    broken.add(keyOf(stream))
    const late = asked ? early : receipt()
    return late === undefined ? outcome! : { _tag: "Duplicate", receipt: late }
  }

  return {
    decide,
    finish: () => {
      flush()
      if (later) Places.add(session, before)
      insert(spans, spanColumns, statements.insertSpans, statements.insertSpan)
      if (remembered > 0) statements.prune.run(aliveSince, remembered * prunedPerReceipt)
    },
  }
}
