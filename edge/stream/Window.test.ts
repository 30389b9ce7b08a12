import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Window from "./Window.ts"

describe("a window", () => {
  const Gap = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 40 })))
  it.effect.prop(
    "lets at most so many through in any span, and delays none longer than that takes",
    { gaps: Schema.Array(Gap).pipe(Schema.check(Schema.isMinLength(30), Schema.isMaxLength(80))) },
    ({ gaps }) =>
      Effect.sync(() => {
        const [max, span] = [5, 100]
        const window = Window.make(max, span)
        const times: Array<number> = []
        let now = 0.5
        for (const gap of gaps) {
          now += gap
          now += window.waitMs(now)
          assert.strictEqual(window.waitMs(now), 0)
          window.took(now)
          times.push(now)
        }
        times.forEach((time, i) => {
          const within = times.filter((one) => one > time - span && one <= time).length
          assert.isAtMost(within, max)
          // Whoever waited did so because the span was full.
          const before = times[i - max]
          if (before !== undefined && gaps[i] === 0) {
            assert.isTrue(time === before + span || time === times[i - 1])
          }
        })
      }),
    { arbitrary: { runs: 200, seed: 1 } },
  )
  it("of none lets nothing through", () => assert.strictEqual(Window.make(0, 100).waitMs(1e9), 100))
})
