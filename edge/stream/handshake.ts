/**
 * From the request for a WebSocket to a granted one, or to the refusal that is answered instead of the upgrade.
 *
 * A token comes as subprotocol, in the `Authorization` header, or was changed into a one-time ticket; never in the URL,
 * which is written to logs all along the way.
 * @module
 */
import { Clock, Effect } from "effect"
import type { Forbidden } from "../../core/ActorError.ts"
import type { Denied } from "../../core/PolicyEnforcer.ts"
import type { Accept } from "../../runtime/Socket.ts"
import type { Authenticate, Identity } from "../auth.ts"
import type { Asked, Permit } from "../permit.ts"
import { HeaderInvalid, type KeysUnavailable, OriginForbidden, Unauthorized } from "../refusals.ts"
import type { Call, EdgeRequest } from "../route.ts"
import type { Hub, Refusal } from "./Hub.ts"
import type { Tickets } from "./tickets.ts"

export const scope = "stream"
export const path = "/v1/stream"
/** What the policies are asked: whether a socket may be opened, and of each subscription for its aggregate, if it has one. */
export const asks = (aggregate: string): Asked => ({ action: "stream", aggregate, type: "", path })
const protocol = "nexus.v1"
const bearer = "nexus.bearer."

export interface HandshakeOptions {
  readonly authenticate: Authenticate
  readonly permit: Permit
  readonly hub: Hub
  readonly tickets: Tickets
  readonly origins: ReadonlyArray<string>
}

/** Of no page, of a page of this host, or of a page of an allowed origin. */
const isAllowed = (origin: string | null, host: string | null, origins: ReadonlyArray<string>): boolean =>
  origin === null || origins.includes(origin) ||
  (host !== null && URL.canParse(origin) && new URL(origin).host === host.toLowerCase())

const offered = ({ headers }: EdgeRequest): ReadonlyArray<string> =>
  (headers.get("sec-websocket-protocol") ?? "").split(",").map((one) => one.trim()).filter((one) => one !== "")

const none = new Unauthorized({ came: false })
const bad = new Unauthorized({ came: true })
const wrong = (header: string, rule: string) => new HeaderInvalid({ header, rule })

/** What of RFC 6455 (4.2.1) the adapters would refuse too, in words of their own. */
const faultOf = ({ headers }: EdgeRequest, protocols: ReadonlyArray<string>): HeaderInvalid | undefined =>
  headers.get("sec-websocket-version") !== "13"
    ? wrong("Sec-WebSocket-Version", "Expected 13")
    : !/^[+/0-9A-Za-z]{22}==$/.test(headers.get("sec-websocket-key") ?? "")
    ? wrong("Sec-WebSocket-Key", "Expected 16 bytes in Base64")
    : protocols.length > 0 && !protocols.includes(protocol)
    ? wrong("Sec-WebSocket-Protocol", `Expected ${protocol}`)
    : undefined

export const make = ({ authenticate, hub, origins, permit, tickets }: HandshakeOptions) => {
  const identify = Effect.fnUntraced(function* (
    { query, request }: Call,
    now: number,
  ): Effect.fn.Return<Identity, Unauthorized | KeysUnavailable> {
    const authorization = request.headers.get("authorization")
    const ticket = query.get("ticket")
    const tokens = offered(request).filter((one) => one.startsWith(bearer)).map((one) => one.slice(bearer.length))
    // Who says it twice may mean two different ones.
    const said = tokens.length + (authorization === null ? 0 : 1) + (ticket === undefined ? 0 : 1)
    if (said === 0) return yield* none
    if (said > 1) return yield* bad
    const identity = ticket === undefined
      ? yield* authenticate(authorization ?? `Bearer ${tokens[0]}`)
      : tickets.take(ticket, now)
    return identity === undefined || identity.expiresAt <= now ? yield* bad : identity
  })

  return Effect.fnUntraced(function* (
    call: Call,
  ): Effect.fn.Return<
    Accept,
    Unauthorized | KeysUnavailable | OriginForbidden | HeaderInvalid | Forbidden | Denied | Refusal
  > {
    const { headers } = call.request
    if (!isAllowed(headers.get("origin"), headers.get("host"), origins)) return yield* new OriginForbidden()
    const protocols = offered(call.request)
    const fault = faultOf(call.request, protocols)
    if (fault !== undefined) return yield* fault
    const identity = yield* identify(call, yield* Clock.currentTimeMillis)
    yield* permit(asks(""), identity, [scope])
    return yield* Effect.fromResult(hub.admit(identity, protocols.length > 0 ? protocol : undefined))
  })
}

/** Whether a request asks for a WebSocket. */
export const isWanted = ({ headers, method }: EdgeRequest): boolean =>
  method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket"

export type Handshake = ReturnType<typeof make>
