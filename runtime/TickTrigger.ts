/**
 * What starts a tick of the host.
 *
 * Commands that arrive before the tick starts share its commit, so the trigger sets how much is batched: a microtask
 * would starve every timer of the process, a timer of 0 ms halves what one actor can do.
 * @module
 */
import { Context, Layer } from "effect"

export interface Shape {
  /** Runs `task` soon, once, and never before `schedule` has returned. */
  readonly schedule: (task: () => void) => void
}

export class TickTrigger extends Context.Service<TickTrigger, Shape>()("nexus/runtime/TickTrigger") {
  /** For Deno and Node: behind the I/O of the current turn of the event loop. */
  static readonly layerImmediate: Layer.Layer<TickTrigger> = Layer.succeed(TickTrigger, {
    schedule: (task) => void setImmediate(task),
  })
}
