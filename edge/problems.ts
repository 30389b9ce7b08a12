/**
 * From error tags to problems, as data: every slug is a heading of `docs/problems.md`.
 *
 * Titles and details are fixed sentences: what is particular stands in typed members, so that no text can carry a path
 * of a file, a query or a secret.
 * @module
 */
import type { Schema } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { Fields } from "../schemas/Fields.ts"
import { isRedacted } from "../schemas/Redacted.ts"
import type { AnyRejection } from "../schemas/Rejection.ts"
import * as Refusal from "./refusals.ts"

export interface Problem {
  readonly tag: string
  readonly slug: string
  readonly status: number
  readonly title: string
  /** What the caller should do. */
  readonly detail: string
  /** What may stand beside the members of RFC 9457. */
  readonly members: Fields
  /** The application's own: the problem says its name in `rejection`, which no kebab case gives back. */
  readonly rejection?: true
}

interface ErrorClass {
  readonly identifier: string
  readonly fields: { readonly [field: string]: Schema.Constraint }
}

const membersOf = ({ fields: { _tag, ...members } }: ErrorClass): Fields => members as Fields

const row = (error: ErrorClass, status: number, slug: string, title: string, detail: string): Problem => ({
  tag: error.identifier,
  slug,
  status,
  title,
  detail,
  // Whether a token came is said in a header: the body of every 401 is the same.
  members: status === 401 ? {} : membersOf(error),
})

export const table: ReadonlyArray<Problem> = [
  row(Refusal.JsonInvalid, 400, "invalid-json", "Invalid JSON", "Mend the place of the body that pointer names."),
  row(Refusal.HeaderInvalid, 400, "invalid-header", "Invalid header", "Mend the header that is named."),
  row(
    ActorError.InvalidId,
    400,
    "invalid-id",
    "Invalid id",
    "Use a letter or digit, then up to 127 of A-Z a-z 0-9 . _ ~ -",
  ),
  row(
    Refusal.Unauthorized,
    401,
    "unauthorized",
    "Unauthorized",
    "Send one bearer token that is good and has not expired, in the Authorization header.",
  ),
  row(ActorError.Forbidden, 403, "forbidden", "Forbidden", "Ask for a token with the scope that is named."),
  row(
    ActorError.PolicyDenied,
    403,
    "policy-denied",
    "Policy denied",
    "Ask for what the rule of the policy wants. Nothing was done.",
  ),
  row(
    Refusal.OriginForbidden,
    403,
    "origin-forbidden",
    "Origin forbidden",
    "Let the operator allow the origin of the page.",
  ),
  row(Refusal.NotFound, 404, "not-found", "Not found", "Nothing is stored under this id."),
  row(
    Refusal.VersionNotFound,
    404,
    "version-not-found",
    "Version not found",
    "The instance has not come so far: ask for a version up to headVersion.",
  ),
  row(
    Refusal.BeforeFirstEvent,
    404,
    "before-first-event",
    "Before the first event",
    "The instance began later: ask for a time from firstRecordedAt on.",
  ),
  row(
    Refusal.NoSuchRoute,
    404,
    "no-such-route",
    "No such route",
    "Look the routes up in /openapi.json: names are spelt as in the contract.",
  ),
  row(
    Refusal.SchemaNotFound,
    404,
    "schema-not-registered",
    "Schema not registered",
    "Nothing is registered under this subject and revision: look the subjects up in /v1/schemas.",
  ),
  row(ActorError.UnknownCommand, 404, "unknown-command", "Unknown command", "Look the commands up in /openapi.json."),
  row(Refusal.MethodNotAllowed, 405, "method-not-allowed", "Method not allowed", "Use one of the allowed methods."),
  row(Refusal.BodyTimeout, 408, "body-timeout", "Body timeout", "The body came too slowly: send it again."),
  row(
    Refusal.IncompatibleSchema,
    409,
    "schema-incompatible",
    "Schema incompatible",
    "The schema breaks with earlier revisions, nothing was registered: mend what each difference says.",
  ),
  row(Refusal.LetterChanged, 409, "dead-letter-changed", "Dead letter changed", "Look again. Nothing was asked for."),
  row(Refusal.NotDiscardable, 409, "not-discardable", "Not discardable", "Mend the cause instead, and redrive it."),
  row(ActorError.StreamClosed, 410, "stream-closed", "Stream closed", "The instance has ended: use another id."),
  row(ActorError.VersionMismatch, 412, "version-mismatch", "Version mismatch", "Read the state again and decide anew."),
  row(Refusal.BodyTooLarge, 413, "body-too-large", "Body too large", "Send less in one command."),
  row(Refusal.UrlTooLong, 414, "url-too-long", "URL too long", "Shorten the path and the query."),
  row(
    Refusal.UnsupportedMediaType,
    415,
    "unsupported-media-type",
    "Unsupported media type",
    "Send application/json in UTF-8 without a content encoding.",
  ),
  row(ActorError.CommandInvalid, 422, "command-invalid", "Command invalid", "Mend the places that the issues name."),
  row(
    Refusal.SchemaInvalid,
    422,
    "schema-invalid",
    "Schema invalid",
    "This is no schema, or none that Nexus takes; nothing was registered: mend the place that pointer names.",
  ),
  row(Refusal.QueryInvalid, 422, "invalid-query", "Invalid query", "Mend the query parameter that is named."),
  row(
    Refusal.FilterInvalid,
    422,
    "invalid-filter",
    "Invalid filter",
    "Say clearly which ones are meant: mend the place of the body that pointer names. Nothing was done.",
  ),
  row(
    Refusal.MessageInvalid,
    422,
    "invalid-message",
    "Invalid message",
    "Mend the place of the message that is named.",
  ),
  row(
    Refusal.TooManySubscriptions,
    422,
    "too-many-subscriptions",
    "Too many subscriptions",
    "End one before the next is made.",
  ),
  row(
    ActorError.KeyReused,
    422,
    "idempotency-key-reused",
    "Idempotency key reused",
    "The key was used for another command or payload: choose a new one.",
  ),
  row(ActorError.Expired, 422, "expired", "Expired", "The command came after its time and never will be decided."),
  row(
    ActorError.EventInvalid,
    422,
    "event-invalid",
    "Event invalid",
    "An event of this command does not fit its schema; nothing was stored. The application is at fault.",
  ),
  row(ActorError.EventTooLarge, 422, "event-too-large", "Event too large", "Send less in one command."),
  row(ActorError.TooManyEvents, 422, "too-many-events", "Too many events", "Send less in one command."),
  row(Refusal.UpgradeRequired, 426, "upgrade-required", "Upgrade required", "Open a WebSocket on this path."),
  row(Refusal.TooManySockets, 429, "too-many-sockets", "Too many sockets", "Close one before the next is opened."),
  row(Refusal.RateLimited, 429, "rate-limited", "Rate limited", "Send fewer commands a second."),
  row(
    Refusal.QueryLimited,
    429,
    "query-limit",
    "Query limit",
    "The past is asked for ten times a minute at most: try again later.",
  ),
  row(Refusal.HeadersTooLarge, 431, "headers-too-large", "Headers too large", "Send smaller headers."),
  row(
    ActorError.ActorDefect,
    500,
    "defect",
    "Defect",
    "The application failed on this command; nothing was stored. A person must look at the log.",
  ),
  row(
    Refusal.InternalError,
    500,
    "internal-error",
    "Internal error",
    "Nexus failed. Whether a command was stored, repeating it with the same key tells.",
  ),
  row(ActorError.MailboxFull, 503, "mailbox-full", "Mailbox full", "The actor has too much to do: try again later."),
  row(
    ActorError.ActorUnavailable,
    503,
    "actor-unavailable",
    "Actor unavailable",
    "The actor failed too often and cools down: try again later.",
  ),
  row(ActorError.Contended, 503, "contended", "Contended", "Others won the race too often: try again."),
  row(ActorError.Unavailable, 503, "unavailable", "Unavailable", "Nothing was stored: try again later."),
  row(
    ActorError.NewerEvent,
    503,
    "newer-event",
    "Newer event",
    "The instance was written by a newer version of the application: try again once this process was updated.",
  ),
  row(
    ActorError.SchemaNotRegistered,
    503,
    "schema-not-registered",
    "Schema not registered",
    "Nothing was stored. Let the operator register the schema of the subject: nexus schemas register.",
  ),
  row(
    ActorError.RegistryUnavailable,
    503,
    "registry-unavailable",
    "Registry unavailable",
    "The schema registry cannot be asked; no event was stored: try again later. A registration may have taken place: repeat it.",
  ),
  row(
    ActorError.PolicyUnavailable,
    503,
    "policy-unavailable",
    "Policy unavailable",
    "The policies cannot be asked, and without them nothing is done: try again later.",
  ),
  row(
    ActorError.ShuttingDown,
    503,
    "shutting-down",
    "Shutting down",
    "Nothing was stored: try again, elsewhere or later.",
  ),
  row(
    ActorError.OutcomeUnknown,
    503,
    "outcome-unknown",
    "Outcome unknown",
    "The command may be stored or not: repeat it with this command id as its Idempotency-Key, and only that tells.",
  ),
  row(Refusal.TimedOut, 503, "timed-out", "Timed out", "The read took too long: try again later."),
  row(
    Refusal.KeysUnavailable,
    503,
    "keys-unavailable",
    "Keys unavailable",
    "The keys that would tell whether the token is good cannot be had: try again later.",
  ),
  row(Refusal.NotReady, 503, "not-ready", "Not ready", "The process takes no work now: ask another one."),
]

const byTag = new Map(table.map((problem) => [problem.tag, problem]))

/** The problem of an error's tag. */
export const of = (tag: string): Problem => byTag.get(tag) ?? byTag.get("InternalError")!

/** Its slug, and its status where several have the slug. */
export const nameOf = ({ slug, status }: Problem): string =>
  table.filter((problem) => problem.slug === slug).length === 1 ? slug : `${slug}.${status}`

/** `NotPlaced` is `not-placed`. */
export const kebab = (tag: string): string =>
  tag.replace(/([a-z0-9])([A-Z])/g, "$1-$2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2").toLowerCase()

/** `NotPlaced` is `Not placed`. */
export const words = (tag: string): string => {
  const text = kebab(tag).replaceAll("-", " ")
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export const rejectionDetail = "The application refused the command: change it, or what it is about."
/** The problem of a command's rejection. */
export const ofRejection = (rejection: AnyRejection): Problem => ({
  tag: rejection.identifier,
  slug: kebab(rejection.identifier),
  status: rejection.status,
  title: words(rejection.identifier),
  detail: rejectionDetail,
  members: rejection.members,
  rejection: true,
})

/** The names of the members that may be shown. */
export const shownOf = ({ members }: Problem): ReadonlyArray<string> =>
  Object.keys(members).filter((name) => !isRedacted(members[name]!))
