/**
 * What a cart understands, refuses and remembers; importable anywhere, a browser included.
 * @module
 */
import { Schema } from "effect"
import { Command, Contract, Event, Rejection } from "nexus-actors/schemas"
import { item, line, lines, linesMax, Pence, StockCode } from "../goods.ts"

export class EmptyCart extends Rejection("EmptyCart") {}
export class CartFull extends Rejection("CartFull", { lines: Schema.Literal(linesMax) }) {}
/** The cart was checked out or abandoned: begin a new one. */
export class CartClosed extends Rejection("CartClosed", {}, 409) {}
/** Only `left` pieces are in the cart; none was removed. */
export class NotInCart extends Rejection("NotInCart", { stockCode: StockCode, left: Schema.Int }) {}

export class AddItem extends Command("AddItem", line, [CartClosed, CartFull]) {}
export class RemoveItem extends Command("RemoveItem", item, [CartClosed, NotInCart]) {}
export class Checkout extends Command("Checkout", {}, [CartClosed, EmptyCart]) {}
export class Abandon extends Command("Abandon", {}, [CartClosed]) {}

export class ItemAdded extends Event.v1("ItemAdded", line) {}
export class ItemRemoved extends Event.v1("ItemRemoved", item) {}
/** `orderId` is the order to place with these lines. */
export class CartCheckedOut extends Event.v1("CartCheckedOut", {
  orderId: Schema.String,
  lines: lines(line),
  totalPence: Pence,
}) {}
export class CartAbandoned extends Event.v1("CartAbandoned", { totalPence: Pence }).secondary {}

export class Cart extends Contract.make("Cart", {
  commands: [AddItem, RemoveItem, Checkout, Abandon],
  events: [ItemAdded, ItemRemoved, CartCheckedOut, CartAbandoned],
}) {}

/** What a read of a cart answers. */
export type CartState = typeof CartState.Type
export const CartState = Schema.Struct({
  status: Schema.Literals(["open", "checked-out", "abandoned"]),
  lines: lines(line),
})
