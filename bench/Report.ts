/**
 * From rounds to figures: ratios are taken within a round, then their median is compared with the target.
 * @module
 */
import type { Flight } from "./Flight.ts"
import * as targets from "./targets.ts"

/** One round of a workload: what each subject did in it. */
export type Round = Readonly<Record<string, Flight>>

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** A figure and the bound it must keep. */
export interface Judged {
  readonly name: string
  readonly spread: Spread
  readonly bound: number | undefined
  readonly atMost: boolean
}

export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (n: number) => sorted[Math.min(n, sorted.length - 1)] ?? Number.NaN
  const middle = Math.floor(sorted.length / 2)
  return {
    min: at(0),
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    max: at(sorted.length - 1),
  }
}

export const isKept = ({ spread, bound, atMost }: Judged): boolean =>
  bound === undefined || (atMost ? spread.median <= bound : spread.median >= bound)

/** Ratios of the host to one other subject; rounds in which either is missing do not count. */
const ratio = (rounds: ReadonlyArray<Round>, to: string, of: (flight: Flight) => number): Spread | undefined => {
  const values = rounds.flatMap((round) => {
    const [host, other] = [round["nexus"], round[to]]
    return host === undefined || other === undefined ? [] : [of(host) / of(other)]
  })
  return values.length === 0 ? undefined : spread(values)
}

/** Everything there is to judge about a workload. */
export const judge = (workload: string, rounds: ReadonlyArray<Round>): ReadonlyArray<Judged> => {
  const bounds = targets.speed[workload]
  const judged: Array<Judged> = []
  const add = (name: string, spread: Spread | undefined, bound: number | undefined, atMost = false) => {
    if (spread !== undefined) judged.push({ name, spread, bound, atMost })
  }
  const speed = (flight: Flight) => flight.perSecond
  // Tells the same where others share the processors, but for what waits for the disk.
  const perCpuSecond = (flight: Flight) => flight.count / flight.cpuMs
  add("commands/s of raw rows/s", ratio(rounds, "raw", speed), bounds?.ofRaw)
  add("the same by processor time", ratio(rounds, "raw", perCpuSecond), undefined)
  add("commands/s of raw rows/s, same rows", ratio(rounds, "raw-own", speed), undefined)
  add("times the entity", ratio(rounds, "entity", speed), bounds?.ofEntity)
  const isWide = workload === "W1" || workload === "W3"
  add(
    "p99 of raw commit p99",
    ratio(rounds, "raw", (flight) => flight.p99Ms),
    isWide ? targets.p99OfRaw : undefined,
    true,
  )
  const hosts = rounds.flatMap((round) => round["nexus"] ?? [])
  if (hosts.length > 0) {
    const perFiring = hosts.map((host) => host.count / host.timer.firings)
    add("commands per firing of a 1 ms timer", spread(perFiring), targets.commandsPerFiring, true)
    add("longest gap of that timer, ms", spread(hosts.map((h) => h.timer.longestGapMs)), undefined, true)
  }
  return judged
}

/** Three digits at most, none for thousands. */
export const figure = (value: number): string =>
  !Number.isFinite(value)
    ? "never"
    : value >= 100
    ? Math.round(value).toLocaleString("en-GB")
    : String(Number(value.toPrecision(3)))

export const figures = ({ min, median, max }: Spread): string =>
  `${figure(min)} / **${figure(median)}** / ${figure(max)}`
