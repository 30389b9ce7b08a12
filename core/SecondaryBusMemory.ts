/**
 * The secondary bus in memory, and the specification of every other one.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import { bytesOf } from "./bytes.ts"
import * as EventWire from "./EventWire.ts"
import type { StoredEvent } from "./EventStore.ts"
import { always, type Choose } from "./Fate.ts"
import * as QueueMemory from "./QueueMemory.ts"
import { type Interest, SecondaryBus, type Shape, widened } from "./SecondaryBus.ts"

/** The queue and the interests of each consumer. */
export type State = Map<string, { readonly queue: QueueMemory.State; interests: ReadonlyArray<Interest> }>

export interface Options {
  readonly fate?: Choose<"publish">
  /** Of all its queues. */
  readonly queues?: QueueMemory.Options
  /** What comes into the queue of a consumer for an event. */
  readonly bodies?: (event: StoredEvent, consumer: string) => ReadonlyArray<string>
}

/** As SNS has them. */
const publishMax = 10
const bytesMax = 256 * 1024

/** A bus over `state`. */
export const make = (state: State = new Map(), options: Options = {}): Shape => {
  const fate = options.fate ?? always
  const bodies = options.bodies ?? ((event) => [EventWire.encode(event)])
  const deliver = (event: StoredEvent, nowMs: number): void => {
    for (const [consumer, { interests, queue }] of state) {
      const wanted = interests.some(({ aggregate, type }) => aggregate === event.aggregate && type === event.type)
      if (wanted) { for (const body of bodies(event, consumer)) QueueMemory.put(queue, body, nowMs) }
    }
  }
  return SecondaryBus.of({
    publishMax,
    publish: (events) =>
      Clock.clockWith((clock) => {
        if (events.length > publishMax) return Effect.die(new Error(`${events.length} events at once`))
        return Effect.sync(() =>
          events.map((event) => {
            const length = bytesOf(EventWire.encode(event))
            if (length > bytesMax) return { _tag: "Unsendable", reason: `${length} bytes, the bus takes ${bytesMax}` }
            const chosen = fate("publish")
            if (chosen !== "refused") deliver(event, clock.currentTimeMillisUnsafe())
            if (chosen === "twice") deliver(event, clock.currentTimeMillisUnsafe())
            return chosen === "done" || chosen === "twice" ? { _tag: "Sent" } : { _tag: "NotSent", reason: chosen }
          })
        )
      }),
    subscribe: (consumer, interests) =>
      Effect.suspend(() => {
        const known = state.get(consumer)
        const queue = known?.queue ?? QueueMemory.emptyState()
        state.set(consumer, { queue, interests: widened(known?.interests ?? [], interests) })
        return QueueMemory.make(queue, options.queues)
      }),
  })
}

/** A bus over `state`, so that a test can crash its users and open the same queues again. */
export const layerOf = (state: State, options?: Options): Layer.Layer<SecondaryBus> =>
  Layer.sync(SecondaryBus, () => make(state, options))

/** A bus of its own that knows no consumer. */
export const layer: Layer.Layer<SecondaryBus> = Layer.sync(SecondaryBus, () => make())
