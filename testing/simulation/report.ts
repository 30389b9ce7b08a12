/**
 * What a simulation found, as data and as text.
 * @module
 */
import { kinds } from "./Faults.ts"
import type { Note } from "./World.ts"

export interface Failure {
  readonly seed: number
  /** Of the whole run, before it was made small. */
  readonly digest: string
  /** The number of the promise that was broken, and its words. */
  readonly invariant: number
  readonly promise: string
  readonly message: string
  /** What happened in the smallest run that still breaks it. */
  readonly timeline: ReadonlyArray<string>
}

export interface Report {
  readonly seeds: number
  readonly digests: ReadonlyMap<number, string>
  /** How often each fault struck, in all runs. */
  readonly faults: Readonly<Record<string, number>>
  /** In how many runs each of these happened. */
  readonly sometimes: Readonly<Record<string, number>>
  /** In how many runs each command was accepted, each event stored and each rejection answered; 0: not tested. */
  readonly reached: Readonly<Record<string, number>>
  readonly failures: ReadonlyArray<Failure>
}

/** Below so many seeds a fault that never struck is chance; from here on it is a hole in the simulation. */
export const seedsForZeros = 500

/** What never happened was never tested. */
export const zeros = (
  seeds: number,
  ...counts: ReadonlyArray<ReadonlyMap<string, number>>
): ReadonlyArray<Failure> =>
  counts.flatMap((map) => [...map]).filter(([, count]) => seeds >= seedsForZeros && count === 0).map(([name]) => ({
    ...{ seed: 0, digest: "", invariant: 0, promise: "the simulation reaches every corner", timeline: [] },
    message: `"${name}" never happened`,
  }))

const timelineMax = 250

export const timeline = (notes: ReadonlyArray<Note>): ReadonlyArray<string> => {
  const lines = notes.map(({ at, what, who }) => `${(at / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(9)} ${what}`)
  return lines.length <= timelineMax
    ? lines
    : [`… ${lines.length - timelineMax} lines before`, ...lines.slice(-timelineMax)]
}

const table = (title: string, rows: Readonly<Record<string, number>>, explain: (name: string) => string) => [
  title,
  ...Object.entries(rows).map(([name, count]) =>
    `${String(count).padStart(9)}  ${name.padEnd(18)} ${explain(name)}`.trimEnd()
  ),
]

/** What no run came to; a workload that draws fewer values may get there. */
export const unreached = ({ reached }: Report): ReadonlyArray<string> =>
  Object.keys(reached).filter((name) => reached[name] === 0)

const textOf = (failure: Failure): string =>
  [
    `seed ${failure.seed} (digest ${failure.digest}) breaks promise ${failure.invariant}: ${failure.promise}`,
    `  ${failure.message}`,
    ...failure.timeline.map((line) => `  ${line}`),
  ].join("\n")

export const text = (report: Report): string =>
  [
    ...report.failures.map(textOf),
    ...table("fault struck", report.faults, (name) => (kinds as Record<string, string>)[name] ?? ""),
    ...table("runs in which it happened", report.sometimes, () => ""),
    ...unreached(report).map((name) => `never: ${name}`),
    `${report.seeds} seeds, ${report.failures.length} failures`,
  ].join("\n")
