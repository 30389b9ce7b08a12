/**
 * Mistakes of what answers questions after the past: of its limiter, and of the time travel itself.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import { Limits } from "../../../core/Limits.ts"
import { keyOf, QueryLimiter, type Shape as Limiter } from "../../../core/QueryLimiter.ts"
import * as QueryLimiterMemory from "../../../core/QueryLimiterMemory.ts"
import { type Shape as Past, TimeTravel } from "../../../runtime/TimeTravel.ts"
import { productionHost } from "../../../testing/simulation/Fleet.ts"
import { memoryStores } from "../../../testing/simulation/run.ts"
import type { Planted } from "./Planted.ts"

/** A limiter with a mistake, shared by all processes as the true one is. */
const inLimiter = (name: string, make: Effect.Effect<Limiter>): Planted => ({
  name,
  breaks: [13],
  host: productionHost,
  stores: Layer.merge(memoryStores, Layer.effect(QueryLimiter, make)),
})

const countsRefusals = inLimiter(
  "counts a refused question",
  Effect.gen(function* () {
    const state: QueryLimiterMemory.State = new Map()
    const limiter = yield* QueryLimiterMemory.make(state)
    return {
      admit: (client) =>
        Effect.gen(function* () {
          const verdict = yield* limiter.admit(client)
          if (verdict._tag === "Refused") {
            const [admissions, now] = [state.get(keyOf(client))!, yield* Clock.currentTimeMillis]
            state.set(keyOf(client), [...admissions.slice(1), Math.max(now, admissions.at(-1)!)])
          }
          return verdict
        }),
    }
  }),
)

const closedWindow = inLimiter(
  "counts an admission that has just left the window",
  Effect.gen(function* () {
    const limits = yield* Limits
    return yield* Effect.provideService(QueryLimiterMemory.make(), Limits, {
      ...limits,
      queryWindowMs: limits.queryWindowMs + 1,
    })
  }),
)

const takesClock = inLimiter(
  "limits by the clock as it is",
  Effect.map(Effect.service(Limits), ({ queries, queryWindowMs }) => {
    const state = new Map<string, Array<number>>()
    return {
      admit: (client) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const admissions = state.get(keyOf(client)) ?? []
          const counted = admissions.filter((at) => now - queryWindowMs < at && at <= now).sort((a, b) => a - b)
          if (counted.length >= queries) {
            return { _tag: "Refused", retryAfterMs: counted.at(-queries)! + queryWindowMs - now }
          }
          state.set(keyOf(client), [...admissions, now])
          return { _tag: "Admitted" }
        }),
    }
  }),
)

/** Each process has a clock of its own, by which a new one is told. */
const forgetsOnRestart = inLimiter(
  "forgets admissions on restart",
  Effect.gen(function* () {
    const state: QueryLimiterMemory.State = new Map()
    const limiter = yield* QueryLimiterMemory.make(state)
    const processes = new Set<Clock.Clock>()
    return {
      admit: (client) =>
        Clock.clockWith((clock) => {
          if (!processes.has(clock)) state.clear()
          processes.add(clock)
          return limiter.admit(client)
        }),
    }
  }),
)

const limitsItself: Planted = {
  name: "limits questions by itself, not with the other processes",
  breaks: [13],
  host: (app) => Layer.merge(productionHost(app), QueryLimiterMemory.layer),
  stores: memoryStores,
}

/** A time travel with a mistake. */
const inPast = (name: string, wrap: (past: Past) => Past): Planted => ({
  name,
  breaks: [19],
  host: (app) =>
    Layer.merge(
      productionHost(app),
      Layer.provide(
        Layer.effect(TimeTravel, Effect.map(Effect.service(TimeTravel), wrap)),
        TimeTravel.layer(app),
      ),
    ),
  stores: memoryStores,
})

const strictlyBefore = inPast("leaves out the events of the very time asked for", (past) => ({
  state: (principal, aggregate, id, when) =>
    past.state(principal, aggregate, id, "asOf" in when ? { asOf: when.asOf - 1 } : when),
}))

const settlesEarly = inPast("calls settled what can still change", (past) => ({
  state: (...args) => Effect.map(past.state(...args), (found) => found && { ...found, settled: true }),
}))

export const past: ReadonlyArray<Planted> = [
  countsRefusals,
  closedWindow,
  takesClock,
  forgetsOnRestart,
  limitsItself,
  strictlyBefore,
  settlesEarly,
]
