/**
 * The layout of a file, as numbered steps; the file's `user_version` is the count of those it has taken.
 *
 * A step that was released is never edited: a new one is added behind it.
 * @module
 */
import { type Driver, run } from "./driver.ts"

/** Marks a file as ours ("NXES"), so that the database of another program is never written to. */
export const applicationId = 0x4e584553

const layout = `
-- Tenant and aggregate of streams: few rows, so that all others carry a small number.
CREATE TABLE kinds (
  kind_no INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  UNIQUE (tenant, aggregate)
) STRICT;

-- Streams that hold an event.
CREATE TABLE streams (
  stream_no INTEGER PRIMARY KEY,
  kind_no INTEGER NOT NULL,
  id TEXT NOT NULL,
  UNIQUE (kind_no, id)
) STRICT;

-- Positions are given out without gaps, in the order of commits. The row of an accepted command's events is its receipt.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  kind_no INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  meta TEXT NOT NULL,
  payload TEXT NOT NULL,
  UNIQUE (stream_no, version)
) STRICT;
-- Begins with the command, so that time-ordered ids stay together.
CREATE INDEX events_by_command ON events (command_id, stream_no);
CREATE INDEX events_by_time ON events (kind_no, recorded_at);
CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'an event is never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'an event is never deleted'); END;

-- Refusals and no-ops. The stream by name: a refusal on an empty stream leaves no row that outlives it.
CREATE TABLE receipts (
  command_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  tag TEXT,
  status INTEGER,
  members TEXT,
  PRIMARY KEY (command_id, stream)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_time ON receipts (recorded_at);

CREATE TABLE snapshots (
  snapshot_no INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  key TEXT NOT NULL,
  event_id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  checksum TEXT NOT NULL,
  UNIQUE (stream, key, version)
) STRICT;
`

const queries = `
-- Admissions of temporal queries that may still count: their times as JSON, ascending, one row a client.
CREATE TABLE queries (
  client TEXT PRIMARY KEY,
  newest INTEGER NOT NULL,
  admissions TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX queries_by_newest ON queries (newest);
`

/**
 * Less to write for each event. A stream's number is the position of its first event, which alone carries the name; an
 * index over all events would have a page written for each stream of a group.
 */
const places = `
ALTER TABLE events RENAME TO old_events;

-- Positions are given out without gaps, in the order of commits. The row of an accepted command's events is its receipt.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  kind_no INTEGER,
  id TEXT,
  recorded_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  meta TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;
INSERT INTO events
  SELECT e.position, f.position, e.version, iif(e.version = 1, s.kind_no, NULL), iif(e.version = 1, s.id, NULL),
    e.recorded_at, e.type, e.schema_version, e.event_id, e.command_id, e.meta, e.payload
  FROM old_events e LEFT JOIN streams s ON s.stream_no = e.stream_no
    LEFT JOIN old_events f ON f.stream_no = e.stream_no AND f.version = 1
  ORDER BY e.position;
DROP TABLE old_events;
DROP TABLE streams;
CREATE UNIQUE INDEX streams ON events (kind_no, id) WHERE id IS NOT NULL;
-- Begins with the command, so that time-ordered ids stay together.
CREATE INDEX events_by_command ON events (command_id, stream_no);
CREATE TRIGGER events_are_not_updated BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'an event is never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'an event is never deleted'); END;

-- Where the later events of a stream stand: the newest in a table of few pages, moved to the large one now and then.
CREATE TABLE places (
  stream_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (stream_no, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE new_places (
  stream_no INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (stream_no, version)
) STRICT, WITHOUT ROWID;
INSERT INTO places SELECT stream_no, version, position FROM events WHERE version > 1 ORDER BY stream_no, version;

-- Neighbours in the feed with one time and kind: mostly a whole commit is one row.
CREATE TABLE spans (
  kind_no INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  PRIMARY KEY (kind_no, recorded_at, first_position)
) STRICT, WITHOUT ROWID;
INSERT INTO spans
  SELECT kind_no, recorded_at, min(position), max(position) FROM (
    SELECT s.kind_no, e.recorded_at, e.position,
      e.position - row_number() OVER (PARTITION BY s.kind_no, e.recorded_at ORDER BY e.position) AS span
    FROM events e JOIN events s ON s.position = e.stream_no)
  GROUP BY kind_no, recorded_at, span;
`

const schemas = `
-- What the schemas of events were, and are.
CREATE TABLE schema_revisions (
  subject TEXT NOT NULL,
  revision INTEGER NOT NULL,
  hash TEXT NOT NULL,
  schema TEXT NOT NULL,
  PRIMARY KEY (subject, revision),
  UNIQUE (subject, hash)
) STRICT;
CREATE TRIGGER schemas_are_not_updated BEFORE UPDATE ON schema_revisions BEGIN SELECT raise(ABORT, 'a schema is never changed'); END;
CREATE TRIGGER schemas_are_not_deleted BEFORE DELETE ON schema_revisions BEGIN SELECT raise(ABORT, 'a schema is never deleted'); END;

-- Of subjects that do not have the usual one.
CREATE TABLE schema_modes (
  subject TEXT PRIMARY KEY,
  mode TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

const violations = `
-- What the policies refused, as JSON; the newest of each tenant.
CREATE TABLE violations (
  violation_no INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  violation TEXT NOT NULL
) STRICT;
CREATE INDEX violations_by_tenant ON violations (tenant, violation_no);
`

const consumption = `
-- Who works on what, under which fence, and how far that was worked off.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  fence INTEGER NOT NULL,
  beat INTEGER NOT NULL,
  checkpoint TEXT
) STRICT, WITHOUT ROWID;

-- How far a consumer has come in a stream: its version, and the last core event up to there.
CREATE TABLE progress (
  consumer TEXT NOT NULL,
  stream TEXT NOT NULL,
  version INTEGER NOT NULL,
  core INTEGER NOT NULL,
  PRIMARY KEY (consumer, stream)
) STRICT, WITHOUT ROWID;

-- What consumers could not do, as JSON.
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  consumer TEXT NOT NULL,
  stream TEXT NOT NULL,
  last_at INTEGER NOT NULL,
  redriving INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  letter TEXT NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_time ON dead_letters (tenant, last_at, id);
CREATE INDEX dead_letters_redriving ON dead_letters (consumer, last_at, id) WHERE redriving = 1;
`

const buses = `
-- What was published to the core bus, in order: where the events of each record stand, no payload. Numbers only rise.
CREATE TABLE bus_records (
  record_no INTEGER PRIMARY KEY,
  published_at INTEGER NOT NULL,
  stream_no INTEGER NOT NULL,
  first_version INTEGER NOT NULL,
  last_version INTEGER NOT NULL,
  previous_core INTEGER NOT NULL,
  versions TEXT
) STRICT;

-- Queues of consumers, with the types of events they want as JSON, and others by name.
CREATE TABLE queues (
  queue_no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  interests TEXT NOT NULL
) STRICT;

-- The dead letters of queue n have queue number -n. A message's number is never given to another one.
CREATE TABLE messages (
  message_no INTEGER PRIMARY KEY AUTOINCREMENT,
  queue_no INTEGER NOT NULL,
  visible_at INTEGER NOT NULL,
  receives INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_time ON messages (queue_no, visible_at);
`

export const migrations: ReadonlyArray<string> = [layout, queries, places, schemas, violations, consumption, buses]

/** The file was written by newer code. */
export class NewerSchema extends Error {
  readonly found: number
  readonly known: number
  constructor(found: number, known: number) {
    super(`schema ${found}, this program knows ${known}`)
    this.found = found
    this.known = known
  }
}
/** The file is a database of another program. */
export class ForeignDatabase extends Error {}

/** In one statement, and so of one moment: another process may be making the file. */
const marks = `
  SELECT application_id AS owner, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS count
  FROM pragma_application_id, pragma_user_version`

/** How many steps the file has taken; throws where it is not ours or newer than `steps`. Writes nothing. */
export const check = (driver: Driver, steps: ReadonlyArray<string> = migrations): number => {
  const { count, owner, version } = run(driver, marks) as Record<"count" | "owner" | "version", number>
  if (owner !== applicationId && !(owner === 0 && version === 0 && count === 0)) throw new ForeignDatabase()
  if (version > steps.length) throw new NewerSchema(version, steps.length)
  return version
}

/** Brings the file to the newest layout in one transaction. */
export const migrate = (driver: Driver, steps: ReadonlyArray<string> = migrations): void => {
  if (check(driver, steps) === steps.length) return
  run(driver, "BEGIN IMMEDIATE")
  try {
    // Asked again, for another process may have been faster.
    const version = check(driver, steps)
    for (const step of steps.slice(version)) for (const sql of statementsOf(step)) run(driver, sql)
    run(driver, `PRAGMA application_id = ${applicationId}`)
    run(driver, `PRAGMA user_version = ${steps.length}`)
    run(driver, "COMMIT")
  } catch (error) {
    if (driver.isTransaction) run(driver, "ROLLBACK")
    throw error
  }
}

/** A statement ends with a semicolon at the end of a line, so a trigger stands on one line. */
const statementsOf = (step: string): ReadonlyArray<string> =>
  step.split(/;\n/).map((sql) => sql.trim()).filter((sql) => sql !== "")
