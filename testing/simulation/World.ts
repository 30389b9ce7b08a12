/**
 * A world of one seed: virtual time, one queue of runnable tasks from which chance picks, and processes that live in it.
 *
 * Nothing in it may wait for real time or real I/O; promises that a store resolves in microtasks get their turn.
 * @module
 */
import { Effect, type Exit } from "effect"
import * as Process from "./Process.ts"
import { hash32, make as random, type Random } from "./random.ts"

/** Steps of one run, many times what ours take; more means that something spins without end. */
const stepsMax = 1_000_000
/** Virtual time of one run; the work of the clients takes a minute, what follows the last fault at most ten. */
const virtualMaxMs = 30 * 60_000
/** Turns that a store's promises get before the clock moves on. */
const microtaskTurns = 4

/** One line of the timeline. */
export interface Note {
  /** Virtual milliseconds since the start of the run. */
  readonly at: number
  readonly step: number
  readonly who: string
  readonly what: string
}

/** Somebody waits for an answer that never comes, or something spins. */
export class Stuck extends Error {
  override readonly name = "Stuck"
}

export interface World {
  readonly seed: number
  /** A stream of randomness for one purpose. */
  readonly random: (purpose: string) => Random
  readonly process: (name: string, lateness?: () => number) => Process.Process
  /** Virtual milliseconds since the start. */
  readonly now: () => number
  /** Tasks that ran since the start. */
  readonly step: () => number
  /** Adds to digest and timeline. */
  readonly note: (who: string, what: string) => void
  readonly notes: ReadonlyArray<Note>
  /** Hash of all that happened: virtual time, actor, action. */
  readonly digest: () => string
  /** Called whenever nothing can run before time passes. */
  readonly onSettled: (look: () => void) => void
  /** Runs an effect and all it waits for; throws `Stuck`. */
  readonly run: <A, E>(process: Process.Process, effect: Effect.Effect<A, E>) => Promise<Exit.Exit<A, E>>
}

export const make = (seed: number): World => {
  const schedule = random(seed, "schedule")
  // Runs differ in how finely fibers are cut, not only in where.
  const yields = schedule.pick([0.02, 0.1, 0.3])
  const ready: Array<() => void> = []
  /** Latest first, so that the next one is popped; of equal ones the first that was set. */
  const timers: Array<Process.Timer> = []
  const notes: Array<Note> = []
  const settled: Array<() => void> = []
  let [now, step, processes] = [0, 0, 0]
  let [low, high] = [hash32(`${seed}`), 0]

  const mix = (value: number) => {
    low = Math.imul(low ^ value, 0x9e3779b1) >>> 0
    high = (Math.imul(high ^ low, 0x85ebca6b) + 0x632be5ab) >>> 0
  }
  const kernel: Process.Kernel = {
    now: () => now,
    ready: (task) => void ready.push(task),
    addTimer: (timer) => {
      let [from, to] = [0, timers.length]
      while (from < to) {
        const middle = (from + to) >>> 1
        if (timers[middle]!.at > timer.at) from = middle + 1
        else to = middle
      }
      timers.splice(from, 0, timer)
    },
    dropTimer: (timer) => {
      const at = timers.indexOf(timer)
      if (at >= 0) timers.splice(at, 1)
    },
    acts: (process) => {
      mix(process)
      mix(now)
    },
    shouldYield: () => schedule.next() < yields,
  }

  const stuck = (why: string): Stuck => {
    // What is left must not run in whatever is still to be cleaned up.
    ready.length = timers.length = step = 0
    return new Stuck(why)
  }
  const drain = () => {
    while (ready.length > 0) {
      if (++step > stepsMax) throw stuck(`more than ${stepsMax} steps: something spins`)
      const at = schedule.below(ready.length)
      const task = ready[at]!
      // The order of the others does not matter: the next one is picked at random too.
      ready[at] = ready[ready.length - 1]!
      ready.pop()
      task()
    }
  }
  const advance = () => {
    for (const look of settled) look()
    while (timers.length > 0 && !timers[timers.length - 1]!.isAlive()) timers.pop()
    const next = timers[timers.length - 1]
    if (next === undefined) throw stuck("nothing is left to run, yet somebody waits")
    if (next.at > virtualMaxMs) throw stuck(`not done after ${virtualMaxMs / 60_000} virtual minutes`)
    now = next.at
    while (timers.length > 0 && timers[timers.length - 1]!.at <= now) timers.pop()!.run()
  }

  return {
    seed,
    random: (purpose) => random(seed, purpose),
    process: (name, lateness = () => 0) =>
      Process.make(kernel, ++processes, name, random(seed, `random of ${name}`), lateness),
    now: () => now,
    step: () => step,
    note: (who, what) => {
      notes.push({ at: now, step, who, what })
      mix(hash32(`${now} ${who} ${what}`))
    },
    notes,
    digest: () => high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0"),
    onSettled: (look) => void settled.push(look),
    run: async (process, effect) => {
      const fiber = Effect.runForkWith(process.context)(effect)
      for (;;) {
        drain()
        const exit = fiber.pollUnsafe()
        if (exit !== undefined) return exit
        for (let turn = 0; turn < microtaskTurns && ready.length === 0; turn++) await Promise.resolve()
        if (ready.length === 0) advance()
      }
    },
  }
}
