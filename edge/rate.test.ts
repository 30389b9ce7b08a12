/**
 * The token bucket gives its rate, no more, to each key by itself, in bounded memory.
 * @module
 */
import { assert, describe, it } from "vitest"
import * as rate from "./rate.ts"

/** How many of `count` takes at one moment are given. */
const burst = (take: rate.Take, key: string, nowMs: number, count: number): number =>
  Array.from({ length: count }, () => take(key, nowMs)).filter(Boolean).length

describe("take()", () => {
  it("gives a burst of one second's worth, then the rate", () => {
    const take = rate.make(10, 100)
    assert.strictEqual(burst(take, "a", 1_000, 25), 10)
    assert.strictEqual(burst(take, "a", 1_099, 25), 0)
    assert.strictEqual(burst(take, "a", 1_200, 25), 2)
    assert.strictEqual(burst(take, "a", 99_000, 25), 10)
  })

  it("loses nothing to many small refills", () => {
    const take = rate.make(10, 100)
    burst(take, "a", 0, 10)
    let given = 0
    for (let now = 1; now <= 10_000; now++) if (take("a", now)) given++
    assert.isAtLeast(given, 99)
    assert.isAtMost(given, 100)
  })

  it("keeps keys apart", () => {
    const take = rate.make(3, 100)
    burst(take, "a", 0, 9)
    assert.strictEqual(burst(take, "b", 0, 9), 3)
  })

  it("forgets the key touched longest ago, and no other, when it is full", () => {
    const take = rate.make(2, 2)
    burst(take, "a", 0, 2)
    burst(take, "b", 0, 2)
    burst(take, "a", 0, 1)
    take("c", 0)
    assert.strictEqual(burst(take, "a", 0, 2), 0)
    assert.strictEqual(burst(take, "b", 0, 2), 2)
  })
})
