import { describe, it } from "@effect/vitest"
import { aggregateLaws, spec } from "nexus-actors/testing"
import { runLaws } from "nexus-actors/testing/vitest"
import { PaymentAggregate } from "./Payment.ts"
import * as P from "./Payment.contract.ts"

const taken = new P.PaymentTaken({ reference: "card-1", amountPence: 900 })
const refunded = new P.PaymentRefunded({ amountPence: 400 })
const payment = spec(PaymentAggregate)

describe("a payment", () => {
  it("is taken once", () => {
    const take = new P.TakePayment({ reference: "card-1", amountPence: 900 })
    payment.when(take).then(taken).state({ _tag: "Taken", reference: "card-1", leftPence: 900 })
    payment.given(taken).when(take).rejects(new P.AlreadyTaken({ reference: "card-1" }))
  })
  it("is given back up to what was taken, and no further", () => {
    const refund = new P.RefundPayment({ amountPence: 400 })
    payment.given(taken).when(refund).then(refunded).state({ _tag: "Taken", reference: "card-1", leftPence: 500 })
    payment.given(taken, refunded, refunded).when(refund).rejects(new P.RefundExceedsPayment({ leftPence: 100 }))
    payment.when(refund).rejects(new P.NotTaken())
    payment.given(taken).when(new P.RefundPayment({ amountPence: 0 })).then()
  })
})

describe("the laws of an aggregate", () => runLaws(aggregateLaws(PaymentAggregate)))
