/**
 * Dead letters in memory, and the specification of every other keeper of them.
 * @module
 */
import { Effect, Layer } from "effect"
import * as Cursor from "./Cursor.ts"
import { again, asking, type DeadLetter, DeadLetters, firstFence, idOf, isOf, type Shape } from "./DeadLetters.ts"
import { keyOf } from "./Stream.ts"

/** By id. */
export type State = Map<string, DeadLetter>

const kind = "memory"

const newestFirst = (a: DeadLetter, b: DeadLetter): number => b.lastAt - a.lastAt || (a.id < b.id ? 1 : -1)

/** A keeper over `state`. */
export const make = (state: State = new Map()): Shape => {
  const put = (letter: DeadLetter): DeadLetter => (state.set(letter.id, letter), letter)
  return DeadLetters.of({
    put: (letter) =>
      Effect.map(firstFence, (fence) => {
        const kept = state.get(letter.id)
        return put(kept === undefined ? { ...letter, asked: "nothing", fence } : again(kept, letter))
      }),
    get: (tenant, id) =>
      Effect.sync(() => {
        const kept = state.get(id)
        return kept?.stream.tenant === tenant ? kept : undefined
      }),
    list: (tenant, filter, cursor, limit) => {
      const asked = [kind, "dead-letters", tenant, filter.consumer ?? "", filter.stream ?? ""]
      return Effect.map(Cursor.decode<[number, string]>(asked, "is", cursor), (after) => {
        const found = [...state.values()]
          .filter((letter) => letter.stream.tenant === tenant && isOf(letter, filter))
          .filter(({ id, lastAt }) =>
            after === undefined || lastAt < after[0] || (lastAt === after[0] && id < after[1])
          )
          .sort(newestFirst)
        return Cursor.paged(found, limit, ({ id, lastAt }) => Cursor.encode(asked, [lastAt, id]))
      })
    },
    parked: (consumer, streams) =>
      Effect.sync(() => {
        const found = streams.flatMap((stream) => state.get(idOf(consumer, stream)) ?? [])
        for (const letter of found) put({ ...letter, fence: letter.fence + 1 })
        return new Set(found.map(({ stream }) => keyOf(stream)))
      }),
    ask: (tenant, id, what, version) =>
      Effect.sync(() => {
        const kept = state.get(id)
        return kept?.stream.tenant === tenant ? put(asking(kept, what, version)) : undefined
      }),
    asked: (consumer, limit) =>
      Effect.sync(() =>
        [...state.values()].filter((letter) => letter.asked !== "nothing" && letter.consumer === consumer)
          .sort(newestFirst).reverse().slice(0, limit)
      ),
    resolve: ({ fence, id }) =>
      Effect.sync(() => {
        const kept = state.get(id)
        return kept === undefined || (kept.fence === fence && state.delete(id))
      }),
  })
}

/** A keeper over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<DeadLetters> => Layer.sync(DeadLetters, () => make(state))

/** A keeper of its own that holds none. */
export const layer: Layer.Layer<DeadLetters> = Layer.sync(DeadLetters, () => make())
