/**
 * What orders do because of events: a cart becomes an order that is paid for, what is paid is kept in stock, and what
 * cannot be kept cancels the order.
 * @module
 */
import { Effect } from "effect"
import { Actors, CommandBus, Consumer } from "nexus-actors/core"
import { Payment } from "../payments/Payment.contract.ts"
import { StockItem } from "../stock/StockItem.contract.ts"
import { itemIdOf, piecesOf } from "../goods.ts"
import { Cart } from "./Cart.contract.ts"
import { OrderAggregate } from "./Order.ts"
import { Order } from "./Order.contract.ts"

export const checkout = Consumer.make("checkout", {
  contract: Cart,
  events: ["CartCheckedOut"],
  from: "beginning",
  onError: "park",
  scopes: ["commands:Order", "commands:Payment"],
  handler: Effect.fnUntraced(function* ({ lines, orderId, totalPence }, about) {
    yield* CommandBus.tell(Order, orderId, about).PlaceOrder({ country: "", currency: "GBP", lines })
    const payment = { reference: `order ${orderId}`, amountPence: totalPence }
    yield* CommandBus.tell(Payment, orderId, about).TakePayment(payment)
  }),
})

export const paid = Consumer.make("order-paid", {
  contract: Payment,
  events: ["PaymentTaken"],
  from: "beginning",
  onError: "park",
  scopes: ["commands:Order"],
  handler: ({ amountPence, reference }, about) =>
    CommandBus.tell(Order, about.id, about).PayOrder({ reference, amountPence }),
})

/** In the order of the order's events, so that nothing is given back before it was kept. */
export const reservation = Consumer.make("reservation", {
  contract: Order,
  events: ["PaymentProcessed", "OrderCancelled"],
  from: "beginning",
  onError: "park",
  scopes: ["commands:StockItem", "read"],
  handler: Effect.fnUntraced(function* (event, about) {
    const { state } = yield* Actors.state(OrderAggregate, about.id)
    for (const { quantity, stockCode } of piecesOf(state.left)) {
      const item = CommandBus.tell(StockItem, itemIdOf(stockCode), about)
      if (event._tag === "OrderCancelled") yield* item.ReleaseGoods({ orderId: about.id })
      else yield* item.ReserveGoods({ orderId: about.id, quantity })
    }
  }),
})

export const short = Consumer.make("goods-short", {
  contract: StockItem,
  events: ["GoodsShort"],
  from: "beginning",
  onError: "park",
  scopes: ["commands:Order"],
  handler: ({ orderId }, about) => CommandBus.tell(Order, orderId, about).CancelOrder({ reason: "goods are short" }),
})

export const orderConsumers = [checkout, paid, reservation, short]
