/**
 * A process of a simulated world: what runs in it runs while it lives, is not paused, and by its own clock.
 *
 * One that was killed runs nothing any more: its tasks, timers and answers are dropped where they stand, as a SIGKILL
 * drops them.
 * @module
 */
import { Clock, Context, Duration, Effect, Random as EffectRandom, Scheduler } from "effect"
import type { Random } from "./random.ts"

/** 2026-01-01, so that the clock can jump back without leaving the epoch. */
const epochMs = 1_767_225_600_000

export interface Timer {
  readonly at: number
  readonly isAlive: () => boolean
  readonly run: () => void
}

/** What a process needs of its world. */
export interface Kernel {
  readonly now: () => number
  /** Runs a task at some time before time passes. */
  readonly ready: (task: () => void) => void
  readonly addTimer: (timer: Timer) => void
  readonly dropTimer: (timer: Timer) => void
  /** Into the digest: this process acts now. */
  readonly acts: (process: number) => void
  /** Whether a fiber gives way here. */
  readonly shouldYield: () => boolean
}

export interface Process {
  readonly name: string
  /** Scheduler, clock and randomness of this process; provide it to everything that runs there. */
  readonly context: Context.Context<never>
  /** The same for what must run in one go: it never gives way. */
  readonly atomic: Context.Context<never>
  readonly isAlive: () => boolean
  /** Runs a task some time later in this process, unless it dies before. */
  readonly post: (run: () => void) => void
  readonly later: (ms: number, run: () => void) => void
  readonly kill: () => void
  /** Runs nothing for so long; then everything that came up meanwhile. */
  readonly pause: (ms: number) => void
  readonly isPaused: () => boolean
  /** Milliseconds that this process has stood still until now. */
  readonly pausedMs: () => number
  /** Moves the wall clock; time that passes is not changed by it. */
  readonly jump: (ms: number) => void
  /** Milliseconds since 1970, as this process believes. */
  readonly wallMs: () => number
}

/** A process; `lateness` says by how many milliseconds its next timer is late. */
export const make = (kernel: Kernel, number: number, name: string, random: Random, lateness: () => number): Process => {
  const { addTimer, dropTimer, now } = kernel
  let [alive, offset, pausedFrom, pausedUntil, paused] = [true, 0, 0, 0, 0]
  let held: Array<() => void> = []
  const isAlive = () => alive
  const isPaused = () => pausedUntil > now()
  const runHere = (run: () => void) => {
    if (!alive) return
    if (isPaused()) return void held.push(run)
    kernel.acts(number)
    run()
  }
  const post = (run: () => void) => kernel.ready(() => runHere(run))
  const timer = (at: number, run: () => void): Timer => ({ at, isAlive, run })
  const wallMs = () => epochMs + now() + offset
  const clock = clockOf(now, wallMs, (ms) =>
    Effect.callback<void>((resume) => {
      const wake = timer(now() + ms + lateness(), () => post(() => resume(Effect.void)))
      addTimer(wake)
      return Effect.sync(() => dropTimer(wake))
    }))
  const scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: kernel.shouldYield,
    makeDispatcher: () => ({ scheduleTask: post, flush: () => {} }),
  }
  const context = Context.empty().pipe(
    Context.add(Clock.Clock, clock),
    Context.add(Scheduler.Scheduler, scheduler),
    Context.add(EffectRandom.Random, {
      nextDoubleUnsafe: random.next,
      nextIntUnsafe: () => Math.floor((random.next() - 0.5) * 2 * Number.MAX_SAFE_INTEGER),
    }),
  ) as Context.Context<never>
  return {
    ...{ name, context, isAlive, isPaused, post, wallMs },
    atomic: Context.add(context, Scheduler.PreventSchedulerYield, true),
    later: (ms, run) => addTimer(timer(now() + ms, () => post(run))),
    kill: () => {
      alive = false
      held = []
    },
    pause: (ms) => {
      if (isPaused()) return
      pausedFrom = now()
      pausedUntil = pausedFrom + ms
      addTimer(timer(pausedUntil, () => {
        paused += ms
        const waiting = held
        held = []
        waiting.forEach(post)
      }))
    },
    pausedMs: () => paused + (isPaused() ? now() - pausedFrom : 0),
    jump: (ms) => void (offset += ms),
  }
}

const nanos = (ms: number): bigint => BigInt(Math.floor(ms)) * 1_000_000n

const clockOf = (
  now: () => number,
  wallMs: () => number,
  sleepMs: (ms: number) => Effect.Effect<void>,
): Clock.Clock => ({
  currentTimeMillisUnsafe: wallMs,
  currentTimeMillis: Effect.sync(wallMs),
  currentTimeNanosUnsafe: () => nanos(wallMs()),
  currentTimeNanos: Effect.sync(() => nanos(wallMs())),
  monotonicTimeNanosUnsafe: () => nanos(now()),
  monotonicTimeNanos: Effect.sync(() => nanos(now())),
  sleep: (duration) => {
    const ms = Duration.toMillis(duration)
    return ms <= 0 ? Effect.yieldNow : Number.isFinite(ms) ? sleepMs(ms) : Effect.never
  },
})
