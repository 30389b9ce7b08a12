import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Metric } from "effect"
import type { DeadLetter, Shape } from "../../core/DeadLetters.ts"
import { StoreUnavailable } from "../../core/EventStore.ts"
import { DeadLettersKept, keep, traceIdOf } from "./deadLetter.ts"

const letter = {
  ...{ id: "mailer/t/Order/o-1", kind: "stream" as const, consumer: "mailer", version: 3, eventId: "e-3" },
  ...{ type: "OrderPlaced", error: "Refused", attempts: 6, firstAt: 1, lastAt: 2, traceId: "aa" },
  stream: { tenant: "t", aggregate: "Order", id: "o-1" },
}
const lines: Array<unknown> = []
const logged = Logger.layer([Logger.map(Logger.formatStructured, (line) => void lines.push(line))])
const counted = Effect.map(
  Metric.value(Metric.withAttributes(DeadLettersKept, { consumer: "mailer", kind: "stream" })),
  ({ count }) => Number(count),
)
const keeper = (put: Shape["put"]) => ({ put })

describe("keep()", () => {
  it.effect("counts a dead letter and logs one line of it, once it is kept", () =>
    Effect.gen(function* () {
      const row: DeadLetter = { ...letter, asked: "nothing", fence: 7 }
      const before = yield* counted
      assert.strictEqual(yield* keep(keeper(() => Effect.succeed(row)), letter), row)
      assert.strictEqual((yield* counted) - before, 1)
      assert.strictEqual(lines.length, 1)
      const { annotations, level, message } = lines[0] as Record<string, unknown>
      assert.deepStrictEqual([level, message], ["ERROR", "dead letter"])
      const { firstAt: _, id: __, lastAt: ___, stream: ____, ...rest } = letter
      assert.deepStrictEqual(annotations, { ...rest, stream: "t/Order/o-1" })

      const refused = keep(keeper(() => Effect.fail(new StoreUnavailable({ reason: "locked" }))), letter)
      assert.strictEqual((yield* Effect.flip(refused)).reason, "locked")
      assert.deepStrictEqual([(yield* counted) - before, lines.length], [1, 1])
    }).pipe(Effect.provide(logged)))
})

describe("traceIdOf()", () => {
  it("is the second part of a traceparent", () => {
    assert.strictEqual(traceIdOf(`00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`), "ab".repeat(16))
    assert.strictEqual(traceIdOf(undefined), "")
  })
})
