/**
 * The plain events table of the subjects that have no store of their own: the raw limit and the entity.
 * @module
 */
import { DatabaseSync } from "node:sqlite"
import { eventOf, history } from "../domain.ts"
import type { Row } from "../Subject.ts"

export const insert = "INSERT INTO events (stream, version, type, payload) VALUES (?, ?, ?, ?)"

/** WAL and `synchronous = FULL`, as the store of the host; everything else as SQLite has it. */
export const open = (folder: string): DatabaseSync => {
  const db = new DatabaseSync(`${folder}/events.db`)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS events (
      offset INTEGER PRIMARY KEY,
      stream TEXT NOT NULL,
      version INTEGER NOT NULL,
      type TEXT NOT NULL,
      payload TEXT NOT NULL,
      UNIQUE (stream, version)
    ) STRICT`)
  return db
}

export const seed = (folder: string, ids: ReadonlyArray<string>, length: number): void => {
  const db = open(folder)
  const statement = db.prepare(insert)
  db.exec("BEGIN IMMEDIATE")
  for (const id of ids) {
    history(id, length).forEach(({ command, payload }, n) => {
      statement.run(id, n + 1, eventOf[command], JSON.stringify(payload))
    })
  }
  db.exec("COMMIT")
  db.close()
}

/** All events in order, in pages, parsed and thrown away. */
export const feed = (folder: string): number => {
  const db = open(folder)
  const page = db.prepare(
    "SELECT offset, stream, version, type, payload FROM events WHERE offset > ? ORDER BY offset LIMIT 500",
  )
  let seen = 0
  for (let offset = 0;;) {
    const found = page.all(offset)
    if (found.length === 0) break
    for (const row of found) if (JSON.parse(String(row["payload"])) !== null) seen++
    offset = Number(found.at(-1)!["offset"])
  }
  db.close()
  return seen
}

export const rows = (folder: string): ReadonlyArray<Row> => {
  const db = open(folder)
  const found = db.prepare("SELECT stream, version, type, payload FROM events ORDER BY offset").all()
  db.close()
  return found.map((row) => ({
    id: String(row["stream"]),
    version: Number(row["version"]),
    type: String(row["type"]),
    payload: String(row["payload"]),
    eventId: undefined,
    commandId: undefined,
  }))
}
