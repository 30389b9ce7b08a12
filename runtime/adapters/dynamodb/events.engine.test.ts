import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import { DeadLetters } from "../../../core/DeadLetters.ts"
import { perStream, reopened } from "../../../core/EventStore.laws.ts"
import { BadCursor, EventStore } from "../../../core/EventStore.ts"
import { append, epochMs, streamOf, withClock } from "../../../core/laws/fixtures.ts"
import { engine } from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { fresh, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")
const here = fresh(() => dynamodb().url)

describe("the store on DynamoDB", () => {
  for (const { name, law } of perStream(0.2)) it.live(name, () => Effect.provide(law, here), 120_000)
  for (const [i, { name }] of reopened(here).entries()) {
    it.live(name, () => {
      const settings = settingsOf(dynamodb().url)
      return reopened(Layer.suspend(() => DynamoDB.layer(settings)))[i]!.law
    }, 60_000)
  }

  it.live("byTime() gives nothing younger than what is settled, whatever is asked", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const hands = { ms: epochMs }
      yield* withClock(hands)(store.commit([append(streamOf("t", "a"), 0, "c")]))
      const listed = Effect.suspend(() =>
        withClock(hands)(store.byTime({ tenant: "t", from: epochMs - 1, to: epochMs + 3_600_000, limit: 9 }))
      )
      hands.ms += store.settleMs!
      assert.strictEqual((yield* listed).items.length, 0)
      hands.ms++
      assert.strictEqual((yield* listed).items.length, 1)
    }).pipe(Effect.provide(here)), 60_000)

  it.live("a cursor that somebody made up is refused, and no defect", () =>
    Effect.gen(function* () {
      const [store, letters] = [yield* EventStore, yield* DeadLetters]
      const long = "x".repeat(1_100)
      const range = { tenant: "t", from: 0, to: 9e15, limit: 5 }
      const asked: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
        "no id": store.streams("t", "Order", Cursor.encode(["dynamodb", "streams", "t", "Order"], [""]), 5),
        "a long id": store.streams("t", "Order", Cursor.encode(["dynamodb", "streams", "t", "Order"], [long]), 5),
        "a long place": store.byTime({
          ...range,
          cursor: Cursor.encode(["dynamodb", "byTime", "t", ""], [1, "A", long, 1]),
        }),
        "a long letter": letters.list("t", {}, Cursor.encode(["dynamodb", "dead-letters", "t", "", ""], [1, long]), 5),
      }
      for (const [what, effect] of Object.entries(asked)) {
        assert.instanceOf(yield* Effect.flip(Effect.sandbox(effect)).pipe(Effect.map(Cause.squash)), BadCursor, what)
      }
    }).pipe(Effect.provide(here)), 60_000)
})
