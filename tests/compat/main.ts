/**
 * Generated pairs of schemas before the engine and Ajv: `deno run -A tests/compat/main.ts [--pairs N] [--seed S]`.
 *
 * `--show` prints the pairs that were called incompatible without a value. The last line is the report of a suite.
 * @module
 */
import { doubtfulMax, missedMax, survey } from "./survey.ts"

const flag = (name: string, otherwise: number): number => {
  const at = Deno.args.indexOf(`--${name}`)
  return at === -1 ? otherwise : Number(Deno.args[at + 1])
}

const asked = { first: flag("seed", 1), pairs: flag("pairs", 5_000), values: flag("values", 200) }
const { counts, doubts, wrong } = survey(asked, (seed, pair, { differences, drawn }) => {
  if (Deno.args.includes("--show")) console.log(seed, JSON.stringify({ ...pair, differences, drawn }))
})
for (const line of wrong.slice(0, 10)) console.log(line)
console.log(JSON.stringify(counts))
console.log("doubtful by rule:", doubts.map(([rule, pairs]) => `${rule} ${pairs}`).join(", "))
const bounded = [counts.doubtful <= doubtfulMax * counts.incompatible, counts.missed <= missedMax * counts.incompatible]
const failed = wrong.length + bounded.filter((held) => !held).length
console.log(JSON.stringify({ passed: asked.pairs + bounded.length - failed, failed }))
