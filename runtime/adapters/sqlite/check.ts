/**
 * What is wrong with a file that the port cannot see: damaged pages, rows that nothing leads to, gaps, lost guards.
 * @module
 */
import type { Finding } from "../../Verify.ts"
import { type Driver, run } from "./driver.ts"

/** Rows said of one kind of damage; the first is where to begin. */
const rowsMax = 20

const events = `FROM events e LEFT JOIN events s ON s.position = e.stream_no LEFT JOIN kinds k ON k.kind_no = s.kind_no`
const name = "k.tenant || '/' || k.aggregate || '/' || s.id AS stream"
const places = "(SELECT * FROM places UNION ALL SELECT * FROM new_places)"
/** The rows of a table that names streams by text, where they are newer than the stream. */
const newer = (table: string, detail: string) => `
  WITH a AS (SELECT *, instr(stream, '/') AS first FROM ${table}),
    b AS (SELECT *, substr(stream, 1, first - 1) AS tenant, substr(stream, first + 1) AS rest FROM a),
    c AS (SELECT *, substr(rest, 1, instr(rest, '/') - 1) AS aggregate, substr(rest, instr(rest, '/') + 1) AS id FROM b)
  SELECT c.stream, c.version, ${detail} AS detail FROM c
    LEFT JOIN kinds k ON k.tenant = c.tenant AND k.aggregate = c.aggregate
    LEFT JOIN events s ON s.kind_no = k.kind_no AND s.id = c.id
  WHERE c.version > coalesce((SELECT max(version) FROM new_places WHERE stream_no = s.position),
    (SELECT max(version) FROM places WHERE stream_no = s.position), s.version, 0)`

/** Each gives the bad rows alone, as `stream`, `version` and `detail`. */
const questions: ReadonlyArray<readonly [sql: string, problem: (detail: unknown) => string]> = [
  [
    `SELECT ${name}, e.version, e.position AS detail ${events} WHERE s.id IS NULL OR k.tenant IS NULL
      OR (e.version = 1) <> (e.position = e.stream_no) OR (e.version = 1) <> (e.id IS NOT NULL)`,
    (position) => `the event at position ${position} belongs to no stream`,
  ],
  [
    `SELECT ${name}, e.version ${events} WHERE NOT json_valid(e.payload) OR NOT json_valid(e.meta)
      OR json_array_length(CASE WHEN json_valid(e.meta) THEN e.meta ELSE '[]' END) <> 6`,
    () => "payload or meta is no JSON text",
  ],
  [
    `SELECT ${name}, e.version, e.position - 1 AS detail ${events}
      WHERE e.position > 1 AND NOT EXISTS (SELECT 1 FROM events b WHERE b.position = e.position - 1)`,
    (position) => `the event at position ${position}, just before this one in the feed, is missing`,
  ],
  [
    `SELECT ${name}, e.version ${events} WHERE e.version > 1
      AND NOT EXISTS (SELECT 1 FROM ${places} p WHERE p.stream_no = e.stream_no AND p.version = e.version AND p.position = e.position)`,
    () => "no place leads to this version",
  ],
  [
    `SELECT k.tenant || '/' || k.aggregate || '/' || s.id AS stream, p.version, p.position AS detail FROM ${places} p
      LEFT JOIN events s ON s.position = p.stream_no LEFT JOIN kinds k ON k.kind_no = s.kind_no
      WHERE NOT EXISTS
        (SELECT 1 FROM events e WHERE e.position = p.position AND e.stream_no = p.stream_no AND e.version = p.version)`,
    (position) => `its place leads to position ${position}, where this version is not`,
  ],
  [
    `SELECT ${name}, e.version ${events} WHERE e.version > 2
      AND NOT EXISTS (SELECT 1 FROM ${places} p WHERE p.stream_no = e.stream_no AND p.version = e.version - 1)`,
    () => "the version before is missing",
  ],
  [
    `SELECT ${name}, e.version ${events} WHERE NOT EXISTS (SELECT 1 FROM spans n WHERE n.kind_no = s.kind_no
      AND n.recorded_at = e.recorded_at AND n.first_position <= e.position AND n.last_position >= e.position)`,
    () => "it is not listed by its time",
  ],
  [
    `SELECT NULL AS stream, NULL AS version, n.first_position AS detail FROM spans n
      WHERE n.last_position - n.first_position + 1 <> (SELECT count(*) ${events} WHERE e.position
        BETWEEN n.first_position AND n.last_position AND e.recorded_at = n.recorded_at AND s.kind_no = n.kind_no)`,
    (position) => `the list by time holds other events from position ${position} on`,
  ],
  [
    `SELECT NULL AS stream, NULL AS version, r.subject || ' ' || r.revision AS detail FROM schema_revisions r
      WHERE NOT json_valid(r.schema) OR (r.revision > 1 AND NOT EXISTS
        (SELECT 1 FROM schema_revisions b WHERE b.subject = r.subject AND b.revision = r.revision - 1))`,
    (detail) => `the schema ${detail} is no JSON text, or the revision before it is missing`,
  ],
  [newer("receipts", "c.command_id"), (commandId) => `the receipt of ${commandId} is newer than the stream`],
  [newer("snapshots", "NULL"), () => "the snapshot is newer than the stream"],
]

const triggers = [
  ...["events_are_not_deleted", "events_are_not_updated"],
  ...["schemas_are_not_deleted", "schemas_are_not_updated"],
]

/** Takes a file as long as its size asks; nothing else of this process runs meanwhile. */
export const findings = (driver: Driver): ReadonlyArray<Finding> => {
  const pages = driver.prepare(`PRAGMA integrity_check(${rowsMax})`).all() as ReadonlyArray<
    { readonly integrity_check: string }
  >
  const damaged = pages.map((row) => row.integrity_check).filter((text) => text !== "ok")
  // The tables of a damaged file answer at random.
  if (damaged.length > 0) return damaged.map((text) => ({ problem: `damaged: ${text}` }))
  const rows = questions.flatMap(([sql, problem]) =>
    (driver.prepare(`${sql} LIMIT ${rowsMax}`).all() as ReadonlyArray<
      { readonly stream: string | null; readonly version: number | null; readonly detail?: unknown }
    >).map(({ stream, version, detail }) => ({
      stream: stream ?? undefined,
      version: version ?? undefined,
      problem: problem(detail),
    }))
  )
  const guards = triggers.filter((trigger) =>
    run(driver, `SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = '${trigger}'`) === undefined
  )
  return [...rows, ...guards.map((trigger) => ({ problem: `the trigger ${trigger} is missing` }))]
}
