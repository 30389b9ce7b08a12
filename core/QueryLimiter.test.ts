import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { epochMs, withClock } from "./laws/fixtures.ts"
import * as Limits from "./Limits.ts"
import { laws, reopened } from "./QueryLimiter.laws.ts"
import { rule } from "./QueryLimiter.ts"
import * as QueryLimiterMemory from "./QueryLimiterMemory.ts"

describe("the limiter in memory", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, QueryLimiterMemory.layer))
  for (const { name, law } of reopened(QueryLimiterMemory.layerOf(new Map()))) it.effect(name, () => law)

  it.effect("keeps no more than it counts, and forgets clients that are idle", () =>
    Effect.gen(function* () {
      const state: QueryLimiterMemory.State = new Map()
      const limiter = yield* QueryLimiterMemory.make(state)
      const hands = { ms: epochMs }
      for (let day = 0; day < 3; day++) {
        for (let i = 0; i < 100; i++) {
          yield* withClock(hands)(limiter.admit({ tenant: "t", subject: `${day}-${i}` }))
          hands.ms += 1
        }
        hands.ms += Limits.defaults.queryMemoryMs
      }
      assert.strictEqual(state.size, 100)
      for (let i = 0; i < 1_000; i++, hands.ms += 1_000) {
        yield* withClock(hands)(limiter.admit({ tenant: "t", subject: "busy" }))
        assert.isAtMost(state.get("t/busy")!.length, Limits.defaults.queries)
      }
    }))
})

describe("rule()", () => {
  it("admits nobody where the limit is none", () =>
    assert.deepEqual(rule([], 5, { ...Limits.defaults, queries: 0 }), { _tag: "Refused", retryAfterMs: 60_000 }))
  it("counts the newest where the limit was lowered", () => {
    const admissions = [1, 2, 3, 4, 5]
    const ruling = rule(admissions, 10, { ...Limits.defaults, queries: 2 })
    assert.deepEqual(ruling, { _tag: "Refused", retryAfterMs: 4 + 60_000 - 10 })
  })
})
