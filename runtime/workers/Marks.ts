/**
 * Where one consumer stands in its streams: remembered while nobody else can change it, read from the stores otherwise.
 *
 * A stream that is parked is never remembered: whoever redrives it raises its mark, maybe in another process.
 * @module
 */
import { Array as Arrays, Effect, type Scope } from "effect"
import type { Shape as Letters } from "../../core/DeadLetters.ts"
import { Limits } from "../../core/Limits.ts"
import type { Mark, Shape as Progress } from "../../core/Progress.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import * as Gather from "./Gather.ts"
import { persist } from "./persist.ts"

export type Standing = { readonly _tag: "Live"; readonly mark: Mark } | { readonly _tag: "Parked" }

export interface Marks {
  /** Reads what is not remembered of these streams in one go, so that `of` need not. */
  readonly ready: (streams: ReadonlyArray<StreamKey>) => Effect.Effect<void>
  readonly of: (stream: StreamKey) => Effect.Effect<Standing>
  /** As it is kept, whether or not the stream is parked. */
  readonly kept: (stream: StreamKey) => Effect.Effect<Mark>
  /** Done once it is kept. */
  readonly raise: (stream: StreamKey, mark: Mark) => Effect.Effect<void>
  readonly forget: (stream: StreamKey) => void
  /** Somebody else may have worked on any of the streams. */
  readonly forgetAll: () => void
}

/** Calls take no more. */
const batchMax = 100

/** The marks of `consumer`; its stores are asked until they answer. */
export const make = Effect.fnUntraced(function* (
  consumer: string,
  progress: Progress,
  letters: Pick<Letters, "parked">,
): Effect.fn.Return<Marks, never, Scope.Scope> {
  const limits = yield* Limits
  const known = new Map<string, Mark>()
  // Raised with whatever makes remembered marks wrong: what was read before then is not remembered.
  let generation = 0

  const remember = (key: string, mark: Mark): void => {
    known.delete(key)
    known.set(key, mark)
    if (known.size > limits.marks) known.delete(known.keys().next().value!)
  }

  /** First who is parked: a redrive raises the mark before it ends the row. */
  const read = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamKey>) {
    const began = generation
    const parked = yield* persist(letters.parked(consumer, streams))
    const live = streams.filter((stream) => !parked.has(keyOf(stream)))
    const marks = live.length === 0 ? [] : yield* persist(progress.read(consumer, live))
    const found = new Map(live.map((stream, index) => [keyOf(stream), marks[index]!]))
    if (began === generation) {
      for (const [key, mark] of found) if (!known.has(key)) remember(key, mark)
    }
    return found
  })

  const raise = yield* Gather.make(
    batchMax,
    (raised: ReadonlyArray<{ readonly stream: StreamKey; readonly mark: Mark }>) =>
      Effect.as(persist(progress.advance(consumer, raised)), raised.map(() => undefined)),
  )

  return {
    ready: (streams) =>
      Effect.suspend(() => {
        const missing = streams.filter((stream) => !known.has(keyOf(stream)))
        return Effect.forEach(Arrays.chunksOf(missing, batchMax), read, { discard: true })
      }),
    of: (stream) =>
      Effect.suspend((): Effect.Effect<Standing> => {
        const mark = known.get(keyOf(stream))
        if (mark !== undefined) return Effect.succeed({ _tag: "Live", mark })
        return Effect.map(read([stream]), (found) => {
          const mark = found.get(keyOf(stream))
          return mark === undefined ? { _tag: "Parked" } : { _tag: "Live", mark }
        })
      }),
    kept: (stream) => Effect.map(persist(progress.read(consumer, [stream])), ([mark]) => mark!),
    raise: (stream, mark) =>
      Effect.andThen(
        raise({ stream, mark }),
        Effect.sync(() => {
          const before = known.get(keyOf(stream))
          // What was forgotten meanwhile was forgotten for a reason, and what is being read of it may be older than this.
          if (before === undefined) generation++
          else if (before.version < mark.version) remember(keyOf(stream), mark)
        }),
      ),
    forget: (stream) => {
      generation++
      known.delete(keyOf(stream))
    },
    forgetAll: () => {
      generation++
      known.clear()
    },
  }
})
