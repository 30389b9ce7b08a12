import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Contract from "../schemas/Contract.ts"
import * as Aggregate from "./Aggregate.ts"
import * as App from "./App.ts"

const aggregate = (name: string) =>
  Aggregate.make(Contract.make(name, { commands: [], events: [] }), Schema.Int, 0).decide({}).evolve({})

describe("App.make()", () => {
  it("holds its aggregates by name, and finds nothing else", () => {
    const [order, cart] = [aggregate("Order"), aggregate("Cart")]
    const app = App.make("shop", { aggregates: [order, cart] })
    assert.strictEqual(app.name, "shop")
    assert.deepEqual(Object.entries(app.aggregates), [["Order", order], ["Cart", cart]])
    assert.isUndefined(app.aggregates["constructor"])
  })
  it("stops the program at two aggregates of one name", () => {
    assert.throws(() => App.make("shop", { aggregates: [aggregate("Order"), aggregate("Order")] }), /named "Order"/)
  })
})
