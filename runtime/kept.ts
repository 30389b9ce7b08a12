/**
 * What is asked for until it was found once.
 * @module
 */
import { Effect } from "effect"

/** Gives what `ask` found first. A failure is not remembered, and whoever comes before the first answer asks as well. */
export const kept = <A, E, R>(ask: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  let found: { readonly value: A } | undefined
  return Effect.suspend(() =>
    found === undefined
      ? Effect.tap(ask, (value) => Effect.sync(() => void (found = { value })))
      : Effect.succeed(found.value)
  )
}
