import { assert, describe, it } from "@effect/vitest"
import * as Subject from "./Subject.ts"

describe("Subject", () => {
  it("is read back as it was made", () => {
    assert.deepStrictEqual(Subject.parse(Subject.make("Order", "OrderPlaced", 12)), {
      aggregate: "Order",
      type: "OrderPlaced",
      version: 12,
    })
  })

  it("is nothing where the text names none", () => {
    const wrong = [
      "",
      "Order",
      "Order.Placed",
      "Order.Placed.1",
      "Order.Placed.v0",
      "Order.Placed.v01",
      "order.Placed.v1",
    ]
    for (
      const text of [...wrong, "Order.placed.v1", "Order.Placed.v1.v2", "Or/der.Placed.v1", "Order.Placed.v1234567"]
    ) {
      assert.isUndefined(Subject.parse(text), text)
    }
  })
})
