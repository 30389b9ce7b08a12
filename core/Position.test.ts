import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import * as Position from "./Position.ts"
import { Id } from "./Stream.ts"

const count = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })))
const known = Position.encode("sqlite", { tenant: "t", aggregate: "Order", id: "o-1" }, 3, 17)

describe("Position", () => {
  it.effect.prop("comes back as it was encoded, and fits into a query", {
    id: Id,
    version: count,
    offset: Schema.UndefinedOr(count),
  }, ({ id, version, offset }) =>
    Effect.sync(() => {
      const stream = { tenant: "t", aggregate: "Order", id }
      const token = Position.encode("sqlite", stream, version, offset)
      assert.match(token, /^[A-Za-z0-9_-]+$/)
      assert.deepEqual(Option.getOrThrow(Position.decode(token)), { store: "sqlite", stream, version, offset })
    }), { arbitrary: { runs: 300 } })
  it.effect.prop(
    "decodes garbage to nothing and never throws",
    { text: Schema.String },
    ({ text }) =>
      Effect.sync(() => {
        for (const token of [text, Base64Url.encode(text), known.slice(0, text.length % known.length)]) {
          assert.isTrue(Option.isNone(Position.decode(token)), token)
        }
      }),
    { arbitrary: { runs: 300 } },
  )
  it("decodes only what it could have encoded", () => {
    const token = (...parts: ReadonlyArray<unknown>) => Base64Url.encode(JSON.stringify(parts))
    assert.isTrue(Option.isSome(Position.decode(token("sqlite", "t", "Order", "o-1", 3, 17))))
    const wrong = [
      token("sqlite", "t", "Order", "o-1", 3),
      token("sqlite", "t", "Order", "o-1", 3, 17, 1),
      token("sqlite", "t", "Order", "o-1", 3.5, 17),
      token("sqlite", "t", "Order", "o-1", 3, "17"),
      token("sqlite", "t", "Order", "o-1", -1, null),
      token("sqlite", "t", "Order", "o-1", 3, -1),
      token("sqlite", "t/u", "Order", "o-1", 3, 17),
      token("sqlite", "t", "Order", "", 3, 17),
      token(1, "t", "Order", "o-1", 3, 17),
      Base64Url.encode("{}"),
      Base64Url.encode("null"),
    ]
    for (const one of wrong) assert.isTrue(Option.isNone(Position.decode(one)), one)
  })
})
