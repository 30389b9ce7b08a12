/**
 * The questions after the past: a state at a version or time, and the events of a time range. One limit for all three.
 *
 * A question is checked first, then counted, then answered: a bad one consumes nothing.
 * @module
 */
import { Clock, Effect, Schema } from "effect"
import type { App } from "../core/App.ts"
import { EventStore, type TimeRange } from "../core/EventStore.ts"
import type { Limits } from "../core/Limits.ts"
import type { Shape as Principal } from "../core/Principal.ts"
import { QueryLimiter } from "../core/QueryLimiter.ts"
import { TimeTravel, type When } from "../runtime/TimeTravel.ts"
import * as answers from "./answers.ts"
import { badCursor, bounded, cursorOf, limitOf, pageOf, unavailable } from "./page.ts"
import * as query from "./query.ts"
import { NotFound, QueryInvalid, QueryLimited } from "./refusals.ts"
import type { Answer, Failure } from "./refuse.ts"
import { type Call, ok, type Parameter, type Route, type Services, unlessKnown } from "./route.ts"

const Time = Schema.String.pipe(Schema.check(Schema.isPattern(query.timePattern)))
const absent = new NotFound()

/** Of the route of a state. */
export const parameters: ReadonlyArray<Parameter> = [
  {
    name: "version",
    in: "query",
    description: "The state after so many events. Needs the scope `history` instead.",
    schema: Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1))),
  },
  {
    name: "asOf",
    in: "query",
    description: "The state after the last event recorded at or before this time: RFC 3339, or milliseconds since " +
      "1970. Not beside `version`. Needs the scope `history` instead.",
    schema: Time,
  },
]

/** What a question after a past state may be answered beside what one after the newest is. */
export const errors = ["VersionNotFound", "BeforeFirstEvent", "QueryLimited", "TimedOut"]

/** What is asked for; nothing: the newest state. */
export const when = Effect.fnUntraced(function* (asked: Call["query"]): Effect.fn.Return<
  When | undefined,
  QueryInvalid
> {
  const version = yield* query.integer(asked, "version", { min: 1, max: Number.MAX_SAFE_INTEGER, absent: 0 })
  const asOf = yield* query.time(asked, "asOf")
  if (asOf === undefined) return version === 0 ? undefined : { version }
  if (version !== 0) return yield* new QueryInvalid({ parameter: "asOf", rule: "Expected without version" })
  return { asOf }
})

/** Counts a question that is good. */
const admit = Effect.fnUntraced(function* ({ subject, tenant }: Principal) {
  const limiter = yield* QueryLimiter
  const verdict = yield* Effect.catchTag(limiter.admit({ tenant, subject }), "StoreUnavailable", unavailable)
  if (verdict._tag === "Refused") {
    return yield* new QueryLimited({ retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
  }
})

type Answered = Effect.Effect<Answer, Failure, Services>

/**
 * The handler of a route that asks after the past, and the limit it is held to. `ask` checks the question and gives what
 * answers it, which is run once the limiter has admitted the client; where it gives nothing the newest is asked for.
 */
export const limited = (
  { queries, queryWindowMs }: Limits,
  ask: (call: Call) => Effect.Effect<Answered | undefined, Failure, Services>,
  newest: (call: Call) => Answered,
) => ({
  limit: { queries, queryWindowMs },
  handle: Effect.fnUntraced(function* (call: Call) {
    const answer = yield* ask(call)
    if (answer === undefined) return yield* newest(call)
    yield* admit(call.principal)
    return yield* answer
  }),
})

/** For the caller's own cache, by token. An hour, not for ever: newer code may make another state of the same events. */
const keep = { "cache-control": "private, max-age=3600", "vary": "authorization" }
const ask = { "cache-control": "private, no-cache", "vary": "authorization" }

/** The state of an instance then, for a client that was admitted. */
export const past = Effect.fnUntraced(function* (aggregate: string, call: Call, when: When, limits: Limits) {
  const travel = yield* TimeTravel
  const found = yield* bounded(limits)(travel.state(call.principal, aggregate, call.id, when))
  if (found === undefined) return yield* absent
  const answer = ok(answers.state(found, "asOf" in when ? when.asOf : undefined), found.version)
  return unlessKnown(call, { ...answer, headers: { ...answer.headers, ...found.settled ? keep : ask } })
})

const timeOf = (name: string, description: string): Parameter => ({
  ...{ name, in: "query", schema: Time, required: true },
  description: `${description}: RFC 3339, or milliseconds since 1970.`,
})

/** The route of all events of the tenant in a time range. */
export const range = (app: App, limits: Limits): Route => {
  const names = Object.keys(app.aggregates)

  const rangeOf = Effect.fnUntraced(function* ({ principal: { tenant }, query: asked }: Call): Effect.fn.Return<
    TimeRange,
    QueryInvalid
  > {
    const from = (yield* query.time(asked, "from")) ?? (yield* wrong("from", "Expected a time"))
    const to = (yield* query.time(asked, "to")) ?? (yield* wrong("to", "Expected a time"))
    if (to < from) return yield* wrong("to", "Expected from or later")
    if (to - from > limits.rangeMs) {
      return yield* wrong("to", `Expected at most ${limits.rangeMs / 86_400_000} days after from`)
    }
    const limit = yield* query.integer(asked, "limit", pageOf(limits))
    const [aggregate, cursor] = [asked.get("aggregate"), asked.get("cursor")]
    if (aggregate !== undefined && !names.includes(aggregate)) {
      return yield* wrong("aggregate", "Expected an aggregate of the application")
    }
    return {
      tenant,
      from,
      to,
      limit,
      ...aggregate === undefined ? {} : { aggregate },
      ...cursor === undefined ? {} : { cursor },
    }
  })

  const page = Effect.fnUntraced(
    function* (asked: TimeRange) {
      const store = yield* EventStore
      // Looked at before the store is, so that whatever is committed meanwhile is not called settled.
      const settled = Math.min(
        asked.to,
        Math.floor(yield* Clock.currentTimeMillis) - (store.settleMs ?? limits.settleMs),
      )
      return ok(answers.range(asked.from, asked.to, settled, yield* store.byTime(asked)))
    },
    Effect.catchTag("StoreUnavailable", unavailable),
    Effect.catchTag("BadCursor", badCursor),
  )
  const ask = Effect.fnUntraced(
    function* (call: Call) {
      const asked = yield* rangeOf(call)
      // The store alone can tell a good cursor: it is shown to it with a range that holds nothing.
      if (asked.cursor !== undefined) yield* (yield* EventStore).byTime({ ...asked, to: asked.from, limit: 1 })
      return page(asked)
    },
    Effect.catchTag("StoreUnavailable", unavailable),
    Effect.catchTag("BadCursor", badCursor),
  )
  // Every question is after the past here.
  const counted = limited(limits, ask, () => Effect.fail(absent))

  return {
    method: "GET",
    path: "/v1/events",
    scopes: ["history"],
    asks: { action: "history" },
    aggregates: names,
    operation: {
      operationId: "events",
      summary: "The tenant's events of a time range, by time",
      parameters: [
        timeOf("from", "The first time of the range"),
        timeOf("to", "The time behind the range, at most 90 days later"),
        { name: "aggregate", in: "query", description: "Its events alone.", schema: Schema.Literals(names) },
        limitOf(limits),
        cursorOf,
      ],
      errors: ["QueryLimited", "Unavailable", "TimedOut"],
      ok: { mediaType: "application/json", description: "A page of events.", schema: answers.RangeBody },
    },

    limit: counted.limit,
    handle: (call) => bounded(limits)(counted.handle(call)),
  }
}

const wrong = (parameter: string, rule: string) => Effect.fail(new QueryInvalid({ parameter, rule }))
