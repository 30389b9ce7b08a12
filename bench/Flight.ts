/**
 * Keeps a number of commands in flight and measures how long each took, while a 1 ms timer tells whether the event
 * loop still turns.
 * @module
 */
import { round } from "./Figures.ts"

export interface Timer {
  readonly firings: number
  readonly longestGapMs: number
}

/** The figures of a flight; a type, so that it is `Figures` too. */
export type Flight = {
  readonly count: number
  readonly wallMs: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMs: number
  /** Of the 1 ms timer. */
  readonly firings: number
  readonly longestGapMs: number
}

/** The latency that the share `q` of all stays below; `sorted` ascends. */
export const quantile = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0

/** What a finished run says about itself; `latencies` holds one time in ms per unit of work. */
export const summarize = (
  count: number,
  wallMs: number,
  cpuMs: number,
  latencies: Float64Array,
  timer: Timer,
): Flight => {
  const sorted = latencies.toSorted()
  return {
    count,
    wallMs: round(wallMs, 1),
    perSecond: Math.round(count / wallMs * 1000),
    p50Ms: round(quantile(sorted, 0.5), 3),
    p99Ms: round(quantile(sorted, 0.99), 3),
    cpuMs: round(cpuMs, 0),
    firings: timer.firings,
    longestGapMs: round(timer.longestGapMs, 1),
  }
}

/** CPU time of this process so far, all threads together. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Starts a 1 ms timer; the answer stops it and says how it fared. */
export const startTimer = (): () => Timer => {
  let firings = 0
  let longestGapMs = 0
  let last = performance.now()
  const handle = setInterval(() => {
    const now = performance.now()
    longestGapMs = Math.max(longestGapMs, now - last)
    last = now
    firings++
  }, 1)
  return () => {
    clearInterval(handle)
    // A timer that never fired again left a gap too.
    return { firings, longestGapMs: Math.max(longestGapMs, performance.now() - last) }
  }
}

/** Runs `send` for 0 to count - 1, at most `inFlight` at once, and begins none after `mostMs`; the first failure ends the run. */
export const fly = async (
  count: number,
  inFlight: number,
  send: (n: number) => Promise<void>,
  mostMs = Infinity,
): Promise<Flight> => {
  const latencies = new Float64Array(count)
  let next = 0
  const stopTimer = startTimer()
  const cpuBefore = cpuMs()
  const beganAt = performance.now()
  const sender = async (): Promise<void> => {
    while (next < count) {
      const startedAt = performance.now()
      if (startedAt - beganAt > mostMs) return
      const n = next++
      await send(n)
      latencies[n] = performance.now() - startedAt
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, sender))
  const wallMs = performance.now() - beganAt
  const cpu = cpuMs() - cpuBefore
  return summarize(next, wallMs, cpu, latencies.subarray(0, next), stopTimer())
}
