/**
 * What makes a call of a core bus a mistake of its publisher, and so a defect before anything is sent.
 * @module
 */
import type { CoreRecord, Sent, Shape } from "./CoreBus.ts"
import { keyOf } from "./Stream.ts"

const unitsOf = ({ events }: CoreRecord): number => events.reduce((sum, { payload }) => sum + payload.length, 0)

/** What becomes of a record that no call can take; nothing where it may be taken. */
export const tooLarge = (record: CoreRecord, { bytes }: Shape["recordMax"]): Sent | undefined => {
  const units = unitsOf(record)
  if (units <= bytes) return undefined
  return { _tag: "Unsendable", reason: `${units} bytes, the bus takes ${bytes}` }
}

/** Nothing where the records may be published. Payloads are measured in UTF-16 units, at most their bytes. */
export const mistake = (
  records: ReadonlyArray<CoreRecord>,
  { publishMax, recordMax }: Pick<Shape, "publishMax" | "recordMax">,
): string | undefined => {
  if (records.length > publishMax.records) return `${records.length} records, at most ${publishMax.records} are taken`
  const streams = new Set<string>()
  let all = 0
  for (const record of records) {
    const { events, stream } = record
    const key = keyOf(stream)
    if (streams.has(key)) return "two records of one stream: the second goes once the first is known to have gone"
    streams.add(key)
    if (events.length === 0) return "a record without events"
    if (events.length > recordMax.events) return `a record of ${events.length} events`
    for (const [i, event] of events.entries()) {
      if (keyOf(event) !== key) return "a record with an event of another stream"
      const before = events[i - 1]
      if (before !== undefined && event.prevCore !== before.version) return "a record with a gap between its events"
      if (event.prevCore >= event.version) return "an event that stands before the one it follows"
    }
    if (tooLarge(record, recordMax) === undefined) all += unitsOf(record)
  }
  return all > publishMax.bytes ? `records of more than ${publishMax.bytes} bytes` : undefined
}
