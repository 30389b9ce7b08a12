/**
 * What one kind of goods in stock understands, refuses and remembers; its id is the stock code.
 * @module
 */
import { Schema } from "effect"
import { Command, Contract, Event, Rejection } from "nexus-actors/schemas"
import { item, text } from "../goods.ts"

const { quantity } = item
const reserved = { orderId: text(128), quantity }
/** Orders that wait for one kind of goods; who asks later is told that the goods are short. */
export const ordersMax = 1_000

export class NotReserved extends Rejection("NotReserved", {}, 409) {}

export class ReceiveGoods extends Command("ReceiveGoods", { quantity }, []) {}
/** Twice for one order is once. Goods that are short are no refusal: the order is told by an event. */
export class ReserveGoods extends Command("ReserveGoods", reserved, []) {}
export class ReleaseGoods extends Command("ReleaseGoods", { orderId: text(128) }, [NotReserved]) {}

export class GoodsReceived extends Event.v1("GoodsReceived", { quantity }) {}
export class GoodsReserved extends Event.v1("GoodsReserved", reserved) {}
export class GoodsShort extends Event.v1("GoodsShort", { ...reserved, left: Schema.Int }) {}
export class GoodsReleased extends Event.v1("GoodsReleased", reserved) {}

export class StockItem extends Contract.make("StockItem", {
  commands: [ReceiveGoods, ReserveGoods, ReleaseGoods],
  events: [GoodsReceived, GoodsReserved, GoodsShort, GoodsReleased],
}) {}

/** What a read of the stock answers: `left` is what nobody has reserved. */
export const StockItemState = Schema.Struct({ left: Schema.Int, reserved: Schema.Array(Schema.Struct(reserved)) })
