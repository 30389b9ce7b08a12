/**
 * A stored event as JSON text, the same bytes for the same event, for every bus and queue.
 *
 * The payload stands in it as JSON, not as a string of JSON: an event takes no more bytes than its payload and 2 KiB, or
 * what its principal's name takes, and whoever reads it elsewhere needs to parse it once.
 * @module
 */
import { Option, Result, Schema } from "effect"
import type { StoredEvent } from "./EventStore.ts"
import { Id, type StreamKey } from "./Stream.ts"

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const Version = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))

/** All but the stream, which a record of many events names once. */
export const Members = {
  version: Version,
  eventId: Schema.String,
  type: Schema.String,
  schemaVersion: Count,
  recordedAt: Count,
  commandId: Schema.String,
  fingerprint: Schema.String,
  /** Absent where it is the command's id. */
  correlationId: Schema.optionalKey(Schema.String),
  causationId: Schema.optionalKey(Schema.String),
  principal: Schema.String,
  traceparent: Schema.optionalKey(Schema.String),
  writerId: Schema.String,
  payload: Schema.optionalKey(Schema.Unknown),
  /** Instead of `payload`, where that would not give back the same text. */
  payloadText: Schema.optionalKey(Schema.String),
}
type Members = Schema.Struct<typeof Members>["Type"]

const decodeWire = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ tenant: Id, aggregate: Id, id: Id, ...Members })),
)

const again = (text: string): string | undefined =>
  Result.getOrUndefined(Result.try(() => JSON.stringify(JSON.parse(text))))

/** Members in one order, absent ones left out: a repeat is byte-identical. `first` come before all others. */
export const textOf = (first: { readonly [name: string]: string | number }, event: StoredEvent): string => {
  const { causationId, commandId, correlationId, eventId, fingerprint, payload, principal } = event
  const { recordedAt, schemaVersion, traceparent, type, version, writerId } = event
  const isSame = again(payload) === payload
  const text = JSON.stringify({
    ...first,
    version,
    eventId,
    type,
    schemaVersion,
    recordedAt,
    commandId,
    fingerprint,
    correlationId: correlationId === commandId ? undefined : correlationId,
    causationId,
    principal,
    traceparent,
    writerId,
    payloadText: isSame ? undefined : payload,
  })
  return isSame ? `${text.slice(0, -1)},"payload":${payload}}` : text
}

/** The event that members of a text describe; nothing where they do not. */
export const eventOf = ({ aggregate, id, tenant }: StreamKey, members: Members): StoredEvent | undefined => {
  const { payload: value, payloadText, ...rest } = members
  if ((value === undefined) === (payloadText === undefined)) return undefined
  // A value nested too deeply for the engine was in no event of ours.
  const payload = payloadText ?? Result.getOrUndefined(Result.try(() => JSON.stringify(value)))
  if (payload === undefined) return undefined
  const { causationId, commandId, correlationId = commandId, traceparent } = rest
  return { ...rest, tenant, aggregate, id, payload, correlationId, causationId, traceparent }
}

export const encode = (event: StoredEvent): string => {
  const { aggregate, id, tenant } = event
  return textOf({ tenant, aggregate, id }, event)
}

/** Nothing where the text is not one of ours. Members it does not know are passed over: newer code may write more. */
export const decode = (text: string): StoredEvent | undefined => {
  const wire = Option.getOrUndefined(decodeWire(text))
  return wire === undefined ? undefined : eventOf(wire, wire)
}
