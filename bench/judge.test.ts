/**
 * Figures are judged as the targets say: ratios within a round, then their median.
 * @module
 */
import { assert, describe, it } from "vitest"
import { type Round, spread } from "./Figures.ts"
import { summarize } from "./Flight.ts"
import { isKept, judge, verdict } from "./judge.ts"

const flight = (perSecond: number, p99Ms: number, firings = 100) =>
  summarize(1_000, 1_000_000 / perSecond, 10, Float64Array.of(1, p99Ms), { firings, longestGapMs: 5 })
const round = (host: number, raw: number, entity: number, p99Ms = 4, firings = 100): Round => ({
  nexus: flight(host, p99Ms, firings),
  raw: flight(raw, 2),
  entity: flight(entity, 100),
})
const missed = (rounds: ReadonlyArray<Round>, workload = "W1") =>
  judge(workload, rounds).filter((judged) => !isKept(judged)).map(({ target }) => target.says)

describe("spread()", () => {
  it("takes the middle of the sorted values, between the two middle ones where their number is even", () => {
    assert.deepStrictEqual(spread([9, 1, 4]), { min: 1, median: 4, max: 9 })
    assert.deepStrictEqual(spread([9, 1, 4, 2]), { min: 1, median: 3, max: 9 })
  })
})

describe("judge()", () => {
  it("keeps all bounds where each ratio is as good as its target", () => {
    assert.deepStrictEqual(missed([round(22_000, 100_000, 700), round(44_000, 200_000, 1_000)]), [])
  })

  it("judges the median of the rounds' ratios, so that one bad round decides nothing", () => {
    const good = round(22_000, 100_000, 700)
    assert.deepStrictEqual(missed([good, round(1_000, 100_000, 700), good]), [])
    assert.deepStrictEqual(missed([good, round(1_000, 100_000, 700), round(1_000, 100_000, 700)]), [
      "commands/s of raw rows/s",
      "times the Effect Cluster entity",
    ])
  })

  it("finds a slow 99th percentile where many are in flight, and a starved timer anywhere", () => {
    assert.deepStrictEqual(missed([round(22_000, 100_000, 700, 11)]), ["p99 of raw commit p99"])
    assert.deepStrictEqual(missed([round(22_000, 100_000, 700, 11)], "W2"), [])
    assert.deepStrictEqual(missed([round(22_000, 100_000, 700, 4, 0)], "W2"), ["commands per firing of a 1 ms timer"])
  })

  it("judges nothing about subjects that did not take part", () => {
    assert.deepStrictEqual(judge("W2", [{ castore: flight(1, 1) }]), [])
    const says = judge("http", [{ nexus: flight(1, 1), hono: flight(4, 1) }]).map(({ target }) => target.says)
    assert.notInclude(says, "commands/s of requests/s of Hono on `Deno.serve`")
  })
})

describe("verdict()", () => {
  it("says bound and outcome plainly, and nothing where there is no bound", () => {
    const of = (workload: string, name: string, value: number) =>
      judge(workload, [{ nexus: { [name]: value } }]).map(verdict)
    assert.deepStrictEqual(of("W7", "heapBytesPerActor", 401), ["at most 400: **missed**"])
    assert.deepStrictEqual(of("W4", "snapshotMs", 3), ["at most 3: kept"])
    const said = judge("W5", [{ nexus: { perSecond: 1 }, raw: { perSecond: 2 } }])
    assert.deepStrictEqual(said.map(verdict), [""])
  })
})
