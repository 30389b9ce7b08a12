/**
 * Snapshots in the same file as the events, over the same connection: one of its own would look like another writer.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import { Limits } from "../../../core/Limits.ts"
import { type Shape, type Snapshot, SnapshotStore } from "../../../core/SnapshotStore.ts"
import { keyOf, type StreamKey } from "../../../core/Stream.ts"
import type { Connection } from "./connection.ts"
import { type Session, transact } from "./session.ts"

interface Row {
  /** Which of the requests it answers. */
  readonly request: number
  readonly version: number
  readonly key: string
  readonly event_id: string
  readonly recorded_at: number
  readonly state: string
  readonly checksum: string
}

export const make = (connection: Connection): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ snapshotsKept }) => {
    // Whether it was done or not: these are copies, and doing it again changes nothing more.
    const write = (work: (session: Session) => void) =>
      Effect.catchTag(
        connection.write(work),
        "StoreOutcomeUnknown",
        ({ cause, reason }) => Effect.fail(new StoreUnavailable({ reason, cause })),
      )
    return SnapshotStore.of({
      loadEach: (streams) =>
        connection.read(({ statements }) => {
          const kept: ReadonlyArray<Array<Snapshot>> = streams.map(() => [])
          const rows = statements.loadSnapshots.all(JSON.stringify(streams.map(keyOf))) as ReadonlyArray<Row>
          for (const row of rows) kept[row.request]!.push(snapshotOf(streams[row.request]!, row))
          for (const some of kept) some.sort((a, b) => b.version - a.version || (a.key < b.key ? -1 : 1))
          return kept
        }),
      save: ({ stream, version, key, eventId, recordedAt, state, checksum }) =>
        write((session) =>
          transact(session, () => {
            const { statements } = session
            statements.saveSnapshot.run(keyOf(stream), version, key, eventId, recordedAt, state, checksum)
            statements.pruneSnapshots.run(keyOf(stream), key, snapshotsKept)
          })
        ),
      forget: ({ checksum, key, stream, version }) =>
        write((session) =>
          transact(session, () => void session.statements.forgetSnapshot.run(keyOf(stream), key, version, checksum))
        ),
    })
  })

const snapshotOf = (stream: StreamKey, row: Row): Snapshot => ({
  stream,
  version: row.version,
  eventId: row.event_id,
  recordedAt: row.recorded_at,
  key: row.key,
  state: row.state,
  checksum: row.checksum,
})
