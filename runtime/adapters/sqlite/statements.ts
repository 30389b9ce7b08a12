/**
 * Every statement of the adapter, prepared once per connection.
 * @module
 */
import type { Driver } from "./driver.ts"

const event =
  "e.position, e.version, e.recorded_at, e.type, e.schema_version, e.event_id, e.command_id, e.meta, e.payload"

/** How many rows `insertEvents` and `insertStreams` add. */
export const rowsAtOnce = 16
const row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
const insertEvents = (rows: number): string => `
  INSERT INTO events
    (position, stream_no, version, kind_no, recorded_at, type, schema_version, event_id, command_id, meta, payload)
  VALUES ${Array(rows).fill(row).join(", ")}`
/** Values of one event, and of one stream. */
export const eventColumns = 11
export const streamColumns = 3
const insertStreams = (rows: number): string =>
  `INSERT INTO streams (stream_no, kind_no, id) VALUES ${Array(rows).fill("(?, ?, ?)").join(", ")}`

export const prepare = (driver: Driver) => ({
  begin: driver.prepare("BEGIN IMMEDIATE"),
  commit: driver.prepare("COMMIT"),
  rollback: driver.prepare("ROLLBACK"),
  /** Moves when another connection, of this process or another, has committed. */
  dataVersion: driver.prepare("PRAGMA data_version"),
  last: driver.prepare(`
    SELECT (SELECT max(position) FROM events) AS position, (SELECT max(stream_no) FROM streams) AS stream`),

  kind: driver.prepare("SELECT kind_no FROM kinds WHERE tenant = ? AND aggregate = ?"),
  kindsOf: driver.prepare("SELECT kind_no, aggregate FROM kinds WHERE tenant = ? ORDER BY aggregate"),
  insertKind: driver.prepare("INSERT INTO kinds (tenant, aggregate) VALUES (?, ?)"),
  /** A stream and its last event. */
  stream: driver.prepare(`
    SELECT s.stream_no, e.version, e.recorded_at, e.type FROM streams s
    JOIN events e ON e.stream_no = s.stream_no
    WHERE s.kind_no = ? AND s.id = ? ORDER BY e.version DESC LIMIT 1`),
  streamsIn: driver.prepare(`
    SELECT s.id, s.stream_no, e.version, e.recorded_at, e.type FROM json_each(?) j
    CROSS JOIN streams s ON s.kind_no = ? AND s.id = j.value
    CROSS JOIN events e ON e.stream_no = s.stream_no
      AND e.version = (SELECT max(version) FROM events WHERE stream_no = s.stream_no)`),
  insertStream: driver.prepare(insertStreams(1)),
  insertStreams: driver.prepare(insertStreams(rowsAtOnce)),
  streams: driver.prepare("SELECT id FROM streams WHERE kind_no = ? AND id > ? ORDER BY id LIMIT ?"),

  /** The key refuses a version that is taken, whatever this process believed; then nothing of the group is stored. */
  insertEvent: driver.prepare(insertEvents(1)),
  /** Many rows a statement cost a quarter less each. */
  insertEvents: driver.prepare(insertEvents(rowsAtOnce)),
  read: driver.prepare(`SELECT ${event} FROM events e WHERE stream_no = ? AND version > ? ORDER BY version LIMIT ?`),
  readBackwards: driver.prepare(
    `SELECT ${event} FROM events e WHERE stream_no = ? AND version < ? ORDER BY version DESC LIMIT ?`,
  ),
  feed: driver.prepare(`
    SELECT k.tenant, k.aggregate, s.id, ${event} FROM events e
    CROSS JOIN streams s ON s.stream_no = e.stream_no CROSS JOIN kinds k ON k.kind_no = e.kind_no
    WHERE e.position > ? ORDER BY e.position LIMIT ?`),
  /** From (time, id, version), exclusive, to a time, exclusive. */
  byTime: driver.prepare(`
    SELECT s.id, ${event} FROM events e CROSS JOIN streams s ON s.stream_no = e.stream_no
    WHERE e.kind_no = ?1 AND e.recorded_at >= ?2 AND e.recorded_at < ?5
      AND (e.recorded_at > ?2 OR (s.id, e.version) > (?3, ?4))
    ORDER BY e.recorded_at, s.id, e.version LIMIT ?6`),

  accepted: driver.prepare(`
    SELECT position, version, type, event_id, meta FROM events
    WHERE command_id = ? AND stream_no = ? ORDER BY version`),
  passed: driver.prepare(`
    SELECT version, fingerprint, tag, status, members FROM receipts
    WHERE command_id = ? AND stream = ? AND recorded_at >= ?`),
  /** Replaces an expired receipt; a live one was found before. */
  insertReceipt: driver.prepare(`
    REPLACE INTO receipts (command_id, stream, version, recorded_at, fingerprint, tag, status, members)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
  prune: driver.prepare(`
    DELETE FROM receipts WHERE (command_id, stream) IN
      (SELECT command_id, stream FROM receipts WHERE recorded_at < ? ORDER BY recorded_at LIMIT ?)`),

  loadSnapshots: driver.prepare(`
    SELECT j.key AS request, n.version, n.key, n.event_id, n.recorded_at, n.state, n.checksum
    FROM json_each(?) j CROSS JOIN snapshots n ON n.stream = j.value`),
  saveSnapshot: driver.prepare(`
    INSERT INTO snapshots (stream, version, key, event_id, recorded_at, state, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (stream, key, version) DO UPDATE SET event_id = excluded.event_id, recorded_at = excluded.recorded_at,
      state = excluded.state, checksum = excluded.checksum`),
  pruneSnapshots: driver.prepare(`
    DELETE FROM snapshots WHERE snapshot_no IN (
      SELECT snapshot_no FROM (
        SELECT snapshot_no, key, row_number() OVER (PARTITION BY key ORDER BY version DESC) AS rank
        FROM snapshots WHERE stream = ?1)
      WHERE rank > CASE WHEN key = ?2 THEN ?3 ELSE 1 END)`),

  queries: driver.prepare("SELECT admissions FROM queries WHERE client = ?"),
  saveQueries: driver.prepare("REPLACE INTO queries (client, newest, admissions) VALUES (?, ?, ?)"),
  pruneQueries: driver.prepare(`
    DELETE FROM queries WHERE client IN (SELECT client FROM queries WHERE newest < ? ORDER BY newest LIMIT ?)`),
})

export type Statements = ReturnType<typeof prepare>
