/**
 * What payments do because of events: a cancelled order's money goes back.
 * @module
 */
import { Effect } from "effect"
import { Actors, CommandBus, Consumer } from "nexus-actors/core"
import { Order } from "../orders/Order.contract.ts"
import { PaymentAggregate } from "./Payment.ts"
import { Payment } from "./Payment.contract.ts"

export const refund = Consumer.make("refund", {
  contract: Order,
  events: ["OrderCancelled"],
  from: "beginning",
  onError: "park",
  scopes: ["commands:Payment", "read"],
  handler: Effect.fnUntraced(function* (_, about) {
    const { state } = yield* Actors.state(PaymentAggregate, about.id)
    // Handled a second time nothing is left, and nothing is sent.
    if (state._tag !== "Taken" || state.leftPence === 0) return
    yield* CommandBus.tell(Payment, about.id, about).RefundPayment({ amountPence: state.leftPence })
  }),
})
