/**
 * A policy that gives no answer fails: no answer is no clean answer.
 * @module
 */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import type { Facts } from "../policies/Facts.ts"
import { facts } from "./graph/fixture.ts"
import { judge } from "./judge.ts"

const judged = (given: Facts) => Effect.runPromise(Effect.result(judge(given, "none/app.ts")))

describe("judge()", () => {
  it("gives every finding, by file and line", async () => {
    const result = await judged(facts)
    assert.isTrue(result._tag === "Success")
    const { findings } = result._tag === "Success" ? result.success : { findings: [] }
    assert.sameMembers([...new Set(findings.map(({ rule }) => rule))], [
      ...["no-internal-import", "no-synchronous-call", "undeclared-command", "undeclared-event"],
    ])
    const keys = findings.map(({ file, line }) => `${file}:${line}`)
    assert.deepStrictEqual(keys, keys.toSorted())
  })
  it("fails where the policies have no value for these facts", async () => {
    const { routes: _, ...less } = facts
    const result = await judged(less as Facts)
    assert.isTrue(result._tag === "Failure" && /gave no list of/.test(result.failure.message), JSON.stringify(result))
    assert.isTrue(result._tag === "Failure" && result.failure.exitCode === 1)
  })
})
