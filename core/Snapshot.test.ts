import { assert, it } from "@effect/vitest"
import * as Snapshot from "./Snapshot.ts"

it("isDue() is said by the first bound that is reached, and never where nothing was appended", () => {
  const of = Snapshot.bounds({ everyEvents: 3, everyBytes: 100, elapsed: "1 second" })
  assert.isFalse(Snapshot.isDue(of, 2, 99, 999))
  assert.isTrue(Snapshot.isDue(of, 3, 0, 0))
  assert.isTrue(Snapshot.isDue(of, 1, 100, 0))
  assert.isTrue(Snapshot.isDue(of, 1, 0, 1_000))
  assert.isFalse(Snapshot.isDue(of, 0, 100, 1_000))
  assert.isFalse(Snapshot.isDue(Snapshot.bounds({ elapsed: "1 second" }), 1_000_000, 1e12, 999))
  assert.isFalse(Snapshot.isDue(Snapshot.bounds({}), 1_000_000, 1e12, 1e15))
})

it("policy() refuses bounds that are no whole number from 1 on", () => {
  for (const rule of [{ everyEvents: 0 }, { everyBytes: 1.5 }, { elapsed: 0 }, { elapsed: Infinity }]) {
    assert.throws(() => Snapshot.policy(rule), /must be at least 1/)
  }
  const rule = { everyEvents: 1, elapsed: "1 day" } as const
  assert.strictEqual(Snapshot.policy(rule), rule)
})
