/**
 * The bodies of good answers: their schemas, for the documents, and their bytes.
 *
 * Members are written in a fixed order and hold nothing of the moment, so that a repeat is byte-identical.
 * @module
 */
import { Schema } from "effect"
import type { Any as AnyAggregate } from "../core/Aggregate.ts"
import type { Receipt, StateAnswer } from "../core/Actors.ts"
import type { Page, StoredEvent } from "../core/EventStore.ts"
import { Id, type StreamKey } from "../core/Stream.ts"

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const Position = Schema.String.annotate({ description: "Opaque: names a point in the stream and in the feed." })
const Milliseconds = Schema.Int.annotate({ description: "Milliseconds since 1970-01-01T00:00:00Z." })

export const CommandAnswer = (aggregate: string) =>
  Schema.Struct({
    commandId: Id,
    aggregate: Schema.Literal(aggregate),
    id: Id,
    version: Count,
    events: Schema.Array(Schema.Struct({ eventId: Schema.String, type: Schema.String, version: Count })),
    position: Position,
  })

export const receipt = ({ aggregate, commandId, events, id, position, version }: Receipt): string =>
  JSON.stringify({
    commandId,
    aggregate,
    id,
    version,
    events: events.map(({ eventId, type, version }) => ({ eventId, type, version })),
    position,
  })

export const StateBody = ({ contract, state }: AnyAggregate) =>
  Schema.Struct({
    aggregate: Schema.Literal(contract.aggregate),
    id: Id,
    version: Count,
    recordedAt: Milliseconds,
    state: state as Schema.Codec<unknown, unknown>,
    position: Position,
    asOf: Schema.optionalKey(Milliseconds.annotate({ description: "The time asked for, where one was." })),
  })

export const state = (answer: StateAnswer<unknown>, asOf?: number): string =>
  JSON.stringify({
    aggregate: answer.aggregate,
    id: answer.id,
    version: answer.version,
    recordedAt: answer.recordedAt,
    state: answer.state,
    position: answer.position,
    asOf,
  })

const eventFields = {
  eventId: Schema.String,
  version: Count,
  type: Schema.String,
  schemaVersion: Count,
  recordedAt: Milliseconds,
  commandId: Id,
  correlationId: Schema.String,
  causationId: Schema.NullOr(Schema.String),
  principal: Schema.String,
  traceparent: Schema.NullOr(Schema.String),
  payload: Schema.Record(Schema.String, Schema.Json),
}

/** An event that says which stream it is of. */
export const LocatedEvent = Schema.Struct({ aggregate: Schema.String, id: Id, ...eventFields })

export const HistoryBody = (aggregate: string) =>
  Schema.Struct({
    aggregate: Schema.Literal(aggregate),
    id: Id,
    events: Schema.Array(Schema.Struct(eventFields)),
    nextVersion: Schema.NullOr(Count).annotate({ description: "Where the next page begins; null at the end." }),
  })

const event = (event: StoredEvent): string => {
  const head = JSON.stringify({
    eventId: event.eventId,
    version: event.version,
    type: event.type,
    schemaVersion: event.schemaVersion,
    recordedAt: event.recordedAt,
    commandId: event.commandId,
    correlationId: event.correlationId,
    causationId: event.causationId ?? null,
    principal: event.principal,
    traceparent: event.traceparent ?? null,
  })
  // A payload is kept byte for byte, so it is not parsed here either.
  return `${head.slice(0, -1)},"payload":${event.payload}}`
}

export const located = (one: StoredEvent): string =>
  `{"aggregate":${JSON.stringify(one.aggregate)},"id":${JSON.stringify(one.id)},${event(one).slice(1)}`

export const history = (
  { aggregate, id }: StreamKey,
  events: ReadonlyArray<StoredEvent>,
  nextVersion: number | null,
): string => {
  const head = JSON.stringify({ aggregate, id })
  return `${head.slice(0, -1)},"events":[${events.map(event).join(",")}],"nextVersion":${nextVersion}}`
}

export const InstancesBody = (aggregate: string) =>
  Schema.Struct({
    aggregate: Schema.Literal(aggregate),
    instances: Schema.Array(Schema.Struct({ id: Id })),
    cursor: Schema.NullOr(Schema.String).annotate({ description: "Continues the listing; null at the end." }),
  })

export const instances = (aggregate: string, page: Page<StreamKey>): string =>
  JSON.stringify({ aggregate, instances: page.items.map(({ id }) => ({ id })), cursor: page.cursor ?? null })

export const RangeBody = Schema.Struct({
  from: Milliseconds,
  to: Milliseconds,
  settled: Milliseconds.annotate({
    description: "Before this time, in milliseconds since 1970, no further event will appear while clocks agree.",
  }),
  events: Schema.Array(LocatedEvent),
  cursor: Schema.NullOr(Schema.String).annotate({ description: "Continues the listing; null at the end." }),
})

export const range = (from: number, to: number, settled: number, page: Page<StoredEvent>): string => {
  const head = JSON.stringify({ from, to, settled })
  const cursor = JSON.stringify(page.cursor ?? null)
  return `${head.slice(0, -1)},"events":[${page.items.map(located).join(",")}],"cursor":${cursor}}`
}
