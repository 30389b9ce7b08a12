/**
 * What an order understands, refuses and remembers; importable anywhere, a browser included.
 * @module
 */
import { Schema } from "effect"
import { Command, Contract, Event, Redacted, Rejection } from "nexus-actors/schemas"
import { askedLine, item, line, lines, Pence, StockCode, text } from "../goods.ts"

const At = Schema.DateTimeUtc
const Currency = Schema.Literals(["GBP", "EUR"]).annotate({ examples: ["GBP"] })
const country = text(100).annotate({ examples: ["United Kingdom"] })
const buyer = { customer: Schema.optionalKey(text(100)), country }
const payment = { reference: text(100), amountPence: Pence }
const email = { to: Redacted.redacted(text(320)), subject: text(200) }

/** No line has a positive quantity. */
export class EmptyOrder extends Rejection("EmptyOrder") {}
/** The line at `index` gives goods or money back: that is for `ReturnItems`. */
export class CreditLine extends Rejection("CreditLine", { index: Schema.Int }) {}
/** All lines together come to nothing. */
export class Unpriced extends Rejection("Unpriced") {}
export class AlreadyPlaced extends Rejection("AlreadyPlaced", { totalPence: Pence }, 409) {}
/** No order stands under this id: it was never placed, or it was cancelled. */
export class NotPlaced extends Rejection("NotPlaced", {}, 409) {}
export class WrongAmount extends Rejection("WrongAmount", { duePence: Pence }) {}
export class AlreadyPaid extends Rejection("AlreadyPaid", { reference: text(100) }, 409) {}
export class NotPaid extends Rejection("NotPaid", { duePence: Pence }, 409) {}
export class AlreadyShipped extends Rejection("AlreadyShipped", { tracking: text(100) }, 409) {}
/** `left` is what was bought and not yet returned; nothing of the command was taken back. */
export class ReturnExceedsOrder extends Rejection("ReturnExceedsOrder", { stockCode: StockCode, left: Schema.Int }) {}

const lantern = { stockCode: "71053", description: "WHITE METAL LANTERN", quantity: 6, unitPence: 339 }
const askedLines = lines(askedLine).annotate({ examples: [[lantern]] })
/** `placedAt` is for orders taken elsewhere; without it the order is placed now. */
const asked = { ...buyer, lines: askedLines, currency: Currency, placedAt: Schema.optionalKey(At) }
export class PlaceOrder extends Command("PlaceOrder", asked, [AlreadyPlaced, EmptyOrder, CreditLine, Unpriced]) {}
export class PayOrder extends Command("PayOrder", payment, [NotPlaced, AlreadyPaid, WrongAmount]) {}
export class ShipOrder extends Command("ShipOrder", { tracking: text(100) }, [NotPlaced, NotPaid, AlreadyShipped]) {}
export class ReturnItems extends Command("ReturnItems", { lines: lines(item) }, [NotPlaced, ReturnExceedsOrder]) {}
export class CancelOrder extends Command("CancelOrder", { reason: text(200) }, [NotPlaced, AlreadyShipped]) {}
export class RecordEmail extends Command("RecordEmail", email, [NotPlaced]) {}

const placed = { ...buyer, lines: lines(line), totalPence: Pence, placedAt: At }
export class OrderPlaced extends Event.v1("OrderPlaced", placed)
  .v2({ ...placed, currency: Currency }, (old) => ({ ...old, currency: "GBP" })) {}
export class PaymentProcessed extends Event.v1("PaymentProcessed", { ...payment, paidAt: At }) {}
export class OrderShipped extends Event.v1("OrderShipped", { tracking: text(100), shippedAt: At }) {}
export class ItemsReturned extends Event.v1("ItemsReturned", { lines: lines(item), refundPence: Pence }) {}
export class OrderCancelled extends Event.v1("OrderCancelled", { reason: text(200) }) {}
export class EmailSent extends Event.v1("EmailSent", email).secondary {}

export class Order extends Contract.make("Order", {
  commands: [PlaceOrder, PayOrder, ShipOrder, ReturnItems, CancelOrder, RecordEmail],
  events: [OrderPlaced, PaymentProcessed, OrderShipped, ItemsReturned, OrderCancelled, EmailSent],
}) {}

/** What a read of an order answers. */
export type OrderState = typeof OrderState.Type
export const OrderState = Schema.Struct({
  status: Schema.Literals(["draft", "placed", "paid", "shipped", "cancelled"]),
  country: text(100),
  totalPence: Pence,
  refundedPence: Pence,
  /** What was not returned, line by line. */
  left: lines(line),
  reference: Schema.optionalKey(text(100)),
  tracking: Schema.optionalKey(text(100)),
})
