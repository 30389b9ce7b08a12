/**
 * From rounds to verdicts: a figure is taken within each round, then its median is compared with the bound.
 * @module
 */
import { type Round, type Spread, spread } from "./Figures.ts"
import { type Target, targets } from "./targets.ts"

/** A figure and the bound it must keep. */
export interface Judged {
  readonly target: Target
  readonly spread: Spread
}

export const isKept = ({ spread: { median }, target: { atLeast, atMost } }: Judged): boolean =>
  (atLeast === undefined || median >= atLeast) && (atMost === undefined || median <= atMost)

/** Everything there is to judge about a workload; rounds that lack a subject do not count. */
export const judge = (workload: string, rounds: ReadonlyArray<Round>): ReadonlyArray<Judged> =>
  targets.filter((target) => target.workload === workload).flatMap((target) => {
    const values = rounds.flatMap((round) => target.of(round) ?? [])
    return values.length === 0 ? [] : [{ target, spread: spread(values) }]
  })

/** `at least 0.22: kept`; empty where there is no bound. */
export const verdict = (judged: Judged): string => {
  const { atLeast, atMost } = judged.target
  const bound = atLeast === undefined ? atMost : atLeast
  if (bound === undefined) return ""
  return `${atLeast === undefined ? "at most" : "at least"} ${bound}: ${isKept(judged) ? "kept" : "**missed**"}`
}
