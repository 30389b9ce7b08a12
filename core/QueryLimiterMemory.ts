/**
 * The limiter of temporal queries in memory, and the specification of every other one.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import { Limits } from "./Limits.ts"
import { keyOf, QueryLimiter, rememberedFrom, rule, type Shape } from "./QueryLimiter.ts"

/** The admissions that may still count, by client; whoever was admitted last stands last. */
export type State = Map<string, ReadonlyArray<number>>

/** Idle clients forgotten for each admission: the map shrinks, no call is long. */
const forgottenAtOnce = 8

/** A limiter over `state`; time comes from the `Clock` of each call. */
export const make = (state: State = new Map()): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const forget = (nowMs: number): void => {
      let looked = 0
      for (const [client, admissions] of state) {
        if (looked++ === forgottenAtOnce || admissions.at(-1)! >= rememberedFrom(nowMs, limits)) return
        state.delete(client)
      }
    }
    return QueryLimiter.of({
      admit: (client) =>
        Clock.clockWith((clock) =>
          Effect.sync(() => {
            const nowMs = Math.floor(clock.currentTimeMillisUnsafe())
            const ruling = rule(state.get(keyOf(client)) ?? [], nowMs, limits)
            if (ruling._tag === "Refused") return ruling
            state.delete(keyOf(client))
            state.set(keyOf(client), ruling.admissions)
            forget(nowMs)
            return { _tag: "Admitted" }
          })
        ),
    })
  })

/** A limiter over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<QueryLimiter> => Layer.effect(QueryLimiter, make(state))

/** A limiter of its own that knows nobody. */
export const layer: Layer.Layer<QueryLimiter> = Layer.effect(QueryLimiter, Effect.suspend(() => make()))
