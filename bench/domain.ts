/**
 * The one aggregate every subject of the bench runs: an order of three lines, items added one by one.
 *
 * Its state has three fields, its events about 400 (`OrderPlaced`) and 100 bytes (`ItemAdded`).
 * @module
 */
import { Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import { accept, reject } from "../core/Decision.ts"
import * as App from "../core/App.ts"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import { Rejection } from "../schemas/Rejection.ts"

const Line = Schema.Struct({ sku: Schema.String, name: Schema.String, qty: Schema.Int, price: Schema.Int })
const placed = {
  orderId: Schema.String,
  customerId: Schema.String,
  currency: Schema.String,
  placedAt: Schema.String,
  lines: Schema.Array(Line),
}
const added = { orderId: Schema.String, ...Line.fields }
const cancelled = { orderId: Schema.String }

export class AlreadyPlaced extends Rejection("AlreadyPlaced", {}, 409) {}
export class InvalidLine extends Rejection("InvalidLine") {}
export class NotPlaced extends Rejection("NotPlaced", { phase: Schema.String }, 409) {}

export class PlaceOrder extends Command("PlaceOrder", placed, [AlreadyPlaced, InvalidLine]) {}
export class AddItem extends Command("AddItem", added, [NotPlaced, InvalidLine]) {}
/** Cancelling a cancelled order is an accepted no-op: the counting test wants one. */
export class CancelOrder extends Command("CancelOrder", cancelled, [NotPlaced]) {}

export class OrderPlaced extends Event.v1("OrderPlaced", placed) {}
export class ItemAdded extends Event.v1("ItemAdded", added) {}
export class OrderCancelled extends Event.v1("OrderCancelled", cancelled) {}

export class Order extends Contract.make("Order", {
  commands: [PlaceOrder, AddItem, CancelOrder],
  events: [OrderPlaced, ItemAdded, OrderCancelled],
}) {}

export const State = Schema.Struct({
  status: Schema.Literals(["none", "placed", "cancelled"]),
  itemCount: Schema.Int,
  total: Schema.Int,
})
export type State = typeof State.Type

type Line = typeof Line.Type
const isValid = (line: Line): boolean => line.qty > 0 && line.price >= 0

export const OrderAggregate = Aggregate.make(Order, State, { status: "none", itemCount: 0, total: 0 })
  .decide({
    PlaceOrder: (state, { _tag, ...order }) => {
      if (state.status !== "none") return reject(new AlreadyPlaced())
      if (order.lines.length === 0 || !order.lines.every(isValid)) return reject(new InvalidLine())
      return accept(new OrderPlaced(order))
    },
    AddItem: (state, { _tag, ...item }) => {
      if (state.status !== "placed") return reject(new NotPlaced({ phase: state.status }))
      return isValid(item) ? accept(new ItemAdded(item)) : reject(new InvalidLine())
    },
    CancelOrder: (state, { orderId }) => {
      if (state.status === "cancelled") return accept()
      return state.status === "placed"
        ? accept(new OrderCancelled({ orderId }))
        : reject(new NotPlaced({ phase: state.status }))
    },
  })
  .evolve({
    OrderPlaced: (_state, { lines }) => ({
      status: "placed",
      itemCount: lines.length,
      total: lines.reduce((sum, line) => sum + line.qty * line.price, 0),
    }),
    ItemAdded: (state, { qty, price }) => ({
      status: state.status,
      itemCount: state.itemCount + 1,
      total: state.total + qty * price,
    }),
    OrderCancelled: (state) => ({ ...state, status: "cancelled" }),
  })

export const app = App.make("bench", { aggregates: [OrderAggregate] })

/** A command as it comes over the wire; every subject gets the same JSON. */
export type Request =
  | { readonly command: "PlaceOrder"; readonly payload: Schema.Struct.Type<typeof placed> }
  | { readonly command: "AddItem"; readonly payload: Schema.Struct.Type<typeof added> }

export const placeOrder = (orderId: string): Request => ({
  command: "PlaceOrder",
  payload: {
    orderId,
    customerId: "customer-0000042",
    currency: "EUR",
    placedAt: "2026-11-22T09:00:00.000Z",
    lines: [
      { sku: "SKU-000001", name: "Espresso cup", qty: 2, price: 1250 },
      { sku: "SKU-000002", name: "Saucer", qty: 2, price: 650 },
      { sku: "SKU-000003", name: "Spoon", qty: 4, price: 300 },
    ],
  },
})

export const addItem = (orderId: string, n: number): Request => ({
  command: "AddItem",
  payload: { orderId, sku: `SKU-${n}`, name: "Extra item", qty: 1, price: 100 },
})

/** What an instance with `length` events was told, from its first command on. */
export const history = (orderId: string, length: number): ReadonlyArray<Request> => [
  placeOrder(orderId),
  ...Array.from({ length: length - 1 }, (_, n) => addItem(orderId, n)),
]

/** The event an accepted command becomes: both have the same members here. */
export const eventOf = { PlaceOrder: "OrderPlaced", AddItem: "ItemAdded" } as const
