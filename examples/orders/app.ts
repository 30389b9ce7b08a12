/**
 * The shop as one value: what a server, a simulation or a document generator is given.
 * @module
 */
import { App } from "nexus-actors/core"
import { news } from "./notifications/consumers.ts"
import { MessageAggregate } from "./notifications/Message.ts"
import { CartAggregate } from "./orders/Cart.ts"
import { orderConsumers } from "./orders/consumers.ts"
import { OrderAggregate } from "./orders/Order.ts"
import { refund } from "./payments/consumers.ts"
import { PaymentAggregate } from "./payments/Payment.ts"
import { StockItemAggregate } from "./stock/StockItem.ts"

export default App.make("shop", {
  aggregates: [OrderAggregate, CartAggregate, PaymentAggregate, StockItemAggregate, MessageAggregate],
  consumers: [...orderConsumers, refund, news],
})
