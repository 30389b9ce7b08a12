/**
 * The routes that read: the state of an instance, its events, and the instances there are.
 *
 * The tenant comes from the token alone, so another tenant's instance is as absent as one that never was.
 * @module
 */
import { Effect, Schema } from "effect"
import * as ActorError from "../core/ActorError.ts"
import { Actors } from "../core/Actors.ts"
import type { Any as AnyAggregate } from "../core/Aggregate.ts"
import type { App } from "../core/App.ts"
import { EventStore, type StoreUnavailable } from "../core/EventStore.ts"
import type { Limits } from "../core/Limits.ts"
import { Id } from "../core/Stream.ts"
import * as answers from "./answers.ts"
import * as query from "./query.ts"
import type { Answer } from "./refuse.ts"
import { NotFound, QueryInvalid, TimedOut } from "./refusals.ts"
import { type Call, ok, type Parameter, type Route } from "./route.ts"

const pageDefault = 100
const absent = new NotFound()
const late = new TimedOut({ retryAfterSeconds: 1 })
const unavailable = ({ reason }: StoreUnavailable) =>
  Effect.fail(new ActorError.Unavailable({ retryAfterSeconds: 1, reason }))
const badCursor = () =>
  Effect.fail(new QueryInvalid({ parameter: "cursor", rule: "Expected a cursor of this listing" }))

const idOf = (aggregate: string): Parameter => ({
  name: "id",
  in: "path",
  description: `Of the ${aggregate}.`,
  schema: Id,
})
const json = { mediaType: "application/json" } as const

const notModified = ({ headers }: Answer): Answer => ({ status: 304, headers: { etag: headers["etag"]! }, body: null })

const state = (aggregate: AnyAggregate): Route => {
  const { aggregate: name } = aggregate.contract
  return {
    method: "GET",
    path: `/v1/${name}/:id`,
    scopes: ["read"],
    operation: {
      operationId: `${name}.state`,
      summary: `The newest state of one ${name}`,
      parameters: [idOf(name), {
        name: "If-None-Match",
        in: "header",
        description: "The entity tag of a state already known; 304 while it is the newest.",
        schema: Schema.String,
      }],
      errors: [
        "InvalidId",
        "NotFound",
        "ActorDefect",
        "MailboxFull",
        "ActorUnavailable",
        "Contended",
        "Unavailable",
        "NewerEvent",
      ],
      ok: { ...json, description: "Confirmed to be the newest.", schema: answers.StateBody(aggregate), etag: true },
    },
    handle: Effect.fnUntraced(function* ({ id, principal, request }: Call) {
      const actors = yield* Actors
      const found = yield* actors.state(principal, name, id)
      if (found === undefined) return yield* absent
      const answer = ok(answers.state(found), found.version)
      return request.headers.get("if-none-match") === answer.headers["etag"] ? notModified(answer) : answer
    }),
  }
}

const pageOf = (limits: Limits) => ({ min: 1, max: limits.page, absent: Math.min(pageDefault, limits.page) })

const limitOf = (limits: Limits): Parameter => ({
  name: "limit",
  in: "query",
  description: "Items of the page at most.",
  schema: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: limits.page }))),
})

const history = (name: string, limits: Limits): Route => ({
  method: "GET",
  path: `/v1/${name}/:id/events`,
  scopes: ["history"],
  operation: {
    operationId: `${name}.events`,
    summary: `The events of one ${name}, in order`,
    parameters: [idOf(name), {
      name: "fromVersion",
      in: "query",
      description: "The first version of the page.",
      schema: Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1))),
    }, limitOf(limits)],
    errors: ["InvalidId", "NotFound", "Unavailable", "TimedOut"],
    ok: { ...json, description: "A page of the history.", schema: answers.HistoryBody(name) },
  },
  handle: Effect.fnUntraced(
    function* (call: Call) {
      const fromVersion = yield* query.integer(call.query, "fromVersion", {
        min: 1,
        max: Number.MAX_SAFE_INTEGER,
        absent: 1,
      })
      const limit = yield* query.integer(call.query, "limit", pageOf(limits))
      const store = yield* EventStore
      const stream = { tenant: call.principal.tenant, aggregate: name, id: call.id }
      const events = yield* store.read(stream, fromVersion - 1, limit)
      if (events.length === 0 && (fromVersion === 1 || (yield* store.head(stream)).version === 0)) return yield* absent
      const last = events.at(-1)
      return ok(answers.history(stream, events, events.length < limit ? null : last!.version + 1))
    },
    bounded(limits),
    Effect.catchTag("StoreUnavailable", unavailable),
  ),
})

const instances = (name: string, limits: Limits): Route => ({
  method: "GET",
  path: `/v1/${name}`,
  scopes: ["read"],
  operation: {
    operationId: `${name}.instances`,
    summary: `The tenant's instances of ${name}, by id`,
    parameters: [limitOf(limits), {
      name: "cursor",
      in: "query",
      description: "Of the page before.",
      schema: Schema.String,
    }],
    errors: ["Unavailable", "TimedOut"],
    ok: { ...json, description: "A page of ids.", schema: answers.InstancesBody(name) },
  },
  handle: Effect.fnUntraced(
    function* (call: Call) {
      const limit = yield* query.integer(call.query, "limit", pageOf(limits))
      const store = yield* EventStore
      const page = yield* store.streams(call.principal.tenant, name, call.query.get("cursor"), limit)
      return ok(answers.instances(name, page))
    },
    bounded(limits),
    Effect.catchTag("StoreUnavailable", unavailable),
    Effect.catchTag("BadCursor", badCursor),
  ),
})

/** The host bounds what goes through an actor; reads of the store itself are bounded here. */
const bounded = (limits: Limits) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | TimedOut, R> =>
  Effect.timeoutOrElse(effect, { duration: limits.requestTimeoutMs, orElse: () => Effect.fail(late) })

export const routes = (app: App, limits: Limits): ReadonlyArray<Route> =>
  Object.values(app.aggregates).flatMap((aggregate) => [
    instances(aggregate.contract.aggregate, limits),
    state(aggregate),
    history(aggregate.contract.aggregate, limits),
  ])
