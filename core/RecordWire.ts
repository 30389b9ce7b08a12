/**
 * A record of the core bus as JSON text, the same bytes for the same record: `{ tenant, aggregate, id, events }`.
 * @module
 */
import { Option, Schema } from "effect"
import { bytesOf } from "./bytes.ts"
import type { CoreEvent, CoreRecord } from "./CoreBus.ts"
import type { StoredEvent } from "./EventStore.ts"
import * as EventWire from "./EventWire.ts"
import { Id, type StreamKey } from "./Stream.ts"

const PrevCore = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const decodeWire = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({
  tenant: Id,
  aggregate: Id,
  id: Id,
  events: Schema.Array(Schema.Struct({ prevCore: PrevCore, ...EventWire.Members })),
})))

const headOf = ({ aggregate, id, tenant }: StreamKey): string =>
  `{"tenant":"${tenant}","aggregate":"${aggregate}","id":"${id}","events":[`

export const encode = ({ events, stream }: CoreRecord): string =>
  `${headOf(stream)}${events.map((event) => EventWire.textOf({ prevCore: event.prevCore }, event)).join(",")}]}`

/** Nothing where the text is not one of ours, or its events do not follow each other. */
export const decode = (text: string): CoreRecord | undefined => {
  const wire = Option.getOrUndefined(decodeWire(text))
  if (wire === undefined || wire.events.length === 0) return undefined
  const { aggregate, id, tenant } = wire
  const events: Array<CoreEvent> = []
  for (const { prevCore, ...members } of wire.events) {
    const event = EventWire.eventOf(wire, members)
    const before = events.at(-1)
    if (event === undefined || prevCore >= event.version) return undefined
    if (before !== undefined && before.version !== prevCore) return undefined
    events.push({ ...event, prevCore })
  }
  return { stream: { tenant, aggregate, id }, events }
}

/** Bytes of a record that holds nothing yet. */
export const headBytes = (stream: StreamKey): number => headOf(stream).length + 2

/** Bytes by which an event makes a record longer, at most. */
export const eventBytes = (event: StoredEvent): number =>
  bytesOf(EventWire.textOf({ prevCore: Number.MAX_SAFE_INTEGER }, event)) + 1
