/**
 * What makes a group of appends a mistake of its sender, and so a defect before anything is stored.
 * @module
 */
import type { Append, Shape } from "./EventStore.ts"

/** Nothing where the group may be committed. Payloads are measured in UTF-16 units, at most their bytes. */
export const mistake = (group: ReadonlyArray<Append>, max: Shape["appendMax"]): string | undefined => {
  if (group.length > max.appends) return `a group of ${group.length} appends, at most ${max.appends} are allowed`
  let units = 0
  for (const { events, command, remember, refusal } of group) {
    if (command === undefined && (events.length > 0 || remember)) return "events and receipts need a command"
    if (refusal !== undefined && (events.length > 0 || !remember)) return "a refusal is remembered and leaves no events"
    for (let i = 0; i < events.length; i++) units += events[i]!.payload.length
  }
  return units > max.bytes ? `a group of more than ${max.bytes} bytes` : undefined
}
