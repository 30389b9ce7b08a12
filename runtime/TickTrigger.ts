/**
 * What starts a tick of the host.
 *
 * Commands that arrive before the tick starts share its commit, so the trigger sets how much is batched: a microtask
 * would starve every timer of the process, a timer of 0 ms halves what one actor can do.
 * @module
 */
import { Context, Effect, Layer } from "effect"

export interface Shape {
  /** Runs `task` soon, once, and never before `schedule` has returned. */
  readonly schedule: (task: () => void) => void
}

export class TickTrigger extends Context.Service<TickTrigger, Shape>()("nexus/runtime/TickTrigger") {
  /** For Deno and Node: behind the I/O of the current turn of the event loop. */
  static readonly layerImmediate: Layer.Layer<TickTrigger> = Layer.succeed(TickTrigger, {
    schedule: (task) => void setImmediate(task),
  })

  /**
   * For a Durable Object, where every request is a turn of its own: the first command ticks at once, those that come
   * while its commit is flushed share the next tick. `flush` resolves once all that was written is durable.
   */
  static readonly layerGate = (flush: () => Promise<unknown>): Layer.Layer<TickTrigger> =>
    Layer.effect(
      TickTrigger,
      Effect.sync(() => {
        let waiting: (() => void) | undefined
        let flushing = false
        const opened = () => {
          flushing = false
          if (waiting !== undefined) start()
        }
        const start = () => {
          const task = waiting!
          waiting = undefined
          flushing = true
          task()
          // A flush that fails is an unknown outcome, and the store's to say; the gate opens either way.
          flush().then(opened, opened)
        }
        return {
          schedule: (task) => {
            waiting = task
            if (flushing) return
            flushing = true
            queueMicrotask(start)
          },
        }
      }),
    )
}
