/**
 * What makes a call of a core bus a mistake of its publisher, and so a defect before anything is sent.
 * @module
 */
import type { CoreRecord, Shape } from "./CoreBus.ts"
import { keyOf } from "./Stream.ts"

/** Nothing where the records may be published. Payloads are measured in UTF-16 units, at most their bytes. */
export const mistake = (
  records: ReadonlyArray<CoreRecord>,
  { publishMax, recordMax }: Pick<Shape, "publishMax" | "recordMax">,
): string | undefined => {
  if (records.length > publishMax.records) return `${records.length} records, at most ${publishMax.records} are taken`
  const streams = new Set<string>()
  let all = 0
  for (const { events, stream } of records) {
    const key = keyOf(stream)
    if (streams.has(key)) return "two records of one stream: the second goes once the first is known to have gone"
    streams.add(key)
    if (events.length === 0) return "a record without events"
    if (events.length > recordMax.events) return `a record of ${events.length} events`
    let units = 0
    for (const [i, event] of events.entries()) {
      if (keyOf(event) !== key) return "a record with an event of another stream"
      const before = events[i - 1]
      if (before !== undefined && event.prevCore !== before.version) return "a record with a gap between its events"
      if (event.prevCore >= event.version) return "an event that stands before the one it follows"
      units += event.payload.length
    }
    if (units > recordMax.bytes) return `a record of more than ${recordMax.bytes} bytes`
    all += units
  }
  return all > publishMax.bytes ? `records of more than ${publishMax.bytes} bytes` : undefined
}
