/**
 * Checks, after a run, that the work it claims was done: every acknowledgement is a stored event, and nothing else is.
 * @module
 */
import type { Ack, Row } from "./Subject.ts"

const key = (id: string, version: number): string => `${id} ${version}`

/** Everything wrong with a run, as sentences; empty where all is well. `expected` counts all rows, seeds included. */
export const faults = (
  rows: ReadonlyArray<Row>,
  acks: ReadonlyArray<Ack>,
  expected: number,
): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (rows.length !== expected) found.push(`${rows.length} rows are stored, ${expected} were written`)

  const byKey = new Map(rows.map((row) => [key(row.id, row.version), row]))
  if (byKey.size !== rows.length) found.push("a version is stored twice")
  const heads = new Map<string, number>()
  for (const { id, version } of rows) heads.set(id, Math.max(heads.get(id) ?? 0, version))
  let events = 0
  for (const version of heads.values()) events += version
  if (events !== rows.length) found.push(`${rows.length} rows, but the versions of all streams add up to ${events}`)

  for (const field of ["eventId", "commandId"] as const) {
    // A seeded history is one command of many events; every other command left one.
    const told = field === "eventId" ? rows : acks.flatMap((ack) => byKey.get(key(ack.id, ack.version)) ?? [])
    const ids = told.flatMap((row) => row[field] ?? [])
    if (new Set(ids).size !== ids.length) found.push(`a ${field} is stored twice`)
    if (ids.length !== 0 && ids.length !== told.length) found.push(`a row has no ${field}`)
  }

  const missing = acks.filter((ack) => {
    const row = byKey.get(key(ack.id, ack.version))
    return row === undefined || row.eventId !== ack.eventId
  })
  if (missing.length > 0) found.push(`${missing.length} acknowledged events are not stored`)
  if (new Set(acks.map((ack) => key(ack.id, ack.version))).size !== acks.length) {
    found.push("two commands were acknowledged with one version")
  }
  return found
}
