/**
 * The next step of a stream on its way to the buses, as pure data: one record, the secondary events among it, and the mark
 * that stands behind both.
 * @module
 */
import type { CoreEvent, CoreRecord, Shape as CoreBus } from "../../core/CoreBus.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Mark } from "../../core/Progress.ts"
import * as RecordWire from "../../core/RecordWire.ts"
import type { StreamKey } from "../../core/Stream.ts"
import type { Route } from "../../schemas/Event.ts"

export interface Step {
  /** Absent where all events of the step are secondary. */
  readonly record: CoreRecord | undefined
  readonly secondary: ReadonlyArray<StoredEvent>
  readonly events: ReadonlyArray<StoredEvent>
  readonly mark: Mark
}

/**
 * As many of `events`, which follow `mark` without a hole, as one record may hold; at least the first. A secondary event
 * ends no record, so core events on both sides of it travel together.
 */
export const make = (
  stream: StreamKey,
  mark: Mark,
  events: ReadonlyArray<StoredEvent>,
  routeOf: (event: StoredEvent) => Route,
  max: CoreBus["recordMax"],
): Step => {
  const core: Array<CoreEvent> = []
  const secondary: Array<StoredEvent> = []
  let [bytes, taken, prevCore] = [RecordWire.headBytes(stream), 0, mark.core]
  for (const event of events) {
    if (taken === max.events) break
    if (routeOf(event) === "core") {
      bytes += RecordWire.eventBytes(event)
      if (core.length > 0 && bytes > max.bytes) break
      core.push({ ...event, prevCore })
      prevCore = event.version
    } else secondary.push(event)
    taken++
  }
  const { aggregate, id, tenant } = stream
  return {
    record: core.length === 0 ? undefined : { stream: { tenant, aggregate, id }, events: core },
    secondary,
    events: events.slice(0, taken),
    mark: { version: mark.version + taken, core: prevCore },
  }
}
