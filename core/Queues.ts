/**
 * The port to queues by name, for what is no subscription: the commands that one application sends to another.
 * @module
 */
import { Context, type Effect } from "effect"
import type { Queue, QueueUnavailable } from "./Queue.ts"

export interface Shape {
  /** The queue of that name, made where the adapter may do so; a name follows `idPattern`. */
  readonly named: (name: string) => Effect.Effect<Queue, QueueUnavailable>
}

export class Queues extends Context.Service<Queues, Shape>()("nexus/core/Queues") {}
