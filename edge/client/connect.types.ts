/**
 * What must and must not compile of a client; checked by `tsc` alone, never run.
 * @module
 */
import { Schema } from "effect"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { type Same, same } from "../../schemas/Contract.types.ts"
import { Event } from "../../schemas/Event.ts"
import { Rejection } from "../../schemas/Rejection.ts"
import { connect, type Json, type StateAnswer } from "./client.ts"

const placed = { lines: Schema.Array(Schema.String), at: Schema.DateTimeUtc }
const asked = { ...placed, note: Schema.optionalKey(Schema.NullOr(Schema.String)), grams: Schema.BigInt }
class AlreadyPlaced extends Rejection("AlreadyPlaced", { totalPence: Schema.Int }, 409) {}
class EmptyOrder extends Rejection("EmptyOrder") {}
class NotPlaced extends Rejection("NotPlaced") {}
class PlaceOrder extends Command("PlaceOrder", asked, [AlreadyPlaced, EmptyOrder]) {}
class CancelOrder extends Command("CancelOrder", { reason: Schema.optionalKey(Schema.String) }, [NotPlaced]) {}
class Touch extends Command("Touch", {}) {}
class OrderPlaced extends Event.v1("OrderPlaced", placed)
  .v2({ ...placed, pence: Schema.FiniteFromString }, (old) => ({ ...old, pence: 0 })) {}
class OrderCancelled extends Event.v1("OrderCancelled", {}) {}
class Order extends Contract.make("Order", {
  commands: [PlaceOrder, CancelOrder, Touch],
  events: [OrderPlaced, OrderCancelled],
}) {}
class Filled extends Event.v1("Filled", { items: Schema.Int }) {}
class Cart extends Contract.make("Cart", { commands: [Touch], events: [Filled] }) {}
const CartState = Schema.Struct({ items: Schema.Int, since: Schema.optionalKey(Schema.DateTimeUtc) })

const shop = connect<{ Order: typeof Order; Cart: { contract: typeof Cart; state: typeof CartState } }>({
  url: "https://shop.example",
  token: () => Promise.resolve("token"),
})
const order = shop.Order("o-1")

// Payloads are what travels: times and big integers as text.
const answer = await order.PlaceOrder({ lines: ["x"], at: "2026-01-01T00:00:00Z", grams: "1", note: null })
// Rejections are those of that command, with their members.
if (!answer.ok) {
  type R = { readonly _tag: "AlreadyPlaced"; readonly totalPence: number } | { readonly _tag: "EmptyOrder" }
  same<Same<typeof answer.rejection._tag, R["_tag"]>>()
  if (answer.rejection._tag === "AlreadyPlaced") same<Same<typeof answer.rejection.totalPence, number>>()
  // @ts-expect-error a rejection of another command
  void (answer.rejection._tag === "NotPlaced")
} else {
  same<Same<typeof answer.aggregate, "Order">>()
  same<Same<(typeof answer.events)[number]["type"], "OrderPlaced" | "OrderCancelled">>()
}
const touched = await order.Touch()
if (!touched.ok) same<Same<typeof touched.rejection, never>>()
await order.CancelOrder({}, { commandId: "c-1", ifMatch: 3 })
await order.CancelOrder()

// @ts-expect-error no such command
void order.ShipOrder
// @ts-expect-error a wrong payload field
void order.CancelOrder({ reazon: "late" })
// @ts-expect-error a payload is needed
void order.PlaceOrder()
// @ts-expect-error a field is missing
void order.PlaceOrder({ lines: [], at: "" })
// @ts-expect-error a time is text on the wire
void order.PlaceOrder({ lines: [], grams: "1", at: new Date() })
// @ts-expect-error a field of a command that has none
void order.Touch({ x: 1 })
// @ts-expect-error an option that does not exist
void order.Touch({}, { commandID: "c-1" })
// @ts-expect-error no such aggregate
void shop.Orders
// @ts-expect-error a contract under another name
connect<{ Orders: typeof Order }>({ url: "", token: "" })
// @ts-expect-error a token is needed
connect<{ Order: typeof Order }>({ url: "" })

// States are JSON where only the contract is known, and typed where their schema is.
const cart = await shop.Cart("c-1").state({ asOf: "2026-01-01T00:00:00Z" })
same<Same<typeof cart, StateAnswer<"Cart", { readonly items: number; readonly since?: string }> | undefined>>()
const unknown = await order.state()
same<Same<NonNullable<typeof unknown>["state"], Json>>()

// Events are told apart by type and version.
for await (const { events } of order.events({ fromVersion: 2 })) {
  for (const event of events) {
    if (event.type === "OrderPlaced" && event.schemaVersion === 2) same<Same<typeof event.payload.pence, string>>()
    if (event.type === "OrderPlaced") same<Same<typeof event.payload.at, string>>()
    // @ts-expect-error a field that only a later version has
    if (event.type === "OrderPlaced" && event.schemaVersion === 1) void event.payload.pence
    // @ts-expect-error an event of another contract
    void (event.type === "Filled")
  }
}
for await (const event of shop.live({ after: "start" })) {
  same<Same<typeof event.aggregate, "Order" | "Cart">>()
  if (event.aggregate === "Cart") same<Same<typeof event.payload.items, number>>()
}
const watched = shop.Order.live({ ids: { "o-1": 3, "o-2": null }, types: ["OrderPlaced"] })
same<Same<typeof watched.versions, { readonly [id: string]: number }>>()
// @ts-expect-error an event of another contract
shop.Order.live({ types: ["Filled"] })
// @ts-expect-error ids belong to an aggregate
shop.live({ ids: { "o-1": 3 } })
for await (const page of shop.events({ from: 0, to: new Date(), aggregate: "Cart" })) void page.settled
