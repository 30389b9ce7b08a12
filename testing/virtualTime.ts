/**
 * Virtual time for code that may also wait for something real, as a handler for the answer of a server on this machine.
 *
 * Fibers run as in the simulation, one after the other; where none can, time jumps to the next timer.
 * @module
 */
import { Effect, type Exit } from "effect"
import * as Process from "./simulation/Process.ts"
import { make as random } from "./simulation/random.ts"

/** Real milliseconds between two looks, and looks at nothing new before time moves on: a tenth of a second. */
const lookMs = 5
const looksMax = 20

export interface VirtualTime {
  /** Where what runs may wait for something real. */
  readonly outer: Process.Process
  /** Where nothing does. */
  readonly inner: Process.Process
  /** Virtual milliseconds since the start. */
  readonly now: () => number
  /**
   * Runs an effect in `outer`, and all it waits for. While `isOutside` says that it may be for something real, time moves
   * on only where nothing has stirred in `outer` for 100 ms.
   */
  readonly run: <A, E>(effect: Effect.Effect<A, E>, isOutside: () => boolean) => Promise<Exit.Exit<A, E>>
}

export const make = (): VirtualTime => {
  const ready: Array<() => void> = []
  /** Latest first, so that the next one is popped; of equal ones the first that was set. */
  const timers: Array<Process.Timer> = []
  let [now, stirs] = [0, 0]
  const stirred = () => void stirs++
  const drop = (timer: Process.Timer) => {
    const at = timers.indexOf(timer)
    if (at >= 0) timers.splice(at, 1)
  }
  const inner: Process.Kernel = {
    now: () => now,
    ready: (task) => void ready.push(task),
    addTimer: (timer) => {
      const at = timers.findIndex((other) => other.at <= timer.at)
      timers.splice(at < 0 ? timers.length : at, 0, timer)
    },
    dropTimer: drop,
    acts: () => {},
    shouldYield: () => false,
  }
  const outer: Process.Kernel = {
    ...inner,
    addTimer: (timer) => {
      stirred()
      inner.addTimer(timer)
    },
    dropTimer: (timer) => {
      stirred()
      drop(timer)
    },
    acts: stirred,
  }
  const process = (kernel: Process.Kernel, number: number, name: string) =>
    Process.make(kernel, number, name, random(1, name), () => 0)
  const drain = () => {
    for (let task = ready.shift(); task !== undefined; task = ready.shift()) task()
  }
  const advance = (): boolean => {
    const next = timers.pop()
    if (next === undefined) return false
    now = next.at
    next.run()
    return true
  }
  const look = () => Effect.runPromise(Effect.sleep(lookMs))

  const made = { outer: process(outer, 1, "outer"), inner: process(inner, 2, "inner"), now: () => now }
  return {
    ...made,
    run: async (effect, isOutside) => {
      const fiber = Effect.runForkWith(made.outer.context)(effect)
      for (let [seen, looks] = [-1, 0];;) {
        drain()
        const exit = fiber.pollUnsafe()
        if (exit !== undefined) return exit
        if (seen !== stirs) [seen, looks] = [stirs, 0]
        if ((!isOutside() || ++looks > looksMax) && advance()) continue
        await look()
      }
    },
  }
}
