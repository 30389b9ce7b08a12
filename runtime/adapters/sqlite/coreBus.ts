/**
 * The core bus of the embedded store: one shard, in the same file as the events and over the same connection. A record
 * says where its events stand; they are read from the store, so that no payload is written twice.
 * @module
 */
import { Clock, Effect } from "effect"
import { CoreBus, type CoreEvent, type CoreRecord, type Sent, type Shape } from "../../../core/CoreBus.ts"
import { publishMax, recordMax } from "../../../core/CoreBusMemory.ts"
import type { StoredEvent } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { mistake } from "../../../core/records.ts"
import { type Batch, type Item, LogUnavailable, Trimmed } from "../../../core/ShardLog.ts"
import type { Connection } from "./connection.ts"
import { eventsOf } from "./events.ts"
import { locate, refresh } from "./locate.ts"
import { patient } from "./patience.ts"
import { type Session, transact } from "./session.ts"
import * as Signal from "./signal.ts"

const shard = "embedded"
const max = { publishMax, recordMax }
/** UTF-16 units of payload in one batch: nothing else of this process runs while it is read. */
const batchUnits = 2 * 1024 * 1024
/** Records forgotten for each that is published, so that no call takes long. */
const forgottenAtOnce = 4

interface Ends {
  readonly first: number
  readonly last: number
  readonly oldest: number | null
  readonly newest: number | null
}
interface Row {
  readonly record_no: number
  readonly published_at: number
  readonly stream_no: number
  readonly first_version: number
  readonly last_version: number
  readonly previous_core: number
  /** All of them as JSON, where others stand between. */
  readonly versions: string | null
  readonly tenant: string
  readonly aggregate: string
  readonly id: string
}

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ busRetentionMs, tailPollMs }) => {
    const signal = Signal.make(connection, tailPollMs)

    const publish = (session: Session, records: ReadonlyArray<CoreRecord>, nowMs: number): ReadonlyArray<Sent> =>
      transact(session, () => {
        refresh(session)
        const { busEnds, insertRecord, pruneRecords } = session.statements
        const atMs = Math.max((busEnds.get() as Ends).newest ?? 0, nowMs)
        const sent = records.map(({ events, stream }): Sent => {
          const { head, streamNo } = locate(session, stream)
          const [first, last] = [events[0]!, events.at(-1)!]
          if (last.version > head.version) return { _tag: "NotSent", reason: "not-stored" }
          const whole = last.version - first.version === events.length - 1
          const versions = whole ? null : JSON.stringify(events.map(({ version }) => version))
          insertRecord.run(atMs, streamNo, first.version, last.version, first.prevCore, versions)
          return { _tag: "Sent" }
        })
        // Never without a new one: the newest has to stay.
        if (sent.some(({ _tag }) => _tag === "Sent")) {
          pruneRecords.run(atMs - busRetentionMs, records.length * forgottenAtOnce)
        }
        return sent
      })

    return CoreBus.of({
      ...max,
      publish: (records) => {
        const wrong = mistake(records, max)
        if (wrong !== undefined) return Effect.die(new Error(wrong))
        if (records.length === 0) return Effect.succeed([])
        return Effect.flatMap(Clock.currentTimeMillis, (nowMs) =>
          // A record twice is a record once to whoever reads it.
          patient(true)(connection.write((session) => publish(session, records, Math.floor(nowMs)))).pipe(
            Effect.tap(() => Effect.sync(signal.wake)),
            Effect.catchTag("StoreUnavailable", ({ reason }) =>
              Effect.succeed(records.map((): Sent => ({ _tag: "NotSent", reason })))),
          ))
      },
      positionAt: (timeMs) => `@${timeMs}`,
      shards: Effect.succeed([{ id: shard, parents: [] }]),
      read: (id, after, limit) =>
        id !== shard ? Effect.fail(new Trimmed({ shard: id })) : connection.read((session) => {
          const behind = placeOf(session, after)
          return behind === undefined ? undefined : batchOf(session, behind, limit)
        }).pipe(
          Effect.mapError(({ cause, reason }) => new LogUnavailable({ reason, cause })),
          Effect.flatMap((batch) => batch === undefined ? Effect.fail(new Trimmed({ shard })) : Effect.succeed(batch)),
        ),
      wait: signal.wait,
    })
  })

/** The number behind which a position stands; nothing where something behind it may be forgotten. */
const placeOf = ({ statements }: Session, after: string | undefined): number | undefined => {
  const { first, last, newest, oldest } = statements.busEnds.get() as Ends
  if (after === undefined) return first - 1
  const at = Number(after.slice(1))
  if (after.startsWith("#")) return at >= first - 1 && at <= last ? at : undefined
  if (!after.startsWith("@")) return undefined
  if (newest === null || newest < at) return last
  if (oldest! >= at) return first === 1 ? 0 : undefined
  // Times never fall: the last one before `at` is found by halves.
  let [before, notBefore] = [first, last]
  while (notBefore - before > 1) {
    const middle = Math.floor((before + notBefore) / 2)
    const row = statements.recordTime.get(middle) as Pick<Row, "published_at"> | undefined
    if (row === undefined || row.published_at < at) before = middle
    else notBefore = middle
  }
  return before
}

const batchOf = (session: Session, behind: number, limit: number): Batch<CoreRecord> | undefined => {
  const rows = session.statements.records.all(behind, limit) as unknown as ReadonlyArray<Row>
  // Forgotten by another process since the place was looked at.
  if (rows.length > 0 && rows[0]!.record_no !== behind + 1) return undefined
  const items: Array<Item<CoreRecord>> = []
  let units = 0
  for (const row of rows) {
    const record = recordOf(session, row)
    for (const { payload } of record.events) units += payload.length
    if (items.length > 0 && units > batchUnits) break
    items.push({ position: `#${row.record_no}`, value: record })
  }
  const last = rows[items.length - 1]
  const { newest } = session.statements.busEnds.get() as Ends
  return {
    items,
    next: `#${last?.record_no ?? behind}`,
    isEnd: false,
    behindMs: last === undefined ? 0 : newest! - last.published_at,
  }
}

const recordOf = ({ statements }: Session, row: Row): CoreRecord => {
  const { aggregate, first_version, id, last_version, previous_core, stream_no, tenant, versions } = row
  const stream = { tenant, aggregate, id }
  const page = (after: number, count: number): ReadonlyArray<StoredEvent> =>
    eventsOf(stream, statements.read.all(stream_no, after, count))
  const stored = versions === null
    ? page(first_version - 1, last_version - first_version + 1)
    : (JSON.parse(versions) as ReadonlyArray<number>).flatMap((version) => page(version - 1, 1))
  const events: Array<CoreEvent> = []
  for (const event of stored) events.push({ ...event, prevCore: events.at(-1)?.version ?? previous_core })
  return { stream, events }
}
