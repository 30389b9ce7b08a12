import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Cursor from "../../core/Cursor.ts"
import { BadCursor } from "../../core/EventStore.ts"
import * as Position from "../../core/Position.ts"
import type { Shape } from "../../runtime/Tail.ts"
import * as position from "./position.ts"

const tail: Pick<Shape, "placeOf"> = {
  placeOf: ({ offset }) =>
    offset === undefined ? Effect.fail(new BadCursor()) : Effect.succeed(Cursor.feedAt("sqlite", offset)),
}
const stream = { tenant: "t", aggregate: "Box", id: "a" }

describe("a position of the stream", () => {
  it.effect("names its place in the feed to its own tenant and store alone", () =>
    Effect.gen(function* () {
      for (const cursor of [undefined, Cursor.feedAt("sqlite", 7)]) {
        const token = position.encode("sqlite", "t", cursor)
        assert.strictEqual(yield* position.decode("sqlite", tail, "t", token), cursor)
        for (const [store, tenant] of [["sqlite", "u"], ["memory", "t"]] as const) {
          assert.strictEqual((yield* Effect.flip(position.decode(store, tail, tenant, token)))._tag, "BadCursor")
        }
      }
    }))
  it.effect("may be the one of a command's answer, and nothing else", () =>
    Effect.gen(function* () {
      const token = Position.encode("sqlite", stream, 3, 7)
      assert.strictEqual(yield* position.decode("sqlite", tail, "t", token), Cursor.feedAt("sqlite", 7))
      const without = Position.encode("sqlite", stream, 3, undefined)
      for (const wrong of [without, Cursor.feedAt("sqlite", 7), "", "start", "W10"]) {
        assert.strictEqual((yield* Effect.flip(position.decode("sqlite", tail, "t", wrong)))._tag, "BadCursor")
      }
      assert.strictEqual((yield* Effect.flip(position.decode("sqlite", tail, "u", token)))._tag, "BadCursor")
    }))
})
