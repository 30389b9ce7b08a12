/**
 * The event store on one SQLite file. Several processes may share the file: the write lock and `PRAGMA data_version` are
 * the fence, what is held in memory is only ever a copy.
 * @module
 */
import { Clock, Effect } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import { BadCursor, EventStore, type Shape, type StoredEvent } from "../../../core/EventStore.ts"
import { mistake } from "../../../core/group.ts"
import { Limits } from "../../../core/Limits.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import { byTime } from "./byTime.ts"
import { commitGroup } from "./commit.ts"
import type { Connection } from "./connection.ts"
import { findReceipt, kindNo, learn, locate, refresh } from "./locate.ts"
import { eventOf, type EventRow } from "./rows.ts"
import type { Session } from "./session.ts"

const kind = "sqlite"
const appendMax = { appends: 512, bytes: 4_000_000 }
type FeedRow = readonly [...event: EventRow, tenant: string, aggregate: string, id: string]

/** A store over an open file; time comes from the `Clock` of each call. */
export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ receiptTtlMs }) => {
    const clocked = <A, E>(f: (now: number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Clock.clockWith((clock) => f(Math.floor(clock.currentTimeMillisUnsafe())))

    return EventStore.of({
      kind,
      appendMax,
      commit: (group) => {
        const wrong = mistake(group, appendMax)
        if (wrong !== undefined) return Effect.die(new Error(wrong))
        if (group.length === 0) return Effect.succeed([])
        return clocked((now) => connection.write((session) => commitGroup(session, group, now, now - receiptTtlMs)))
      },
      read: (stream, after, limit) => connection.read((session) => readEach(session, [{ stream, after }], limit)[0]!),
      readEach: (requests, limit) => connection.read((session) => readEach(session, requests, limit)),
      begun: (streams) =>
        connection.read((session) => {
          refresh(session)
          if (streams.length > 1) learn(session, streams)
          return streams.map((stream) => locate(session, stream).head.version > 0)
        }),
      readBackwards: (stream, before, limit) =>
        connection.read((session) => {
          const { streamNo } = found(session, stream)
          if (streamNo === 0) return []
          return eventsOf(stream, session.statements.readBackwards.all(streamNo, before, limit))
        }),
      head: (stream) => connection.read((session) => found(session, stream).head),
      receipt: (stream, commandId) =>
        clocked((now) =>
          connection.read((session) =>
            findReceipt(session, found(session, stream).streamNo, stream, commandId, now - receiptTtlMs)
          )
        ),
      byTime: (range) => {
        const asked = [kind, "byTime", range.tenant, range.aggregate ?? ""]
        return Effect.flatMap(
          Cursor.decode<[number, string, string, number]>(asked, "issi", range.cursor),
          (after) =>
            connection.read((session) =>
              Cursor.paged(
                byTime(session, range, after),
                range.limit,
                (event) => Cursor.encode(asked, Cursor.timeKey(event)),
              )
            ),
        )
      },
      feed: (cursor, limit) =>
        Effect.flatMap(Cursor.decode<[number]>([kind, "feed"], "i", cursor), (at) =>
          Effect.flatMap(
            connection.read((session) => feed(session, at?.[0] ?? 0, limit)),
            (page) => {
              if (page === undefined) return Effect.fail(new BadCursor())
              const { items, last } = page
              return Effect.succeed({ items, cursor: items.length === 0 ? cursor : Cursor.feedAt(kind, last) })
            },
          )),
      feedEnd: connection.read((session) => {
        refresh(session)
        return session.lastPosition === 0 ? undefined : Cursor.feedAt(kind, session.lastPosition)
      }),
      streams: (tenant, aggregate, cursor, limit) => {
        const asked = [kind, "streams", tenant, aggregate]
        return Effect.flatMap(Cursor.decode<[string]>(asked, "s", cursor), (after) =>
          connection.read((session) => {
            const no = kindNo(session, tenant, aggregate)
            const rows = no === undefined ? [] : session.statements.streams.all(no, after?.[0] ?? "", limit + 1)
            const items = (rows as ReadonlyArray<{ readonly id: string }>).map(({ id }) => ({ tenant, aggregate, id }))
            return Cursor.paged(items, limit, ({ id }) => Cursor.encode(asked, [id]))
          }))
      },
    })
  })

const found = (session: Session, stream: StreamKey) => {
  refresh(session)
  return locate(session, stream)
}

export const eventsOf = (
  { tenant, aggregate, id }: StreamKey,
  rows: ReadonlyArray<unknown>,
): ReadonlyArray<StoredEvent> => (rows as ReadonlyArray<EventRow>).map((row) => eventOf(tenant, aggregate, id, row))

const readEach = (
  session: Session,
  requests: ReadonlyArray<{ readonly stream: StreamKey; readonly after: number }>,
  limit: number,
): ReadonlyArray<ReadonlyArray<StoredEvent>> => {
  refresh(session)
  if (requests.length > 1) learn(session, requests.map(({ stream }) => stream))
  return requests.map(({ stream, after }) => {
    const { streamNo } = locate(session, stream)
    return streamNo === 0 ? [] : eventsOf(stream, session.statements.read.all(streamNo, after, limit))
  })
}

/** Nothing where the feed has never been so long. */
const feed = (session: Session, after: number, limit: number) => {
  const rows = session.statements.feed.all(after, limit) as ReadonlyArray<FeedRow>
  if (rows.length === 0) {
    refresh(session)
    if (after > session.lastPosition) return undefined
  }
  const items = rows.map((row) => eventOf(row[9], row[10], row[11], row))
  return { items, last: rows.at(-1)?.[0] ?? after }
}
