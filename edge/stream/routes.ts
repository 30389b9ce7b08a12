/**
 * `/v1/stream`: the WebSocket itself, which AsyncAPI describes, and the route that gives tickets for it.
 * @module
 */
import { Clock, Effect, Schema } from "effect"
import type { Accept } from "../../runtime/Socket.ts"
import type { Identity } from "../auth.ts"
import { UpgradeRequired } from "../refusals.ts"
import { type Call, type EdgeRequest, ok, type Route, type Served } from "../route.ts"
import * as handshake from "./handshake.ts"
import type { Tickets } from "./tickets.ts"

export const { path } = handshake

const TicketAnswer = Schema.Struct({
  ticket: Schema.String.annotate({ description: "Good for one socket, as `?ticket=`." }),
  expiresInSeconds: Schema.Int,
})

export const ticket = (tickets: Tickets, ticketMs: number): Route => ({
  method: "POST",
  path: `${path}/tickets`,
  scopes: [handshake.scope],
  asks: { action: "stream" },
  operation: {
    operationId: "stream.ticket",
    summary: "A one-time ticket to open a WebSocket with",
    parameters: [],
    errors: [],
    ok: { description: "A ticket.", mediaType: "application/json", schema: TicketAnswer },
  },
  handle: Effect.fnUntraced(function* ({ principal }: Call) {
    const now = yield* Clock.currentTimeMillis
    // Whoever has passed the guard of a scope came with a token.
    const given = tickets.give(principal as Identity, now)
    return ok(JSON.stringify({ ticket: given, expiresInSeconds: Math.floor(ticketMs / 1000) }))
  }),
})

const upgrade = new UpgradeRequired()

/**
 * The path of the WebSocket; `wanted` are the requests that their listener can upgrade, `granted` those that it is to.
 */
export const socket = (
  shake: handshake.Handshake,
  wanted: WeakSet<EdgeRequest>,
  granted: WeakMap<EdgeRequest, Accept>,
): Served => ({
  method: "GET",
  path,
  // Its handler looks at the token, its scope and the policies: a token may come by other ways than the header.
  scopes: [],
  asks: handshake.asks(""),
  whileDraining: false,
  routine: false,
  hasId: false,
  query: ["ticket"],
  command: undefined,
  handle: (call) => {
    if (!wanted.has(call.request)) return Effect.fail(upgrade)
    return Effect.map(shake(call), (accept) => {
      granted.set(call.request, accept)
      return { status: 101, headers: {}, body: null }
    })
  },
})
