/**
 * A stored event as text, the same bytes for the same event, for every bus and queue.
 * @module
 */
import { Option, Schema } from "effect"
import type { StoredEvent } from "./EventStore.ts"
import { Id } from "./Stream.ts"

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const Wire = Schema.Struct({
  tenant: Id,
  aggregate: Id,
  id: Id,
  version: Count,
  eventId: Schema.String,
  type: Schema.String,
  schemaVersion: Count,
  payload: Schema.String,
  recordedAt: Count,
  commandId: Schema.String,
  fingerprint: Schema.String,
  correlationId: Schema.String,
  causationId: Schema.optionalKey(Schema.String),
  principal: Schema.String,
  traceparent: Schema.optionalKey(Schema.String),
  writerId: Schema.String,
})
const decodeWire = Schema.decodeUnknownOption(Schema.fromJsonString(Wire))

/** Members in one order, absent ones left out: a repeat is byte-identical. */
export const encode = (event: StoredEvent): string =>
  JSON.stringify({
    tenant: event.tenant,
    aggregate: event.aggregate,
    id: event.id,
    version: event.version,
    eventId: event.eventId,
    type: event.type,
    schemaVersion: event.schemaVersion,
    payload: event.payload,
    recordedAt: event.recordedAt,
    commandId: event.commandId,
    fingerprint: event.fingerprint,
    correlationId: event.correlationId,
    causationId: event.causationId,
    principal: event.principal,
    traceparent: event.traceparent,
    writerId: event.writerId,
  })

/** Nothing where the text is not one of ours. */
export const decode = (text: string): StoredEvent | undefined =>
  Option.getOrUndefined(
    Option.map(decodeWire(text), (event) => ({ causationId: undefined, traceparent: undefined, ...event })),
  )
