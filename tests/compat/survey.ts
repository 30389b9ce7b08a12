/**
 * Many pairs before the engine and the oracle, counted by what came of them.
 * @module
 */
import { judge, type Verdict } from "./judge.ts"
import { type Pair, pair } from "./pairs.ts"
import * as Random from "./random.ts"

export interface Counts {
  pairs: number
  compatible: number
  incompatible: number
  /** Called incompatible without a value that shows it, although drawing found one: the engine's values are too few. */
  missed: number
  /** Called incompatible, and no value was found by anybody: proof is out of reach, or there is none. */
  doubtful: number
  /** The same where the old schema takes no value that was drawn: such a pair says nothing. */
  empty: number
  values: number
}

export interface Survey {
  readonly counts: Counts
  /** What must never be, with the seed that shows it again. */
  readonly wrong: ReadonlyArray<string>
  /** The rules of pairs that are doubtful, most first. */
  readonly doubts: ReadonlyArray<readonly [rule: string, pairs: number]>
}

const kindOf = (
  { compatible, differences, drawn, values }: Verdict,
): "compatible" | "shown" | "missed" | "doubtful" | "empty" => {
  if (compatible) return "compatible"
  if (differences.some(({ counterexample }) => counterexample !== undefined)) return "shown"
  return drawn !== undefined ? "missed" : values === 0 ? "empty" : "doubtful"
}

/** `onDoubt` sees each pair that was called incompatible without a value. */
export const survey = (
  { first, pairs, values }: { readonly first: number; readonly pairs: number; readonly values: number },
  onDoubt: (seed: number, pair: Pair, verdict: Verdict) => void = () => {},
): Survey => {
  const counts: Counts = { pairs, compatible: 0, incompatible: 0, missed: 0, doubtful: 0, empty: 0, values: 0 }
  const wrong: Array<string> = []
  const doubts = new Map<string, number>()
  for (let seed = first; seed < first + pairs; seed++) {
    const given = pair(Random.make(seed))
    const verdict = judge(given, seed, values)
    const kind = kindOf(verdict)
    counts.values += verdict.values
    if (kind !== "compatible") counts.incompatible++
    if (kind !== "shown") counts[kind]++
    if (kind === "missed" || kind === "doubtful") onDoubt(seed, given, verdict)
    if (kind === "doubtful") {
      for (const rule of new Set(verdict.differences.map(({ rule }) => rule))) {
        doubts.set(rule, (doubts.get(rule) ?? 0) + 1)
      }
    }
    wrong.push(...verdict.wrong.map((line) => `seed ${seed} (${given.edits.join(", ")}): ${line}`))
  }
  return { counts, wrong, doubts: [...doubts].toSorted((a, b) => b[1] - a[1]) }
}

/** Of those called incompatible, how many nobody could show: above, the engine says no too easily. */
export const doubtfulMax = 0.04
/** And how many the engine could not show though drawing could. */
export const missedMax = 0.02
