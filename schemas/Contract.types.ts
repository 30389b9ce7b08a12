/**
 * What must and must not compile of a contract; checked by `tsc` alone, never run.
 * @module
 */
import { type DateTime, Schema } from "effect"
import { Command } from "./Command.ts"
import * as Contract from "./Contract.ts"
import { Event } from "./Event.ts"
import type * as JsonSchemas from "./JsonSchemas.ts"
import { Rejection } from "./Rejection.ts"

/** Exact equality: `any`, unions and readonly marks are told apart. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
export const same = <_T extends true>(): void => {}

const Currency = Schema.Literals(["GBP", "EUR"])
const placed = { lines: Schema.Array(Schema.String), at: Schema.DateTimeUtc }
class AlreadyPlaced extends Rejection("AlreadyPlaced", { totalPence: Schema.Int }, 409) {}
class EmptyOrder extends Rejection("EmptyOrder") {}
class NotPlaced extends Rejection("NotPlaced") {}
class PlaceOrder extends Command("PlaceOrder", { currency: Currency, note: Schema.optionalKey(Schema.String) }, [
  AlreadyPlaced,
  EmptyOrder,
]) {}
class CancelOrder extends Command("CancelOrder", {}, [NotPlaced]) {}
class Touch extends Command("Touch", {}) {}
class OrderPlaced extends Event.v1("OrderPlaced", placed)
  .v2({ ...placed, currency: Currency }, (old) => ({ ...old, currency: "GBP" })) {}
class OrderCancelled extends Event.v1("OrderCancelled", {}) {}
class EmailSent extends Event.v1("EmailSent", { to: Schema.String }).secondary {}
class Order extends Contract.make("Order", {
  commands: [PlaceOrder, CancelOrder, Touch],
  events: [OrderPlaced, OrderCancelled, EmailSent],
}) {}

// Instances are exact and hold literals, not strings.
declare const order: OrderPlaced
same<Same<typeof order.currency, "GBP" | "EUR">>()
same<Same<typeof order.at, DateTime.Utc>>()
same<Same<typeof order._tag, "OrderPlaced">>()

// A contract knows its parts by class, so that hovers and errors say their names.
type O = typeof Order
same<Same<Contract.EventOf<O>, OrderPlaced | OrderCancelled | EmailSent>>()
same<Same<Contract.CommandOf<O>, PlaceOrder | CancelOrder | Touch>>()
same<Same<Contract.RejectionOn<O, PlaceOrder>, AlreadyPlaced | EmptyOrder>>()
same<Same<Contract.RejectionOn<O, CancelOrder>, NotPlaced>>()
same<Same<Contract.RejectionOn<O, Touch>, never>>()
same<Same<O["events"]["EmailSent"]["route"], "secondary">>()
same<Same<O["events"]["OrderPlaced"]["route"], "core">>()
same<Same<O["aggregate"], "Order">>()

// A JSON Schema a version: the third does not exist.
declare const documents: JsonSchemas.JsonSchemas<O>
same<Same<typeof documents.events.OrderPlaced, readonly [JsonSchemas.Document, JsonSchemas.Document]>>()
// @ts-expect-error there are two versions
void documents.events.OrderPlaced[2]

// Registries hold any of them.
export const contracts: ReadonlyArray<Contract.Any> = [Order]

new PlaceOrder({ currency: "EUR" })
new CancelOrder()
// @ts-expect-error a wrong payload field
new PlaceOrder({ currencie: "EUR" })
// @ts-expect-error an excess payload field
new PlaceOrder({ currency: "EUR", total: 1 })
// @ts-expect-error a literal that the schema does not know
new PlaceOrder({ currency: "USD" })
// @ts-expect-error a payload is needed
new PlaceOrder()
// @ts-expect-error only the newest version is constructed
new OrderPlaced({ lines: [], at: order.at })
// @ts-expect-error a rejection needs its members
new AlreadyPlaced()

// @ts-expect-error an upcaster that gives another type
Event.v1("E", { a: Schema.Int }).v2({ a: Schema.String }, (old) => ({ a: old.a }))
// @ts-expect-error an upcaster that forgets a field
Event.v1("E", { a: Schema.Int }).v2({ a: Schema.Int, b: Schema.String }, (old) => ({ a: old.a }))
// @ts-expect-error an upcaster that reads what the old version did not have
Event.v1("E", { a: Schema.Int }).v2({ b: Schema.Int }, (old) => ({ b: old.b }))
// @ts-expect-error version 3 before version 2
void Event.v1("E", { a: Schema.Int }).v3
// @ts-expect-error version 2 a second time
void OrderPlaced.v2
// @ts-expect-error only rejections can be refusals
Command("C", {}, [OrderPlaced])
// @ts-expect-error only commands are commands
Contract.make("X", { commands: [NotPlaced], events: [] })
// @ts-expect-error only events are events
Contract.make("X", { commands: [], events: [PlaceOrder] })
