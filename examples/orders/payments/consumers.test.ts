import { assert, describe, it } from "@effect/vitest"
import { consumerSpec } from "nexus-actors/testing"
import { OrderCancelled } from "../orders/Order.contract.ts"
import { refund } from "./consumers.ts"
import { PaymentAggregate } from "./Payment.ts"
import { PaymentRefunded, PaymentTaken } from "./Payment.contract.ts"

const cancelled = new OrderCancelled({ reason: "late" })
const payment = (...events: ReadonlyArray<PaymentTaken | PaymentRefunded>) =>
  consumerSpec(refund).given(PaymentAggregate, "o-1", ...events).when("o-1", cancelled)
const taken = new PaymentTaken({ reference: "card", amountPence: 1_800 })

describe("refund", () => {
  it("gives back what is left of the payment, and nothing more when it is told again", async () => {
    const { commands } = await payment(taken, new PaymentRefunded({ amountPence: 300 })).run({ twice: true })
    const payload = { amountPence: 1_500 }
    assert.deepStrictEqual(commands, [{ aggregate: "Payment", id: "o-1", command: "RefundPayment", payload }])
  })
  it("sends nothing where nothing was paid", async () => {
    const { commands, events } = await payment().run()
    assert.deepStrictEqual([commands, events[0]!.outcome], [[], "handled"])
  })
})
