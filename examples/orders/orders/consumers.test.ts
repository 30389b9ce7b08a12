import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { consumerSpec } from "nexus-actors/testing"
import { PaymentTaken } from "../payments/Payment.contract.ts"
import { GoodsShort } from "../stock/StockItem.contract.ts"
import { CartCheckedOut } from "./Cart.contract.ts"
import { checkout, paid, reservation, short } from "./consumers.ts"
import { OrderAggregate } from "./Order.ts"
import * as O from "./Order.contract.ts"

const at = DateTime.makeUnsafe("2010-12-01T08:26:00Z")
const mug = { stockCode: "a b", description: "MUG", quantity: 6, unitPence: 300 }
const placed = new O.OrderPlaced({
  country: "France",
  currency: "GBP",
  lines: [mug, mug],
  totalPence: 3_600,
  placedAt: at,
})
const processed = new O.PaymentProcessed({ reference: "card", amountPence: 3_600, paidAt: at })

describe("checkout", () => {
  it("places the order of a cart, then takes its payment, once however often it is told", async () => {
    const { commands } = await consumerSpec(checkout)
      .when("c-1", new CartCheckedOut({ orderId: "o-1", lines: [mug], totalPence: 1_800 })).run({ twice: true })
    assert.deepStrictEqual(commands, [
      { aggregate: "Order", id: "o-1", command: "PlaceOrder", payload: { country: "", currency: "GBP", lines: [mug] } },
      {
        aggregate: "Payment",
        id: "o-1",
        command: "TakePayment",
        payload: { reference: "order o-1", amountPence: 1_800 },
      },
    ])
  })
})

describe("order-paid", () => {
  it("tells the order what was paid", async () => {
    const { commands, events } = await consumerSpec(paid)
      .when("o-1", new PaymentTaken({ reference: "card", amountPence: 2_034 })).run()
    assert.deepStrictEqual(events, [{ id: "o-1", type: "PaymentTaken", outcome: "handled", attempts: 1 }])
    assert.deepStrictEqual(commands, [
      { aggregate: "Order", id: "o-1", command: "PayOrder", payload: { reference: "card", amountPence: 2_034 } },
    ])
  })
})

describe("reservation", () => {
  it("reserves all pieces of a kind at once, and gives them back when the order is cancelled", async () => {
    const { commands } = await consumerSpec(reservation).given(OrderAggregate, "o-1", placed)
      .when("o-1", processed, new O.OrderCancelled({ reason: "late" })).run()
    assert.deepStrictEqual(commands, [
      { aggregate: "StockItem", id: "a0b", command: "ReserveGoods", payload: { orderId: "o-1", quantity: 12 } },
      { aggregate: "StockItem", id: "a0b", command: "ReleaseGoods", payload: { orderId: "o-1" } },
    ])
  })
})

describe("goods-short", () => {
  it("cancels the order that cannot be kept", async () => {
    const { commands } = await consumerSpec(short).when("a0b", new GoodsShort({ orderId: "o-1", quantity: 6, left: 2 }))
      .run()
    const payload = { reason: "goods are short" }
    assert.deepStrictEqual(commands, [{ aggregate: "Order", id: "o-1", command: "CancelOrder", payload }])
  })
})
