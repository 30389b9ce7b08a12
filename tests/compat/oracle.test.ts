import { assert, describe, it } from "@effect/vitest"
import { doubtfulMax, missedMax, survey } from "./survey.ts"

/** CI draws 5,000, other seeds on demand: `deno run -A tests/compat/main.ts --pairs 5000 --seed 100000`. */
const pairs = 600

describe("Compatibility.check() before Ajv", () => {
  const { counts, wrong } = survey({ first: 1, pairs, values: 200 })
  it("calls no pair compatible of which a drawn value shows the contrary, and shows no wrong counterexample", () => {
    assert.deepEqual(wrong, [])
    assert.isAbove(counts.compatible, pairs / 3)
    assert.isAbove(counts.values, pairs * 50)
  })
  it("shows a value for nearly every pair that it calls incompatible", () => {
    assert.isAbove(counts.incompatible, pairs / 5)
    assert.isAtMost(counts.doubtful, doubtfulMax * counts.incompatible)
    assert.isAtMost(counts.missed, missedMax * counts.incompatible)
  })
})
