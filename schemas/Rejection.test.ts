import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Rejection } from "./Rejection.ts"

class Full extends Rejection("Full", { places: Schema.Int }, 409) {}
class Empty extends Rejection("Empty") {}

describe("Rejection()", () => {
  it("travels as 422 unless told otherwise, and only as the caller's to mend", () => {
    assert.deepEqual([Full.status, Empty.status], [409, 422])
    for (const status of [200, 399, 500, 404.5, Number.NaN]) {
      assert.throws(() => Rejection("Odd", {}, status), /use 400 to 499/)
    }
    assert.strictEqual(Rejection("Odd", {}, 400).status, 400)
    assert.strictEqual(Rejection("Odd", {}, 499).status, 499)
  })
  it.effect("is an error of its own tag, yielded and caught by it", () =>
    Effect.gen(function* () {
      const refuse = Effect.gen(function* () {
        return yield* new Full({ places: 3 })
      })
      const places = yield* Effect.catchTag(refuse, "Full", (full) => Effect.succeed(full.places))
      assert.strictEqual(places, 3)
    }))
  it("is an instance of its class alone", () => {
    const full: unknown = new Full({ places: 3 })
    assert.instanceOf(full, Full)
    assert.instanceOf(full, Error)
    assert.notInstanceOf(full, Empty)
  })
})
