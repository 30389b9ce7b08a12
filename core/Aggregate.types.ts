/**
 * What must and must not compile of an aggregate and of asking it; checked by `tsc` alone, never run.
 * @module
 */
import { Effect, Schema } from "effect"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { type Same, same } from "../schemas/Contract.types.ts"
import { Event } from "../schemas/Event.ts"
import { Rejection } from "../schemas/Rejection.ts"
import type { ActorError } from "./ActorError.ts"
import * as Actors from "./Actors.ts"
import * as Aggregate from "./Aggregate.ts"
import { accept, type Decision, reject } from "./Decision.ts"
import * as App from "./App.ts"
import type { Principal } from "./Principal.ts"

class NotPlaced extends Rejection("NotPlaced") {}
class AlreadyPlaced extends Rejection("AlreadyPlaced") {}
class AlreadyShipped extends Rejection("AlreadyShipped", { tracking: Schema.String }, 409) {}
class PlaceOrder extends Command("PlaceOrder", { pence: Schema.Int }, [AlreadyPlaced]) {}
class CancelOrder extends Command("CancelOrder", { reason: Schema.String }, [NotPlaced, AlreadyShipped]) {}
class Touch extends Command("Touch", {}) {}
class OrderPlaced extends Event.v1("OrderPlaced", { pence: Schema.Int }) {}
class OrderCancelled extends Event.v1("OrderCancelled", { reason: Schema.String }) {}
class Foreign extends Event.v1("Foreign", { x: Schema.Int }) {}
class Order extends Contract.make("Order", {
  commands: [PlaceOrder, CancelOrder, Touch],
  events: [OrderPlaced, OrderCancelled],
}) {}

const State = Schema.TaggedUnion({ Draft: {}, Placed: { pence: Schema.Int } })
type State = typeof State.Type
const made = Aggregate.make(Order, State, { _tag: "Draft" })
const decided = made.decide({
  PlaceOrder: (state, { pence }) =>
    state._tag === "Placed" ? reject(new AlreadyPlaced()) : accept(new OrderPlaced({ pence })),
  CancelOrder: (state, { reason }) =>
    state._tag === "Draft" ? reject(new NotPlaced()) : accept(new OrderCancelled({ reason })),
  Touch: () => accept(),
})
const OrderAggregate = decided.evolve({
  OrderPlaced: (_, { pence }) => ({ _tag: "Placed", pence }),
  OrderCancelled: () => ({ _tag: "Draft" }),
})
same<Same<typeof OrderAggregate, Aggregate.Aggregate<typeof Order, State>>>()

// Registries and applications hold any aggregate.
export const aggregates: ReadonlyArray<Aggregate.Any> = [OrderAggregate]
App.make("shop", { aggregates: [OrderAggregate] })

// Deciding knows the command that it was given.
declare const context: Aggregate.CommandContext
const cancelled = Aggregate.decide(OrderAggregate, { _tag: "Draft" }, new CancelOrder({ reason: "" }), context)
same<Same<typeof cancelled, Decision<OrderPlaced | OrderCancelled, NotPlaced | AlreadyShipped>>>()
const touched = Aggregate.decide(OrderAggregate, { _tag: "Draft" }, new Touch(), context)
same<Same<typeof touched, Decision<OrderPlaced | OrderCancelled, never>>>()

// Asking says exactly what can go wrong and what is needed.
const asked = Actors.ask(OrderAggregate, "o-1").CancelOrder({ reason: "late" }, { commandId: "c-1" })
same<
  Same<typeof asked, Effect.Effect<Actors.Receipt, NotPlaced | AlreadyShipped | ActorError, Actors.Actors | Principal>>
>()
const byContract = Actors.ask(Order, "o-1").Touch()
same<Same<typeof byContract, Effect.Effect<Actors.Receipt, ActorError, Actors.Actors | Principal>>>()
const caught = asked.pipe(Effect.catchTag("AlreadyShipped", (error) => Effect.succeed(error.tracking)))
same<Same<Effect.Error<typeof caught>, NotPlaced | ActorError>>()
const state = Actors.state(OrderAggregate, "o-1")
same<Same<Effect.Success<typeof state>, { readonly version: number; readonly state: State }>>()

// @ts-expect-error no such command
void Actors.ask(Order, "o-1").ShipOrder
// @ts-expect-error a wrong payload field
void Actors.ask(Order, "o-1").CancelOrder({ reazon: "late" })
// @ts-expect-error a payload is needed
void Actors.ask(Order, "o-1").CancelOrder()
// @ts-expect-error an option that does not exist
void Actors.ask(Order, "o-1").Touch({}, { commandID: "c-1" })

// @ts-expect-error an initial state that the schema does not know
Aggregate.make(Order, State, { _tag: "Drafted" })
// @ts-expect-error a command without a handler
made.decide({ PlaceOrder: () => accept(), Touch: () => accept() })
made.decide({
  // @ts-expect-error a rejection of another command
  PlaceOrder: () => reject(new NotPlaced()),
  // @ts-expect-error an event of another contract
  CancelOrder: () => accept(new Foreign({ x: 1 })),
  // @ts-expect-error no rejection at all is declared
  Touch: () => reject(new NotPlaced()),
})
made.decide({
  // @ts-expect-error a payload field that the command does not have
  PlaceOrder: (_, { pense }) => accept(new OrderPlaced({ pence: pense })),
  // @ts-expect-error a state read before it was told apart
  CancelOrder: (state) => accept(new OrderPlaced({ pence: state.pence })),
  Touch: () => accept(),
})
// @ts-expect-error an event without a case
decided.evolve({ OrderPlaced: (state) => state })
decided.evolve({
  // @ts-expect-error a state of another type
  OrderPlaced: (_, { pence }) => ({ _tag: "Placed", pence: `${pence}` }),
  // @ts-expect-error a state that is none
  OrderCancelled: () => ({ _tag: "Gone" }),
})
