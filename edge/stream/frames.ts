/**
 * The frames of `/v1/stream`, both ways: their schemas, for reading and for the AsyncAPI document, and their bytes.
 * @module
 */
import { Schema } from "effect"
import { Id } from "../../core/Stream.ts"
import { LocatedEvent } from "../answers.ts"

const Name = Id.annotate({ description: "Chosen by the client; unique among the subscriptions of the socket." })
const Position = Schema.String.annotate({
  description: "Opaque; `after` of a later subscription of the same tenant without ids.",
})
const Version = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))

export const Subscribe = Schema.Struct({
  op: Schema.Literal("subscribe"),
  subscription: Name,
  aggregate: Schema.optionalKey(Schema.String.annotate({ description: "Events of its instances alone." })),
  ids: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.NullOr(Version)).annotate({
      description: "Events of these instances of `aggregate` above the version; null: those that come from now on.",
    }),
  ),
  types: Schema.optionalKey(
    Schema.Array(Schema.String).pipe(Schema.check(Schema.isMinLength(1), Schema.isMaxLength(100))).annotate({
      description: "Events of these types alone.",
    }),
  ),
  after: Schema.optionalKey(
    Schema.String.annotate({
      description: "Behind this position, or `start`; absent: what comes from now on. Not beside `ids`.",
    }),
  ),
})
export type Subscribe = typeof Subscribe.Type

export const Unsubscribe = Schema.Struct({ op: Schema.Literal("unsubscribe"), subscription: Name })
export type Unsubscribe = typeof Unsubscribe.Type

export const Subscribed = Schema.Struct({
  type: Schema.Literal("subscribed"),
  subscription: Name,
  position: Position,
})
export const subscribed = (subscription: string, position: string): string =>
  JSON.stringify({ type: "subscribed", subscription, position })

export const Unsubscribed = Schema.Struct({ type: Schema.Literal("unsubscribed"), subscription: Name })
export const unsubscribed = (subscription: string): string => JSON.stringify({ type: "unsubscribed", subscription })

export const Events = (eventsMax: number) =>
  Schema.Struct({
    type: Schema.Literal("events"),
    subscription: Name,
    events: Schema.Array(LocatedEvent).pipe(Schema.check(Schema.isMinLength(1), Schema.isMaxLength(eventsMax))),
    position: Position,
  })
/** `texts` are events as JSON: many sockets are sent the same ones. */
export const events = (subscription: string, texts: ReadonlyArray<string>, position: string): string =>
  `{"type":"events","subscription":${JSON.stringify(subscription)},"events":[${texts.join(",")}],"position":${
    JSON.stringify(position)
  }}`

export const Problem = Schema.Struct({
  type: Schema.Literal("problem"),
  subscription: Schema.optionalKey(Name),
  problem: Schema.Record(Schema.String, Schema.Json).annotate({ description: "As over HTTP, RFC 9457." }),
})
/** `body` is a problem as JSON. */
export const problem = (subscription: string | undefined, body: string): string =>
  `{"type":"problem",${
    subscription === undefined ? "" : `"subscription":${JSON.stringify(subscription)},`
  }"problem":${body}}`
