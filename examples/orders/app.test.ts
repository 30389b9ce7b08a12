import { assert, describe, it } from "@effect/vitest"
import { aggregateLaws, reportText, simulate, type Workload } from "nexus-actors/testing"
import { runLaws } from "nexus-actors/testing/vitest"
import app from "./app.ts"
import { CartAggregate } from "./orders/Cart.ts"
import { OrderAggregate } from "./orders/Order.ts"

describe("the laws of an aggregate", () => {
  runLaws(aggregateLaws(OrderAggregate))
  runLaws(aggregateLaws(CartAggregate))
})

/** Orders that are really placed, paid and returned: what the schemas alone would draw is mostly refused. */
const shopping: Workload = ({ random, ids, secret }) => {
  const line = {
    stockCode: random.pick(["a", "b"]),
    quantity: random.pick([1, 2, 3]),
    unitPence: random.pick([0, 5, 7]),
  }
  const { unitPence: _, ...item } = line
  const sold = { ...line, description: secret }
  const [aggregate, command, payload] = random.pick(
    [
      ["Order", "PlaceOrder", { country: "France", currency: "GBP", lines: [sold, sold] }],
      ["Order", "PayOrder", { reference: random.pick(["p", "q"]), amountPence: random.pick([10, 14, 20, 28]) }],
      ["Order", "ShipOrder", { tracking: "t" }],
      ["Order", "ReturnItems", { lines: [item] }],
      ["Order", "CancelOrder", { reason: secret }],
      ["Order", "RecordEmail", { to: secret, subject: "s" }],
      ["Cart", "AddItem", sold],
      ["Cart", "RemoveItem", item],
      ["Cart", "Checkout", {}],
      ["Cart", "Abandon", {}],
      ["Payment", "TakePayment", { reference: "p", amountPence: 20 }],
      ["Payment", "RefundPayment", { amountPence: random.pick([0, 7, 20]) }],
      ["StockItem", "ReceiveGoods", { quantity: 5 }],
      ["StockItem", "ReserveGoods", { orderId: random.pick(["o", "p"]), quantity: item.quantity }],
      ["StockItem", "ReleaseGoods", { orderId: random.pick(["o", "p"]) }],
      ["Message", "WriteMessage", { to: secret, subject: "s" }],
      ["Message", "ConfirmSent", {}],
    ] as const,
  )
  return { aggregate, id: random.pick(ids), command, payload }
}

describe("the shop on failing hosts and stores", () => {
  it("keeps every promise of the host, over many seeds", { timeout: 60_000 }, async () => {
    const report = await simulate(app, { seeds: 60, workload: shopping })
    assert.deepEqual(report.failures, [], reportText(report))
    assert.isAbove(report.faults["crash"]!, 0)
  })
})
