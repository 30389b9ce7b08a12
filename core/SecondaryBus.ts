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

export interface Shape {
  /** One call takes so many. */
  readonly publishMax: number
  /** One outcome each, in order. `NotSent`: it may have been sent. `Unsendable`: nobody got it. */
  readonly publish: (events: ReadonlyArray<StoredEvent>) => Effect.Effect<ReadonlyArray<Sent>>
  /**
   * The queue of a consumer, made or brought to these interests where the adapter may do so; bodies are `EventWire`
   * texts. What is published afterwards reaches it.
   */
  readonly subscribe: (
    consumer: string,
    interests: ReadonlyArray<Interest>,
  ) => Effect.Effect<Queue, QueueUnavailable>
}

export class SecondaryBus extends Context.Service<SecondaryBus, Shape>()("nexus/core/SecondaryBus") {}
