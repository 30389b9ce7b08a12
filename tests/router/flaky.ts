/**
 * Stores that refuse calls, or carry them out and lose the answer, for tests.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../core/EventStore.ts"

const refused = new StoreUnavailable({ reason: "refused" })

/** One of twenty calls is refused, one of twenty loses its answer, unless all is calm. */
export const flaky = <S extends object>(base: S, random: () => number, isCalm: () => boolean): S => {
  const unsure = (call: Effect.Effect<unknown, unknown>) =>
    Effect.suspend(() => {
      const drawn = isCalm() ? 1 : random()
      if (drawn < 0.05) return Effect.fail(refused)
      return drawn < 0.1 ? Effect.andThen(call, Effect.fail(refused)) : call
    })
  const wrapped = Object.entries(base).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "function" ? (...args: ReadonlyArray<unknown>) => unsure(value(...args)) : value,
  ])
  return Object.fromEntries(wrapped) as S
}
