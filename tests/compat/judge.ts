/**
 * One pair before the engine and the oracle: what each says, and where they do not agree.
 * @module
 */
import { Result } from "effect"
import type { Difference } from "../../schemas/Difference.ts"
import * as Compatibility from "../../schemas/Compatibility.ts"
import * as Validator from "../../schemas/Validator.ts"
import * as Oracle from "./oracle.ts"
import type { Json } from "./generate.ts"
import type { Pair } from "./pairs.ts"
import * as Random from "./random.ts"
import { drawer } from "./values.ts"

export interface Verdict {
  readonly compatible: boolean
  readonly differences: ReadonlyArray<Difference>
  /** A value that the old schema takes and the new one refuses, found by drawing. */
  readonly drawn: Json | undefined
  readonly values: number
  /** What must never be: each line is a bug of the engine or the validator. */
  readonly wrong: ReadonlyArray<string>
}

const drawsMax = 3

export const judge = ({ draft, now, old }: Pair, seed: number, values: number): Verdict => {
  const asked = Compatibility.check({ candidate: now, earlier: [{ revision: 1, schema: old }], mode: "BACKWARD" })
  if (Result.isFailure(asked)) {
    const { pointer, rule } = asked.failure
    return { compatible: false, differences: [], drawn: undefined, values: 0, wrong: [`unusable ${pointer} ${rule}`] }
  }
  const differences = asked.success
  const [takes, reads] = [Oracle.writer(draft, old), Oracle.reader(draft, now)]
  const validate = Result.getOrThrow(Validator.make(old))
  const wrong: Array<string> = []
  for (const { counterexample, pointer, rule } of differences) {
    if (counterexample === undefined || (takes(counterexample) && !reads(counterexample))) continue
    wrong.push(`${pointer} ${rule}: no counterexample is ${JSON.stringify(counterexample)}`)
  }
  const random = Random.make(seed)
  const draw = drawer(old)
  let taken = 0
  let drawn: Json | undefined
  for (let tries = 0; tries < values * drawsMax && taken < values; tries++) {
    const value = draw(random)
    const fits = takes(value)
    if ((validate(value).length === 0) !== fits) {
      wrong.push(`validator says ${!fits} of ${JSON.stringify(value)}: ${JSON.stringify(validate(value))}`)
    }
    if (!fits) continue
    taken++
    if (reads(value)) continue
    drawn ??= value
    if (differences.length > 0) break
    wrong.push(`called compatible, but refused is ${JSON.stringify(value)}`)
    break
  }
  return { compatible: differences.length === 0, differences, drawn, values: taken, wrong: wrong.slice(0, 3) }
}
