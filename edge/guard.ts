/**
 * The guards of a request, in order: its size, the process's state, the token, the scope, the policies, the ids, the query.
 *
 * What comes first is cheapest and says least: nobody learns anything beyond the routes without a good token.
 * @module
 */
import { Effect } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { Limits } from "../core/Limits.ts"
import { idPattern } from "../core/Stream.ts"
import type { Authenticate } from "./auth.ts"
import type { Permit } from "./permit.ts"
import * as query from "./query.ts"
import { HeadersTooLarge, type KeysUnavailable, type QueryInvalid, Unauthorized, UrlTooLong } from "./refusals.ts"
import type { Call, EdgeRequest, Served } from "./route.ts"

/** What of the edge the guards need. */
export interface Guards {
  readonly limits: Limits
  readonly authenticate: Authenticate
  readonly permit: Permit
  readonly isDraining: () => boolean
}

/** A request before its guards. */
export interface Incoming {
  readonly request: EdgeRequest
  /** As it came: what a proxy or the log of another hop shows is the same text. */
  readonly path: string
  /** With its question mark; empty where there is none. */
  readonly search: string
  /** The named parts of the path, decoded; nothing where the route has none. */
  readonly id: string | undefined
  readonly part: string | undefined
  readonly commandId: string | undefined
}

export const incoming = (request: EdgeRequest, id: string | undefined, part?: string): Incoming => {
  const { url } = request
  const start = url.indexOf("/", url.indexOf("//") + 2)
  const target = start < 0 ? "/" : url.slice(start)
  const at = target.indexOf("?")
  return {
    request,
    path: at < 0 ? target : target.slice(0, at),
    search: at < 0 ? "" : target.slice(at),
    id,
    part,
    commandId: request.method === "POST" ? request.headers.get("idempotency-key") ?? undefined : undefined,
  }
}

/** A name, a colon, a space, a value and a line end, as they stand on the wire. */
const bytesOf = (headers: EdgeRequest["headers"]): number => {
  if (headers.bytes !== undefined) return headers.bytes
  let bytes = 0
  headers.forEach((value, name) => bytes += name.length + value.length + 4)
  return bytes
}

export type SizeRefusal = UrlTooLong | HeadersTooLarge

/** What every request must keep, on a route or not. */
export const size = ({ path, request, search }: Incoming, { headerBytes, urlBytes }: Limits): SizeRefusal | undefined =>
  path.length + search.length > urlBytes
    ? new UrlTooLong({ maxBytes: urlBytes })
    : bytesOf(request.headers) > headerBytes
    ? new HeadersTooLarge({ maxBytes: headerBytes })
    : undefined

const shuttingDown = new ActorError.ShuttingDown({ retryAfterSeconds: 1 })
const tokenInQuery = new Unauthorized({ came: true })
const nobody = { tenant: "", subject: "", scopes: [] }

export type GuardRefusal =
  | SizeRefusal
  | ActorError.ShuttingDown
  | Unauthorized
  | KeysUnavailable
  | ActorError.Forbidden
  | ActorError.PolicyDenied
  | ActorError.PolicyUnavailable
  | ActorError.InvalidId
  | QueryInvalid

/** The tags of `GuardRefusal` that any route may answer, for the documents. */
export const openTags = ["UrlTooLong", "HeadersTooLarge", "QueryInvalid", "InternalError"]
export const workTags = ["ShuttingDown"]
export const scopedTags = ["Unauthorized", "KeysUnavailable", "Forbidden", "PolicyDenied", "PolicyUnavailable"]

/** The guards of one route. */
export const make = (guards: Guards, served: Served) => {
  const { aggregates = [], asks, hasId, instead, query: known, scopes: usual, whileDraining } = served
  const asksInstead = instead && { ...asks, action: instead.action }
  const asksAbout = new Map(aggregates.map((aggregate) => [aggregate, { ...asks, aggregate }]))
  const asksOf = (search: string) => asksAbout.get(query.first(search, "aggregate") ?? "") ?? asks
  return Effect.fnUntraced(function* (came: Incoming): Effect.fn.Return<Call, GuardRefusal> {
    const { commandId, id = "", part = "", request, search } = came
    const refusal = size(came, guards.limits)
    if (refusal !== undefined) return yield* refusal
    if (!whileDraining && guards.isDraining()) return yield* shuttingDown
    let principal = nobody as Call["principal"]
    const isInstead = instead !== undefined && query.holds(search, instead.parameters)
    const scopes = isInstead ? instead.scopes : usual
    if (scopes.length > 0) {
      // A query is written to logs all along the way: a token in it is no longer a secret.
      if (search.includes("access_token=")) return yield* tokenInQuery
      principal = yield* guards.authenticate(request.headers.get("authorization") ?? undefined)
      yield* guards.permit(isInstead ? asksInstead! : asksAbout.size > 0 ? asksOf(search) : asks, principal, scopes)
    }
    if (hasId && !idPattern.test(id)) return yield* new ActorError.InvalidId({ part: "id" })
    if (commandId !== undefined && !idPattern.test(commandId)) {
      return yield* new ActorError.InvalidId({ part: "Idempotency-Key" })
    }
    return { request, id, part, commandId, principal, query: yield* query.parse(search, known) }
  })
}
