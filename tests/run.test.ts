import { assert, describe, it } from "vitest"
import { chosen, judge, leftOut, suites, summary, total, withoutEngines } from "./run.ts"

const vitest = (report: object) =>
  JSON.stringify({ numPassedTests: 2, numFailedTests: 0, numPendingTests: 1, testResults: [], ...report })
const without = { passed: 0, failed: 1, skipped: 0 }

describe("judge()", () => {
  it("takes the counts of vitest's report", () => {
    assert.deepStrictEqual(judge("vitest", 0, vitest({})), { passed: 2, failed: 0, skipped: 1 })
    assert.deepStrictEqual(judge("vitest", 1, vitest({ numFailedTests: 3 })), { passed: 2, failed: 3, skipped: 1 })
  })
  it("counts a test file that did not load", () => {
    const testResults = [{ status: "failed", assertionResults: [] }, { status: "failed", assertionResults: [{}] }]
    assert.strictEqual(judge("vitest", 1, vitest({ testResults })).failed, 1)
  })
  it("takes the last line of a script", () => {
    const text = `{"passed":9,"failed":9}\nseed 7\n{"passed":5,"failed":0,"skipped":2}\n`
    assert.deepStrictEqual(judge("line", 0, text), { passed: 5, failed: 0, skipped: 2 })
  })
  it("fails what crashed after its report, left none, or ran nothing", () => {
    assert.strictEqual(judge("vitest", 1, vitest({})).failed, 1)
    assert.strictEqual(judge("line", 137, `{"passed":5,"failed":0}`).failed, 1)
    assert.deepInclude(judge("vitest", 0, ""), without)
    assert.deepInclude(judge("line", 0, "all good\n"), without)
    assert.deepInclude(judge("line", 0, "null"), without)
    assert.deepInclude(judge("line", 0, `{"passed":0,"failed":0,"skipped":4}`), { ...without, skipped: 4 })
    assert.deepInclude(judge("line", 0, `{"passed":"7"}`), without)
  })
  it("takes it from a script that it lacks its tool, unless that has failed it", () => {
    const lacks = { passed: 0, failed: 0, skipped: 1, lacks: "gitleaks" }
    assert.deepStrictEqual(judge("line", 0, JSON.stringify(lacks)), {
      ...{ passed: 0, failed: 0, skipped: 1, why: "lacks gitleaks" },
    })
    assert.strictEqual(judge("line", 1, JSON.stringify(lacks)).failed, 1)
    assert.strictEqual(judge("line", 1, JSON.stringify({ ...lacks, failed: 1 })).failed, 1)
  })
  it("skips a suite that lacks an engine, and fails it in CI", () => {
    assert.deepStrictEqual(withoutEngines(["a", "b"], false), { passed: 0, failed: 0, skipped: 1, why: "a; b" })
    assert.strictEqual(withoutEngines(["a"], true).failed, 1)
  })
  it("takes an exit code as one test", () => {
    assert.deepInclude(judge("exit", 0, ""), { passed: 1, failed: 0 })
    assert.deepInclude(judge("exit", 2, ""), without)
  })
})

describe("total()", () => {
  it("adds up, and names skipped tests only where there are some", () => {
    const counts = { passed: 1, failed: 0, skipped: 0 }
    assert.strictEqual(summary(total([counts, counts])), "2 passed, 0 failed")
    assert.strictEqual(summary(total([counts, { passed: 0, failed: 2, skipped: 3 }])), "1 passed, 2 failed, 3 skipped")
  })
})

describe("suites", () => {
  it("of `test` take at most eight minutes together", () => {
    const seconds = chosen(suites["test"] ?? [], [], false).reduce((sum, suite) => sum + suite.secondsMax, 0)
    assert.isAtMost(seconds, 480)
    assert.isAbove(seconds, 0)
  })
  it("sim, run plainly, runs every seed it asks for: no bound of time but the suite's own, which fails, ends it", () => {
    const { args } = suites["test"]!.find(({ name }) => name === "sim")!
    assert.deepStrictEqual(args.slice(args.indexOf("testing/sim.ts") + 1), ["--seeds", "500"])
  })
  it("that need a network run in CI, or where they are named", () => {
    const all = suites["test"] ?? []
    const names = (some: ReadonlyArray<string>, ci: boolean) => chosen(all, some, ci).map(({ name }) => name)
    assert.notInclude(names([], false), "package")
    assert.deepStrictEqual(names([], true), all.map(({ name }) => name))
    assert.deepStrictEqual(names(["package"], false), ["package"])
  })
  it("that were not run are named in one line, with how to run them; none where all were, or some were chosen", () => {
    const all = suites["test"] ?? []
    const line = leftOut(all, [], false)!
    assert.match(line, /^not run, but in CI: .*; to run one: deno task engines fetch, then deno task test <suite>$/)
    const named = line.slice("not run, but in CI: ".length).split(";")[0]!.split(", ")
    const ran = chosen(all, [], false).map(({ name }) => name)
    assert.sameMembers([...ran, ...named], all.map(({ name }) => name))
    assert.includeMembers(named, ["travel", "aws", "dynamodb", "package"])
    for (
      const left of [leftOut(all, [], true), leftOut(all, ["unit"], false), leftOut(suites["check"] ?? [], [], false)]
    ) {
      assert.isUndefined(left)
    }
  })
})
