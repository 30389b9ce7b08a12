/**
 * Violations in memory, and the specification of every other keeper of them.
 * @module
 */
import { Effect, Layer } from "effect"
import * as Cursor from "./Cursor.ts"
import { Limits } from "./Limits.ts"
import { type Shape, type Violation, Violations } from "./Violations.ts"

/** All that are kept, oldest first, under numbers without a gap. */
export interface State {
  last: number
  readonly kept: Map<number, Violation>
}
export const emptyState = (): State => ({ last: 0, kept: new Map() })

const kind = "memory"

/** A keeper over `state`. */
export const make = (state: State = emptyState()): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const { kept } = state
    const newestFirst = (tenant: string) => [...kept].filter(([, one]) => one.tenant === tenant).reverse()
    return Violations.of({
      keep: (violations) =>
        Effect.sync(() => {
          for (const one of violations) kept.set(++state.last, one)
          for (const no of kept.keys()) if (no <= state.last - limits.violationsOfAll) kept.delete(no)
          for (const tenant of new Set(violations.map((one) => one.tenant))) {
            for (const [no] of newestFirst(tenant).slice(limits.violations)) kept.delete(no)
          }
        }),
      list: (tenant, cursor, limit) => {
        const asked = [kind, "violations", tenant]
        return Effect.map(Cursor.decode<[number]>(asked, "i", cursor), (before) => {
          const found = newestFirst(tenant).filter(([no]) => before === undefined || no < before[0])
          const page = Cursor.paged(found, limit, ([no]) => Cursor.encode(asked, [no]))
          return { ...page, items: page.items.map(([, one]) => one) }
        })
      },
    })
  })

/** A keeper over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<Violations> => Layer.effect(Violations, make(state))

/** A keeper of its own that holds none. */
export const layer: Layer.Layer<Violations> = Layer.effect(Violations, Effect.suspend(() => make()))
