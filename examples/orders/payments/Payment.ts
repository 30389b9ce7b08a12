/**
 * How a payment decides: taken once, given back bit by bit and never beyond what was taken.
 * @module
 */
import { accept, Aggregate, reject } from "nexus-actors/core"
import * as P from "./Payment.contract.ts"

export const PaymentAggregate = Aggregate.make(P.Payment, P.PaymentState, { _tag: "Open" })
  .decide({
    TakePayment: (state, { amountPence, reference }) =>
      state._tag === "Open"
        ? accept(new P.PaymentTaken({ reference, amountPence }))
        : reject(new P.AlreadyTaken({ reference: state.reference })),
    RefundPayment: (state, { amountPence }) => {
      if (state._tag === "Open") return reject(new P.NotTaken())
      if (amountPence > state.leftPence) return reject(new P.RefundExceedsPayment({ leftPence: state.leftPence }))
      return amountPence === 0 ? accept() : accept(new P.PaymentRefunded({ amountPence }))
    },
  })
  .evolve({
    PaymentTaken: (_, { amountPence, reference }) => ({ _tag: "Taken", reference, leftPence: amountPence }),
    PaymentRefunded: (state, { amountPence }) =>
      state._tag === "Open" ? state : { ...state, leftPence: Math.max(0, state.leftPence - amountPence) },
  })
