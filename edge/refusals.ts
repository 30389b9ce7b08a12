/**
 * What the edge itself refuses, before or beside any actor.
 *
 * Each says what it asks of the caller; none carries a value of the body, the query or the token.
 * @module
 */
import { Schema } from "effect"
import type { BeforeFirstEvent, VersionNotFound } from "../runtime/TimeTravel.ts"
export { BeforeFirstEvent, VersionNotFound } from "../runtime/TimeTravel.ts"
import { IncompatibleSchema, SchemaInvalid } from "../core/SchemaRegistry.ts"
export { IncompatibleSchema, SchemaInvalid }
import { LetterChanged, NotDiscardable } from "../runtime/Discard.ts"
export { LetterChanged, NotDiscardable }

const seconds = { retryAfterSeconds: Schema.Int }

/** No such path: look the routes up in `/openapi.json`. */
export class NoSuchRoute extends Schema.TaggedError<NoSuchRoute>()("NoSuchRoute", {}) {}
/** The path has other methods: use one of `allow`. */
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  allow: Schema.Array(Schema.String),
}) {}
/** Nothing is stored under this id for the caller's tenant. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {}) {}
/** Nothing is registered under this subject and revision: look the subjects up. */
export class SchemaNotFound extends Schema.TaggedError<SchemaNotFound>()("SchemaNotFound", {}) {}
/** The token is missing or not good: get a new one. It is not said why. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  /** A token came. Said in a header, not in the body, which is the same for all. */
  came: Schema.Boolean,
}) {}
/** The body is larger than the limit: send less in one command. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", { maxBytes: Schema.Int }) {}
/** The body came too slowly: send it again; nothing was done. */
export class BodyTimeout extends Schema.TaggedError<BodyTimeout>()("BodyTimeout", {}) {}
/** The body is not plain `application/json`: send it so, without a content encoding. */
export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {}) {}
/** The body is not JSON as Nexus reads it: mend the place that `pointer` names. */
export class JsonInvalid extends Schema.TaggedError<JsonInvalid>()("JsonInvalid", {
  /** RFC 6901, as far as the reader came. */
  pointer: Schema.String,
  rule: Schema.String,
}) {}
/** The path and query are longer than the limit. */
export class UrlTooLong extends Schema.TaggedError<UrlTooLong>()("UrlTooLong", { maxBytes: Schema.Int }) {}
/** The headers are larger than the limit. */
export class HeadersTooLarge extends Schema.TaggedError<HeadersTooLarge>()("HeadersTooLarge", {
  maxBytes: Schema.Int,
}) {}
/** A header is not what it should be: mend it. */
export class HeaderInvalid extends Schema.TaggedError<HeaderInvalid>()("HeaderInvalid", {
  header: Schema.String,
  rule: Schema.String,
}) {}
/** A query parameter is unknown, repeated or out of its range: mend it. */
export class QueryInvalid extends Schema.TaggedError<QueryInvalid>()("QueryInvalid", {
  parameter: Schema.String,
  rule: Schema.String,
}) {}
/** It is not said clearly which ones are meant: mend the place of the body that `pointer` names. Nothing was done. */
export class FilterInvalid extends Schema.TaggedError<FilterInvalid>()("FilterInvalid", {
  pointer: Schema.String,
  rule: Schema.String,
}) {}
/** The principal sends more commands than the limit: slow down. Nothing was done. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", seconds) {}
/** The client asked for the past as often as it may: wait. The refusal consumed nothing. */
export class QueryLimited extends Schema.TaggedError<QueryLimited>()("QueryLimited", seconds) {}
/** The read took too long: try again later. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", seconds) {}
/** The keys that would tell whether the token is good cannot be had: try again later. */
export class KeysUnavailable extends Schema.TaggedError<KeysUnavailable>()("KeysUnavailable", seconds) {}
/** The process takes no work now: ask another one. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", seconds) {}
/** The path is a WebSocket's: ask for one. */
export class UpgradeRequired extends Schema.TaggedError<UpgradeRequired>()("UpgradeRequired", {}) {}
/** A page of another origin asks: let the operator allow its origin. */
export class OriginForbidden extends Schema.TaggedError<OriginForbidden>()("OriginForbidden", {}) {}
/** The principal has as many WebSockets as it may: close one. */
export class TooManySockets extends Schema.TaggedError<TooManySockets>()("TooManySockets", {
  max: Schema.Int,
  ...seconds,
}) {}
/** The principal has as many subscriptions as it may: end one. */
export class TooManySubscriptions extends Schema.TaggedError<TooManySubscriptions>()("TooManySubscriptions", {
  max: Schema.Int,
}) {}
/** A message over the WebSocket is not what it should be: mend the place that `pointer` names. */
export class MessageInvalid extends Schema.TaggedError<MessageInvalid>()("MessageInvalid", {
  pointer: Schema.String,
  rule: Schema.String,
}) {}
/** Nexus itself failed: a person must look at the log. Whether a command was stored, its repeat tells. */
export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", {}) {}

export type Refusal =
  | NoSuchRoute
  | MethodNotAllowed
  | NotFound
  | SchemaNotFound
  | IncompatibleSchema
  | SchemaInvalid
  | Unauthorized
  | BodyTooLarge
  | BodyTimeout
  | UnsupportedMediaType
  | JsonInvalid
  | UrlTooLong
  | HeadersTooLarge
  | HeaderInvalid
  | QueryInvalid
  | FilterInvalid
  | LetterChanged
  | NotDiscardable
  | RateLimited
  | QueryLimited
  | VersionNotFound
  | BeforeFirstEvent
  | TimedOut
  | KeysUnavailable
  | NotReady
  | UpgradeRequired
  | OriginForbidden
  | TooManySockets
  | TooManySubscriptions
  | MessageInvalid
  | InternalError
