/**
 * What customers are told because of events. To whom a message goes is looked up by whoever hands it over: events name
 * the order and no person.
 * @module
 */
import { CommandBus, Consumer } from "nexus-actors/core"
import { Order } from "../orders/Order.contract.ts"
import { Message } from "./Message.contract.ts"

const subjects = { OrderPlaced: "Your order was placed", OrderShipped: "Your order is on its way" }

/** Nobody wants to hear of old orders, and no order waits for a message that cannot be written. */
export const news = Consumer.make("news", {
  contract: Order,
  events: ["OrderPlaced", "OrderShipped"],
  from: "now",
  onError: "skip",
  scopes: ["commands:Message"],
  handler: ({ _tag }, about) =>
    CommandBus.tell(Message, about.eventId, about)
      .WriteMessage({ to: `customer of order ${about.id}`, subject: subjects[_tag] }),
})
