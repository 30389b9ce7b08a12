/**
 * What routes that read the store share: parameters of a page, its bound in time, and what the store's failures become.
 * @module
 */
import { Effect, Schema } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { StoreUnavailable } from "../core/EventStore.ts"
import type { Limits } from "../core/Limits.ts"
import { QueryInvalid, TimedOut } from "./refusals.ts"
import type { Parameter } from "./route.ts"

const pageDefault = 100
const late = new TimedOut({ retryAfterSeconds: 1 })

/** The range of `limit`. */
export const pageOf = (limits: Limits) => ({ min: 1, max: limits.page, absent: Math.min(pageDefault, limits.page) })

export const limitOf = (limits: Limits): Parameter => ({
  name: "limit",
  in: "query",
  description: "Items of the page at most.",
  schema: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: limits.page }))),
})

export const cursorOf: Parameter = {
  name: "cursor",
  in: "query",
  description: "Of the page before.",
  schema: Schema.String,
}

export const unavailable = (error: StoreUnavailable) => Effect.fail(ActorError.Unavailable.fromStore(error))
export const badCursor = () =>
  Effect.fail(new QueryInvalid({ parameter: "cursor", rule: "Expected a cursor of this listing" }))

/** The host bounds what goes through an actor; reads of the store itself are bounded here. */
export const bounded =
  (limits: Limits) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | TimedOut, R> =>
    Effect.timeoutOrElse(effect, { duration: limits.requestTimeoutMs, orElse: () => Effect.fail(late) })
