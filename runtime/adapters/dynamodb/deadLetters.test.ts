import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Failure, idOf } from "../../../core/DeadLetters.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { make } from "./deadLetters.ts"
import type { Row, Rows } from "./rows.ts"

const letterOf = (id: string): Failure => ({
  ...{ id: idOf("mailer", streamOf("t", id), "e"), kind: "message", consumer: "mailer", stream: streamOf("t", id) },
  ...{ version: 1, eventId: "e", type: "Noted", error: "failed", attempts: 6, firstAt: 1, lastAt: 2, traceId: "" },
})
const rowOf = (id: string, more: Row = {}): Row => {
  const letter = letterOf(id)
  return {
    pk: `letter#${letter.id}`,
    sk: "letter",
    letter: JSON.stringify(letter),
    fence: 1,
    redriving: "mailer",
    ...more,
  }
}

it.effect("what an index still shows is redriven no more, once it was done or has failed again", () =>
  Effect.gen(function* () {
    const { redriving: _, ...failed } = rowOf("failed", { fence: 2 })
    const now = new Map([rowOf("asked", { fence: 3 }), failed].map((row) => [row["pk"], row]))
    const rows: Partial<Rows> = {
      query: () => Effect.succeed(["done", "asked", "failed"].map((id) => rowOf(id))),
      getEach: (keys) => Effect.succeed(keys.map(({ pk }) => now.get(pk)).filter((row) => row !== undefined)),
    }
    const found = yield* make(rows as Rows).asked("mailer", 10)
    assert.deepStrictEqual(found, [{ ...letterOf("asked"), asked: "redrive", fence: 3 }])
  }))
