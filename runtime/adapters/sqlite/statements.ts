/**
 * Every statement of the adapter, prepared once per connection.
 * @module
 */
import { prepareBuses } from "./busStatements.ts"
import type { Driver, Statement } from "./driver.ts"

const event =
  "e.position, e.version, e.recorded_at, e.type, e.schema_version, e.event_id, e.command_id, e.meta, e.payload"

/** How many rows the statements for many add. */
export const rowsAtOnce = 16
/**
 * A row that cannot be stored ends the transaction, as the commit would. To undo a statement alone, SQLite copies every
 * page that the statement is about to change: that was a third of what an insert costs.
 */
const insertInto = "INSERT OR ROLLBACK INTO"
const insertEvents = (rows: number): string => `
  ${insertInto} events (position, stream_no, version, kind_no, id, recorded_at, type, schema_version, event_id,
    command_id, meta, payload)
  VALUES ${Array(rows).fill("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").join(", ")}`
/** Values of one event, and of one span. */
export const eventColumns = 12
export const spanColumns = 4
const insertSpans = (rows: number): string => `
  ${insertInto} spans (kind_no, recorded_at, first_position, last_position)
  VALUES ${Array(rows).fill("(?, ?, ?, ?)").join(", ")}`

const lastIn = (table: string, stream: string): string => `
  SELECT position FROM ${table} CROSS JOIN events USING (position)
  WHERE ${table}.stream_no = ${stream} ORDER BY ${table}.version DESC LIMIT 1`
/** The position of a stream's last event that is there. */
const last = (stream: string): string =>
  `coalesce((${lastIn("new_places", stream)}), (${lastIn("places", stream)}), ${stream})`
const movedPlaces = "(stream_no, version) > (?, ?) AND (stream_no, version) <= (?, ?)"
/** A page of the stream ?1 in the order of versions; its number is the position of its first event. */
const page = (where: string, order: "ASC" | "DESC"): string => `
  SELECT ${event} FROM (
    SELECT version, position FROM places WHERE stream_no = ?1 AND ${where}
    UNION ALL SELECT version, position FROM new_places WHERE stream_no = ?1 AND ${where}
    UNION ALL SELECT version, position FROM (SELECT 1 AS version, ?1 AS position) WHERE ${where}
    ORDER BY version ${order} LIMIT ?3) p
  CROSS JOIN events e ON e.position = p.position ORDER BY e.version ${order}`

const prepareArrays = (driver: Driver, sql: string): Statement => {
  const statement = driver.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

export const prepare = (driver: Driver) => ({
  ...prepareBuses(driver),
  begin: driver.prepare("BEGIN IMMEDIATE"),
  commit: driver.prepare("COMMIT"),
  rollback: driver.prepare("ROLLBACK"),
  /** Moves when another connection, of this process or another, has committed. */
  dataVersion: driver.prepare("PRAGMA data_version"),
  last: driver.prepare(`
    SELECT (SELECT max(position) FROM events) AS position, (SELECT count(*) FROM new_places) AS places`),

  kind: driver.prepare("SELECT kind_no FROM kinds WHERE tenant = ? AND aggregate = ?"),
  kindsOf: driver.prepare("SELECT kind_no, aggregate FROM kinds WHERE tenant = ? ORDER BY aggregate"),
  insertKind: driver.prepare("INSERT INTO kinds (tenant, aggregate) VALUES (?, ?)"),
  /** A stream and its last event. */
  stream: driver.prepare(`
    SELECT s.position AS stream_no, e.version, e.recorded_at, e.type FROM events s
    CROSS JOIN events e ON e.position = ${last("s.position")}
    WHERE s.kind_no = ? AND s.id = ?`),
  streamsIn: driver.prepare(`
    SELECT s.id, s.position AS stream_no, e.version, e.recorded_at, e.type FROM json_each(?) j
    CROSS JOIN events s ON s.kind_no = ? AND s.id = j.value
    CROSS JOIN events e ON e.position = ${last("s.position")}`),
  streams: driver.prepare("SELECT id FROM events WHERE kind_no = ? AND id > ? ORDER BY id LIMIT ?"),

  /** Behind (kind, id): streams of all kinds with their heads. */
  streamHeads: driver.prepare(`
    SELECT s.kind_no, k.tenant, k.aggregate, s.id, e.version FROM events s
    CROSS JOIN kinds k ON k.kind_no = s.kind_no
    CROSS JOIN events e ON e.position = ${last("s.position")}
    WHERE s.id IS NOT NULL AND (s.kind_no, s.id) > (?, ?) ORDER BY s.kind_no, s.id LIMIT ?`),

  insertEvent: driver.prepare(insertEvents(1)),
  /** Many rows a statement cost a quarter less each. */
  insertEvents: driver.prepare(insertEvents(rowsAtOnce)),
  /** The keys refuse a name or version that is taken, whatever this process believed: nothing of the group is stored. */
  insertPlaces: driver.prepare(`
    ${insertInto} new_places SELECT stream_no, version, position FROM events WHERE position > ? AND version > 1`),
  insertSpan: driver.prepare(insertSpans(1)),
  insertSpans: driver.prepare(insertSpans(rowsAtOnce)),
  placeBehind: driver.prepare(`
    SELECT stream_no, version FROM new_places WHERE (stream_no, version) > (?, ?)
    ORDER BY stream_no, version LIMIT 1 OFFSET ?`),
  movePlaces: driver.prepare(`
    ${insertInto} places SELECT * FROM new_places WHERE ${movedPlaces} ORDER BY stream_no, version`),
  dropPlaces: driver.prepare(`DELETE FROM new_places WHERE ${movedPlaces}`),

  read: prepareArrays(driver, page("version > ?2", "ASC")),
  readBackwards: prepareArrays(driver, page("version < ?2", "DESC")),
  feed: prepareArrays(
    driver,
    `
    SELECT ${event}, k.tenant, k.aggregate, s.id FROM events e
    CROSS JOIN events s ON s.position = e.stream_no CROSS JOIN kinds k ON k.kind_no = s.kind_no
    WHERE e.position > ? ORDER BY e.position LIMIT ?`,
  ),
  /** From (time, id, version), exclusive, to a time, exclusive. */
  byTime: prepareArrays(
    driver,
    `
    SELECT ${event}, s.id FROM spans n
    CROSS JOIN events e ON e.position BETWEEN n.first_position AND n.last_position
    CROSS JOIN events s ON s.position = e.stream_no
    WHERE n.kind_no = ?1 AND n.recorded_at >= ?2 AND n.recorded_at < ?5
      AND (n.recorded_at > ?2 OR (s.id, e.version) > (?3, ?4))
    ORDER BY n.recorded_at, s.id, e.version LIMIT ?6`,
  ),

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
  forgetSnapshot: driver.prepare("DELETE FROM snapshots WHERE stream = ? AND key = ? AND version = ? AND checksum = ?"),

  queries: driver.prepare("SELECT admissions FROM queries WHERE client = ?"),
  saveQueries: driver.prepare("REPLACE INTO queries (client, newest, admissions) VALUES (?, ?, ?)"),
  pruneQueries: driver.prepare(`
    DELETE FROM queries WHERE client IN (SELECT client FROM queries WHERE newest < ? ORDER BY newest LIMIT ?)`),

  schemaRevisions: driver.prepare("SELECT revision, schema FROM schema_revisions WHERE subject = ? ORDER BY revision"),
  schemaRevision: driver.prepare("SELECT revision, schema FROM schema_revisions WHERE subject = ? AND revision = ?"),
  schemaLatest: driver.prepare(`
    SELECT revision, schema FROM schema_revisions WHERE subject = ? ORDER BY revision DESC LIMIT 1`),
  schemaCount: driver.prepare("SELECT count(*) AS count FROM schema_revisions WHERE subject = ?"),
  schemaSubjects: driver.prepare(`
    SELECT DISTINCT subject FROM schema_revisions WHERE subject > ? ORDER BY subject LIMIT ?`),
  insertRevision: driver.prepare("INSERT INTO schema_revisions (subject, revision, hash, schema) VALUES (?, ?, ?, ?)"),
  schemaMode: driver.prepare("SELECT mode FROM schema_modes WHERE subject = ?"),
  saveSchemaMode: driver.prepare("REPLACE INTO schema_modes (subject, mode) VALUES (?, ?)"),

  insertViolation: driver.prepare("INSERT INTO violations (tenant, violation) VALUES (?, ?)"),
  violations: driver.prepare(`
    SELECT violation_no, violation FROM violations WHERE tenant = ? AND violation_no < ?
    ORDER BY violation_no DESC LIMIT ?`),
  pruneViolationsOf: driver.prepare(`
    DELETE FROM violations WHERE tenant = ?1 AND violation_no <= (
      SELECT violation_no FROM violations WHERE tenant = ?1 ORDER BY violation_no DESC LIMIT 1 OFFSET ?2)`),
  pruneViolations: driver.prepare(`
    DELETE FROM violations WHERE violation_no <= (SELECT max(violation_no) FROM violations) - ?`),

  /** Up to the largest character there is. */
  leases: driver.prepare("SELECT * FROM leases WHERE name >= ?1 AND name < ?1 || char(1114111) LIMIT ?2"),
  insertLease: driver.prepare(`
    INSERT INTO leases (name, owner, fence, beat) VALUES (?, ?, 1, 0) ON CONFLICT DO NOTHING RETURNING *`),
  takeLease: driver.prepare(`
    UPDATE leases SET owner = ?2, fence = fence + 1 WHERE name = ?1 AND fence = ?3 AND beat = ?4 RETURNING *`),
  keepLease: driver.prepare(`
    UPDATE leases SET beat = beat + 1, checkpoint = coalesce(?4, checkpoint)
    WHERE name = ?1 AND owner = ?2 AND fence = ?3 RETURNING *`),
  releaseLease: driver.prepare("UPDATE leases SET owner = '' WHERE name = ? AND owner = ? AND fence = ?"),
  removeLease: driver.prepare("DELETE FROM leases WHERE name = ? AND owner = ? AND fence = ?"),

  marks: driver.prepare(`
    SELECT coalesce(p.version, 0) AS version, coalesce(p.core, 0) AS core FROM json_each(?1) j
    LEFT JOIN progress p ON p.consumer = ?2 AND p.stream = j.value ORDER BY j.key`),
  raiseMark: driver.prepare(`
    INSERT INTO progress (consumer, stream, version, core) VALUES (?, ?, ?, ?)
    ON CONFLICT (consumer, stream) DO UPDATE SET version = excluded.version, core = excluded.core
    WHERE excluded.version > version`),

  deadLetter: driver.prepare("SELECT letter, fence FROM dead_letters WHERE id = ?"),
  saveDeadLetter: driver.prepare(`
    REPLACE INTO dead_letters (id, tenant, consumer, stream, last_at, redriving, fence, letter)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
  dropDeadLetter: driver.prepare("DELETE FROM dead_letters WHERE id = ? AND fence = ?"),
  /** Before (time, id), exclusive, of a consumer and of a stream, where they are given. */
  deadLetters: driver.prepare(`
    SELECT letter, fence FROM dead_letters
    WHERE tenant = ?1 AND (last_at, id) < (?2, ?3) AND consumer = coalesce(?4, consumer) AND stream = coalesce(?5, stream)
    ORDER BY last_at DESC, id DESC LIMIT ?6`),
  parked: driver.prepare("SELECT d.id FROM json_each(?) j CROSS JOIN dead_letters d ON d.id = j.value"),
  passBy: driver.prepare(`
    UPDATE dead_letters SET fence = fence + 1 WHERE id IN (SELECT value FROM json_each(?)) RETURNING id`),
  /** Those of which something is asked: `redriving` is the column's older name for it. */
  asked: driver.prepare(`
    SELECT letter, fence FROM dead_letters WHERE redriving = 1 AND consumer = ? ORDER BY last_at, id LIMIT ?`),
})

export type Statements = ReturnType<typeof prepare>
