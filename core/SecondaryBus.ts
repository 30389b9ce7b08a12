/**
 * The port to the best-effort bus: each secondary event goes to the queue of every consumer that asked for its type.
 *
 * At least once and in no order; what a consumer fails on six times, or what cannot be delivered, becomes a dead letter.
 * @module
 */
import { Context, type Effect } from "effect"
import type { Sent } from "./CoreBus.ts"
import type { StoredEvent } from "./EventStore.ts"
import type { Queue, QueueUnavailable } from "./Queue.ts"

/** What a consumer wants; an event type of one aggregate. */
export interface Interest {
  readonly aggregate: string
  readonly type: string
}

/** Of one consumer: SNS's own bound. */
export const interestsMax = 150

/** What a queue is to have that has some: both, while there is room. */
export const widened = (some: ReadonlyArray<Interest>, more: ReadonlyArray<Interest>): ReadonlyArray<Interest> => {
  const keyOf = ({ aggregate, type }: Interest) => `${aggregate}.${type}`
  const all = new Map([...some, ...more].map((interest) => [keyOf(interest), interest]))
  return all.size > interestsMax ? more : [...all.values()]
}

export interface Shape {
  /** One call takes so many. */
  readonly publishMax: number
  /** One outcome each, in order. `NotSent`: it may have been sent. `Unsendable`: nobody got it. */
  readonly publish: (events: ReadonlyArray<StoredEvent>) => Effect.Effect<ReadonlyArray<Sent>>
  /**
   * The queue of a consumer, made where the adapter may do so; bodies are `EventWire` texts. What is published afterwards
   * reaches it. Interests that it has beside these stay: during a deploy, or behind one that was taken back, older code
   * subscribes last. A queue of more than `interestsMax` is brought to these alone.
   */
  readonly subscribe: (
    consumer: string,
    interests: ReadonlyArray<Interest>,
  ) => Effect.Effect<Queue, QueueUnavailable>
}

export class SecondaryBus extends Context.Service<SecondaryBus, Shape>()("nexus/core/SecondaryBus") {}
