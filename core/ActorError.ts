/**
 * Everything an actor may answer beside acceptance and the command's own rejections.
 *
 * Each says what it asks of the caller. None carries a payload value.
 * @module
 */
import { Schema } from "effect"
import { Issue } from "../schemas/Issue.ts"
import { PolicyDenied, PolicyUnavailable } from "./PolicyEnforcer.ts"
import { RegistryUnavailable } from "./SchemaRegistry.ts"
export { PolicyDenied, PolicyUnavailable, RegistryUnavailable }

const seconds = { retryAfterSeconds: Schema.Int }

/** No such aggregate or command in this application: mend the name. */
export class UnknownCommand extends Schema.TaggedError<UnknownCommand>()("UnknownCommand", {
  aggregate: Schema.String,
  command: Schema.String,
}) {}
/** A tenant, aggregate id or command id breaks the id rule: mend it. */
export class InvalidId extends Schema.TaggedError<InvalidId>()("InvalidId", { part: Schema.String }) {}
/** The payload breaks the command's schema: mend what the issues say. */
export class CommandInvalid extends Schema.TaggedError<CommandInvalid>()("CommandInvalid", {
  issues: Schema.Array(Issue),
}) {}
/** The token does not allow this: ask for the scope. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { scope: Schema.String }) {}
/** The stream is at another version than `If-Match` said: read the state and decide anew. */
export class VersionMismatch extends Schema.TaggedError<VersionMismatch>()("VersionMismatch", {
  version: Schema.Int,
}) {}
/** The command id was used for another command or payload: choose a new id. */
export class KeyReused extends Schema.TaggedError<KeyReused>()("KeyReused", { commandId: Schema.String }) {}
/** The command came after its `notAfter`; it was not decided and never will be. */
export class Expired extends Schema.TaggedError<Expired>()("Expired", { commandId: Schema.String }) {}
/** The stream ended with a tombstone: use another id. */
export class StreamClosed extends Schema.TaggedError<StreamClosed>()("StreamClosed", {}) {}
/** An event that `decide` made does not fit its schema; nothing was stored. The aggregate's code is at fault. */
export class EventInvalid extends Schema.TaggedError<EventInvalid>()("EventInvalid", {
  /** `aggregate.EventType.vN`. */
  subject: Schema.String,
  issues: Schema.Array(Issue),
}) {}
/** An event, or the events together, are larger than the limit; nothing was stored. Send less in one command. */
export class EventTooLarge extends Schema.TaggedError<EventTooLarge>()("EventTooLarge", {
  bytes: Schema.Int,
  maxBytes: Schema.Int,
}) {}
/** The command makes more events than the limit; nothing was stored. Send less in one command. */
export class TooManyEvents extends Schema.TaggedError<TooManyEvents>()("TooManyEvents", {
  events: Schema.Int,
  maxEvents: Schema.Int,
}) {}
/** User code failed; the actor was restarted. A person must look at the log. */
export class ActorDefect extends Schema.TaggedError<ActorDefect>()("ActorDefect", {}) {}

/** The actor has too much to do: try again later. Nothing was stored. */
export class MailboxFull extends Schema.TaggedError<MailboxFull>()("MailboxFull", seconds) {}
/** The actor failed too often and cools down: try again later. Nothing was stored. */
export class ActorUnavailable extends Schema.TaggedError<ActorUnavailable>()("ActorUnavailable", seconds) {}
/** Others won the race too often: try again. Nothing was stored. */
export class Contended extends Schema.TaggedError<Contended>()("Contended", seconds) {}
/** The store refuses: try again later. Nothing was stored. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  ...seconds,
  reason: Schema.String,
}) {
  /** What a failure of the store is to whoever asked. */
  static readonly fromStore = ({ reason }: { readonly reason: string }): Unavailable =>
    new Unavailable({ retryAfterSeconds: 1, reason })
}
/** The stream holds an event of newer code: try again once this program was updated. Nothing was stored. */
export class NewerEvent extends Schema.TaggedError<NewerEvent>()("NewerEvent", {
  ...seconds,
  eventType: Schema.String,
  schemaVersion: Schema.Int,
}) {}
/** An event of the command has a schema that nobody has registered: register it. Nothing was stored. */
export class SchemaNotRegistered extends Schema.TaggedError<SchemaNotRegistered>()("SchemaNotRegistered", {
  ...seconds,
  /** `aggregate.EventType.vN`. */
  subject: Schema.String,
}) {}
/** The process is going away: try again, elsewhere or later. Nothing was stored. */
export class ShuttingDown extends Schema.TaggedError<ShuttingDown>()("ShuttingDown", seconds) {}
/** The command may be stored or not: repeat it with this command id, and only that tells. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  ...seconds,
  commandId: Schema.String,
}) {}

export type ActorError =
  | UnknownCommand
  | InvalidId
  | CommandInvalid
  | Forbidden
  | VersionMismatch
  | KeyReused
  | Expired
  | StreamClosed
  | EventInvalid
  | EventTooLarge
  | TooManyEvents
  | ActorDefect
  | MailboxFull
  | ActorUnavailable
  | Contended
  | Unavailable
  | NewerEvent
  | SchemaNotRegistered
  | RegistryUnavailable
  | PolicyDenied
  | PolicyUnavailable
  | ShuttingDown
  | OutcomeUnknown
