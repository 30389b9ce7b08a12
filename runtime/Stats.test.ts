import { assert, describe, it } from "vitest"
import { figures, type Seen } from "./Stats.ts"

const day = 86_400_000
const seen = (n: number, more: Partial<Seen> = {}): Seen => ({
  ...{ tenant: "t", aggregate: "Order", recordedAt: n * day, bytes: n, first: false },
  ...more,
})

describe("figures()", () => {
  it("counts what it saw where it saw all", () => {
    const all = [
      ...Array.from({ length: 98 }, (_, i) => seen(i + 1)),
      seen(99, { first: true, tenant: "u" }),
      seen(100),
    ]
    const { aggregates, days, payload, sampled, streams, tenants } = figures(all, 100)
    assert.deepStrictEqual([sampled, streams, payload], [100, 1, { p50: 50, p90: 90, p99: 99, max: 100 }])
    assert.deepStrictEqual(tenants, [{ name: "t", events: 99, streams: 0 }, { name: "u", events: 1, streams: 1 }])
    assert.deepStrictEqual(aggregates.map(({ name }) => name), ["t/Order", "u/Order"])
    assert.strictEqual(days.length, 14)
    assert.deepStrictEqual(days.at(-1), { day: "1970-04-11", events: 1 })
  })
  it("scales what it saw where it saw a part, and is empty where nothing is", () => {
    const { days, streams, tenants } = figures([seen(1, { first: true }), seen(1)], 1_000)
    assert.deepStrictEqual([streams, tenants[0]?.events, days[0]?.events], [500, 1_000, 1_000])
    const none = figures([], 0)
    assert.deepStrictEqual([none.sampled, none.tenants, none.payload.max], [0, [], 0])
  })
})
