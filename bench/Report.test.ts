/**
 * Figures are judged as the targets say: ratios within a round, then their median.
 * @module
 */
import { assert, describe, it } from "vitest"
import { summarize } from "./Flight.ts"
import { isKept, judge, type Round, spread } from "./Report.ts"

const flight = (perSecond: number, p99Ms: number, firings = 100) =>
  summarize(1_000, 1_000_000 / perSecond, 10, Float64Array.of(1, p99Ms), { firings, longestGapMs: 5 })
const round = (host: number, raw: number, entity: number, p99Ms = 4, firings = 100): Round => ({
  nexus: flight(host, p99Ms, firings),
  raw: flight(raw, 2),
  entity: flight(entity, 100),
})
const verdicts = (rounds: ReadonlyArray<Round>, workload = "W1") =>
  judge(workload, rounds).filter((judged) => !isKept(judged)).map(({ name }) => name)

describe("spread()", () => {
  it("takes the middle of the sorted values, between the two middle ones where their number is even", () => {
    assert.deepStrictEqual(spread([9, 1, 4]), { min: 1, median: 4, max: 9 })
    assert.deepStrictEqual(spread([9, 1, 4, 2]), { min: 1, median: 3, max: 9 })
  })
})

describe("judge()", () => {
  it("keeps all bounds where each ratio is as good as its target", () => {
    assert.deepStrictEqual(verdicts([round(22_000, 100_000, 700), round(44_000, 200_000, 1_000)]), [])
  })

  it("judges the median of the rounds' ratios, so that one bad round decides nothing", () => {
    const good = round(22_000, 100_000, 700)
    assert.deepStrictEqual(verdicts([good, round(1_000, 100_000, 700), good]), [])
    assert.deepStrictEqual(verdicts([good, round(1_000, 100_000, 700), round(1_000, 100_000, 700)]), [
      "commands/s of raw rows/s",
      "times the entity",
    ])
  })

  it("finds a slow 99th percentile where many are in flight, and a starved timer anywhere", () => {
    assert.deepStrictEqual(verdicts([round(22_000, 100_000, 700, 11)]), ["p99 of raw commit p99"])
    assert.deepStrictEqual(verdicts([round(22_000, 100_000, 700, 11)], "W2"), [])
    assert.deepStrictEqual(verdicts([round(22_000, 100_000, 700, 4, 0)], "W2"), ["commands per firing of a 1 ms timer"])
  })
})
