/**
 * Progress in memory, and the specification of every other keeper of it.
 * @module
 */
import { Effect, Layer } from "effect"
import { type Mark, Progress, type Shape, start } from "./Progress.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

/** The marks of each consumer, by `keyOf`. */
export type State = Map<string, Map<string, Mark>>

/** A keeper over `state`. */
export const make = (state: State = new Map()): Shape => {
  const marksOf = (consumer: string): Map<string, Mark> => {
    const marks = state.get(consumer) ?? new Map<string, Mark>()
    state.set(consumer, marks)
    return marks
  }
  const markOf = (marks: Map<string, Mark>, stream: StreamKey): Mark => marks.get(keyOf(stream)) ?? start
  return Progress.of({
    read: (consumer, streams) => Effect.sync(() => streams.map((stream) => markOf(marksOf(consumer), stream))),
    advance: (consumer, raised) =>
      Effect.sync(() => {
        const marks = marksOf(consumer)
        for (const { mark, stream } of raised) {
          if (mark.version > markOf(marks, stream).version) marks.set(keyOf(stream), mark)
        }
      }),
  })
}

/** A keeper over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<Progress> => Layer.sync(Progress, () => make(state))

/** A keeper of its own that knows no stream. */
export const layer: Layer.Layer<Progress> = Layer.sync(Progress, () => make())
