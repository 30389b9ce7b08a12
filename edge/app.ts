/**
 * The HTTP application of an `App`, on any platform that has `Request` and `Response`: routes, guards, documents.
 *
 * It starts nothing and owns nothing: stores and actors come in a context, keys and identity in settings.
 * @module
 */
import { Context, Effect } from "effect"
import { Hono } from "hono"
import type { JSONWebKeySet } from "jose"
import { ShuttingDown } from "../core/ActorError.ts"
import type { App } from "../core/App.ts"
import { Sha256 } from "../core/Fingerprint.ts"
import * as Limits from "../core/Limits.ts"
import { PolicyEnforcer } from "../core/PolicyEnforcer.ts"
import * as Rarely from "../runtime/Rarely.ts"
import type { Accept } from "../runtime/Socket.ts"
import type { Authenticate } from "./auth.ts"
import { asyncapi } from "./asyncapi.ts"
import * as deadLetters from "./deadLetters.ts"
import { checkRejections } from "./checkRejections.ts"
import * as cors from "./cors.ts"
import { incoming } from "./guard.ts"
import * as docs from "./docs.ts"
import { make as makeHealth } from "./health.ts"
import { openapi } from "./openapi.ts"
import * as operations from "./operations.ts"
import * as permit from "./permit.ts"
import { type Answer, type Failure, refuse } from "./refuse.ts"
import { MethodNotAllowed, NoSuchRoute } from "./refusals.ts"
import * as schemas from "./schemas.ts"
import { type EdgeRequest, refusing, type Route, served, type Services } from "./route.ts"
import { type Edge, serve } from "./run.ts"
import * as handshake from "./stream/handshake.ts"
import * as Hub from "./stream/Hub.ts"
import * as stream from "./stream/routes.ts"
import * as table from "./table.ts"
import { make as makeTickets } from "./stream/tickets.ts"
import * as violations from "./violations.ts"

export interface EdgeOptions {
  readonly app: App
  /** Who asks, by the `Authorization` header; `auth.ts` makes one from an issuer and its keys. */
  readonly authenticate: Authenticate
  /** Actors and store, with clock, tracer and loggers as the composition root chose them. */
  readonly context: Context.Context<Services>
  readonly limits?: Limits.Limits
  /** Public keys to serve, where this process mints tokens itself. */
  readonly jwks?: JSONWebKeySet
  /** What stands before the slug in the `type` of a problem; `/problems#` where absent. */
  readonly problemBase?: string
  /** Renders `/docs`; there is no such page where absent. */
  readonly docs?: docs.Renderer
  /** Only health, metrics and documents: for a process that works behind others. */
  readonly operationsOnly?: boolean
  /** Web origins whose pages may call us; none where absent. */
  readonly origins?: ReadonlyArray<string>
}

export interface EdgeApp {
  readonly fetch: (request: EdgeRequest) => Promise<Response>
  /** The same for listeners that write answers themselves: a `Response` is made only where Hono or CORS need one. */
  readonly answer: (request: EdgeRequest) => Promise<Answer | Response>
  /** Grants the WebSocket that a request asks for, or answers it. For listeners that can upgrade. */
  readonly upgrade: (request: EdgeRequest) => Promise<Accept | Response>
  /** The answer to a request that never became one. */
  readonly respond: (failure: Failure) => Response
  /** From now on work is refused with 503, and `/health/ready` says no. */
  readonly drain: () => void
  /** What it serves, with the limits that hold it. */
  readonly routes: ReadonlyArray<table.RouteFact>
  /** Requests that wait for their answer. */
  readonly inFlight: () => number
  /** Answers them with 503 `shutting-down`; only once the actors are gone, for then nothing of theirs can be stored. */
  readonly abandon: () => void
}

const responseOf = ({ body, headers, status }: Answer): Response => new Response(body, { status, headers })
const toResponse = (answer: Answer | Response): Response => answer instanceof Response ? answer : responseOf(answer)
/** Hono passes on whatever a handler answers; only for HEAD does it take what it needs of it for a `Response`. */
const throughHono = (answer: Promise<Answer>) => answer as Promise<Answer | Response> as Promise<Response>

/** Matches what Hono matches, for paths that have another method. */
const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`)

/** The names of a route's parts: `id`. */
const partsOf = (path: string): ReadonlyArray<string> => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!)

const pathOf = (request: EdgeRequest): string => incoming(request, undefined).path

/** Everything `app` serves over HTTP. Stops the program where the application cannot be served as it is. */
export const makeApp = (options: EdgeOptions): EdgeApp => {
  const { app, authenticate, context, jwks, limits = Limits.defaults, origins = [], problemBase = "/problems#" } =
    options
  checkRejections(app)
  let draining = false
  const waiting = new Set<(answer: Answer | Response) => void>()
  const isDraining = () => draining
  const health = makeHealth(limits.storeFailingMs)
  const allowed = permit.make(app.name, Context.get(context, PolicyEnforcer), limits)
  const rarely = Rarely.make(limits)
  const edge: Edge = { limits, authenticate, permit: allowed, health, isDraining, problemBase, rarely, context }
  const problem = (failure: Failure) => refuse(problemBase, failure, { path: stream.path }).body!
  const hub = Effect.runSyncWith(context)(Hub.make({ app, context, limits, permit: allowed, problem }))
  const tickets = makeTickets(Effect.runSyncWith(context)(Effect.service(Sha256)), limits)

  const work: ReadonlyArray<Route> = options.operationsOnly ? [] : [
    ...table.routes(app, limits),
    ...schemas.routes(limits),
    ...violations.routes(limits),
    ...deadLetters.routes(app, limits),
    stream.ticket(tickets, limits.ticketMs),
  ]
  const routes: ReadonlyArray<Route> = [
    ...work,
    ...operations.routes({
      health,
      isDraining,
      jwks,
      asyncapi: () => JSON.stringify(asyncapi(app, limits)),
      openapi: () => JSON.stringify(openapi(app, routes, problemBase)),
    }),
    ...options.docs === undefined ? [] : docs.routes(app.name, ["openapi.json", "asyncapi.json"], options.docs),
  ]
  const hono = new Hono()
  for (const route of routes) {
    const answer = serve(edge, served(route))
    const [first = "", second] = partsOf(route.path)
    hono.on(
      route.method,
      route.path,
      second === undefined
        ? (c) => throughHono(answer(c.req.raw, c.req.param(first)))
        : (c) => throughHono(answer(c.req.raw, c.req.param(first), c.req.param(second))),
    )
  }
  const [wanted, granted] = [new WeakSet<EdgeRequest>(), new WeakMap<EdgeRequest, Accept>()]
  const shake = handshake.make({ authenticate, hub, origins, permit: allowed, tickets })
  const socket = serve(edge, stream.socket(shake, wanted, granted))
  if (!options.operationsOnly) hono.get(stream.path, (c) => throughHono(socket(c.req.raw, undefined)))
  // Beside the routes, not behind them: a second handler on a path would put Hono's composition before every answer.
  const paths = [...new Set(routes.map(({ path }) => path))].map((path) => {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method)
    const allow = methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method])
    return { pattern: patternOf(path), wrong: serve(edge, refusing(path, new MethodNotAllowed({ allow }))) }
  })
  const missing = serve(edge, refusing("*", new NoSuchRoute()))
  hono.notFound(({ req: { path, raw } }) => {
    const answer = paths.find(({ pattern }) => pattern.test(path))?.wrong ?? missing
    return throughHono(answer(raw, undefined))
  })

  // Hono itself looks at method and URL; handlers take no more than `EdgeRequest` has.
  const route = (request: EdgeRequest): Promise<Answer | Response> => Promise.resolve(hono.fetch(request as Request))
  const answered = origins.length === 0
    ? route
    : cors.allow(origins, async (request) => toResponse(await route(request)))
  const respond = (failure: Failure) => responseOf(refuse(problemBase, failure, { path: "/" }))
  const waited = (request: EdgeRequest): Promise<Answer | Response> =>
    new Promise((resolve, reject) => {
      waiting.add(resolve)
      answered(request).then((answer) => {
        waiting.delete(resolve)
        resolve(answer)
      }, (error) => {
        waiting.delete(resolve)
        reject(error)
      })
    })
  return {
    fetch: async (request) => toResponse(await waited(request)),
    answer: waited,
    upgrade: async (request) => {
      if (!handshake.isWanted(request) || pathOf(request) !== stream.path) return toResponse(await waited(request))
      wanted.add(request)
      const answer = await socket(request, undefined)
      return granted.get(request) ?? responseOf(answer)
    },
    respond,
    drain: () => {
      draining = true
      hub.drain()
    },
    routes: routes.map(table.factOf),
    inFlight: () => waiting.size,
    abandon: () => {
      for (const resolve of waiting) resolve(respond(new ShuttingDown({ retryAfterSeconds: 1 })))
    },
  }
}
