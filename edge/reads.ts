/**
 * The routes that read: the state of an instance, its events, and the instances there are.
 *
 * The tenant comes from the token alone, so another tenant's instance is as absent as one that never was.
 * @module
 */
import { Effect, Schema } from "effect"
import { Actors } from "../core/Actors.ts"
import type { Any as AnyAggregate } from "../core/Aggregate.ts"
import type { App } from "../core/App.ts"
import { EventStore } from "../core/EventStore.ts"
import type { Limits } from "../core/Limits.ts"
import { Id } from "../core/Stream.ts"
import * as answers from "./answers.ts"
import { badCursor, bounded, cursorOf, limitOf, pageOf, unavailable } from "./page.ts"
import * as query from "./query.ts"
import { NotFound } from "./refusals.ts"
import { type Call, ok, type Parameter, type Route, unlessKnown } from "./route.ts"
import * as temporal from "./temporal.ts"

const absent = new NotFound()

const idOf = (aggregate: string): Parameter => ({
  name: "id",
  in: "path",
  description: `Of the ${aggregate}.`,
  schema: Id,
})
const json = { mediaType: "application/json" } as const

const state = (aggregate: AnyAggregate, limits: Limits): Route => {
  const { aggregate: name } = aggregate.contract
  const ask = Effect.fnUntraced(function* (call: Call) {
    const when = yield* temporal.when(call.query)
    return when && temporal.past(name, call, when, limits)
  })
  const newest = Effect.fnUntraced(function* (call: Call) {
    const found = yield* (yield* Actors).state(call.principal, name, call.id)
    if (found === undefined) return yield* absent
    return unlessKnown(call, ok(answers.state(found), found.version))
  })
  return {
    method: "GET",
    path: `/v1/${name}/:id`,
    scopes: ["read"],
    asks: { action: "read", aggregate: name },
    instead: {
      parameters: temporal.parameters.map(({ name }) => name),
      scopes: ["history"],
      action: "history",
    },
    operation: {
      operationId: `${name}.state`,
      summary: `The newest state of one ${name}, or that at a version or time`,
      parameters: [idOf(name), ...temporal.parameters, {
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
        ...temporal.errors,
      ],
      ok: {
        ...json,
        description: "Without a version or time confirmed to be the newest.",
        schema: answers.StateBody(aggregate),
        etag: true,
      },
    },
    ...temporal.limited(limits, ask, newest),
  }
}

const history = (name: string, limits: Limits): Route => ({
  method: "GET",
  path: `/v1/${name}/:id/events`,
  scopes: ["history"],
  asks: { action: "history", aggregate: name },
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
  asks: { action: "read", aggregate: name },
  operation: {
    operationId: `${name}.instances`,
    summary: `The tenant's instances of ${name}, by id`,
    parameters: [limitOf(limits), cursorOf],
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

export const routes = (app: App, limits: Limits): ReadonlyArray<Route> =>
  Object.values(app.aggregates).flatMap((aggregate) => [
    instances(aggregate.contract.aggregate, limits),
    state(aggregate, limits),
    history(aggregate.contract.aggregate, limits),
  ]).concat(temporal.range(app, limits))
