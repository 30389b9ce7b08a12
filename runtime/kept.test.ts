import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { kept } from "./kept.ts"

it.effect("kept() asks until it was answered, whatever the answer, and no more", () =>
  Effect.gen(function* () {
    let asked = 0
    const ask = kept(Effect.suspend(() => ++asked < 3 ? Effect.fail("away") : Effect.succeed(undefined)))
    assert.deepStrictEqual([yield* Effect.flip(ask), yield* Effect.flip(ask)], ["away", "away"])
    for (let i = 0; i < 3; i++) assert.isUndefined(yield* ask)
    assert.strictEqual(asked, 3)
  }))
