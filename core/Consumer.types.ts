/**
 * What must and must not compile of a consumer and of commanding others; checked by `tsc` alone, never run.
 * @module
 */
import { Context, Effect, Schema } from "effect"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { type Same, same } from "../schemas/Contract.types.ts"
import { Event } from "../schemas/Event.ts"
import type { Instance } from "../schemas/Fields.ts"
import type { CommandInvalid } from "./ActorError.ts"
import * as App from "./App.ts"
import * as CommandBus from "./CommandBus.ts"
import * as Consumer from "./Consumer.ts"
import type { Principal } from "./Principal.ts"

class TakePayment extends Command("TakePayment", { pence: Schema.Int }) {}
class Payment extends Contract.make("Payment", { commands: [TakePayment], events: [] }) {}
class OrderPlaced extends Event.v1("OrderPlaced", { pounds: Schema.Int })
  .v2({ pence: Schema.Int }, ({ pounds }) => ({ pence: 100 * pounds })) {}
class OrderCancelled extends Event.v1("OrderCancelled", { reason: Schema.String }) {}
class EmailSent extends Event.v1("EmailSent", {}).secondary {}
class Foreign extends Event.v1("Foreign", { x: Schema.Int }) {}
class Order extends Contract.make("Order", { commands: [], events: [OrderPlaced, OrderCancelled, EmailSent] }) {}

class _Mailer extends Context.Service<_Mailer, { readonly mail: () => void }>()("Mailer") {}
const policy = { from: "now", onError: "park" } as const

// The handler is given what was asked for, in its newest version, told apart by its tag.
const some = Consumer.make("some", {
  ...{ contract: Order, ...policy, scopes: ["commands:Payment", "read"] },
  events: ["OrderPlaced", "EmailSent"],
  handler: (event, about) => {
    same<Same<typeof event, Instance<typeof OrderPlaced> | Instance<typeof EmailSent>>>()
    if (event._tag === "EmailSent") return Effect.void
    return CommandBus.tell(Payment, about.id, about).TakePayment({ pence: event.pence }, { key: "1" })
  },
})
// All of the contract where nothing is named.
Consumer.make("all", {
  contract: Order,
  ...policy,
  handler: (event) => {
    same<Same<(typeof event)["_tag"], "OrderPlaced" | "OrderCancelled" | "EmailSent">>()
    return Effect.fail("whatever it fails with")
  },
})
// What an application holds, whatever its handlers want.
App.make("shop", { aggregates: [], consumers: [some] })

// Commanding says what can go wrong and what is needed: rejections are not among it.
declare const about: Consumer.About
const told = CommandBus.tell(Payment, "o-1", about).TakePayment({ pence: 1 })
same<
  Same<
    typeof told,
    Effect.Effect<void, CommandInvalid | CommandBus.CommandNotSent, CommandBus.CommandBus | Principal>
  >
>()

// How long it is tried is part of the policy.
Consumer.make("patient", {
  ...policy,
  contract: Order,
  handler: () => Effect.void,
  onError: { policy: "skip", attempts: 9 },
})
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  handler: () => Effect.void,
  // @ts-expect-error What never gives up has no number of attempts.
  onError: { policy: "retry", attempts: 9 },
})
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  // @ts-expect-error Type '"OrderPlacd"' is not assignable to type '"OrderPlaced" | "OrderCancelled" | "EmailSent"'.
  events: ["OrderPlacd"],
  handler: () => Effect.void,
})
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  events: ["OrderCancelled"],
  // @ts-expect-error ... Type '"OrderCancelled"' is not assignable to type '"Foreign"'.
  handler: (_event: Instance<typeof Foreign>) => Effect.void,
})
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  events: ["OrderCancelled"],
  // @ts-expect-error Property 'pence' does not exist on an event that was not asked for.
  handler: ({ pence }) => Effect.void.pipe(Effect.as(pence)),
})
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  // @ts-expect-error A handler is an effect.
  handler: () => undefined,
})
declare const needsMailer: Effect.Effect<void, never, _Mailer>
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  // @ts-expect-error A service that nobody provides to handlers.
  handler: () => needsMailer,
})
Consumer.make("wrong", {
  ...policy,
  contract: Order,
  handler: () => Effect.void,
  // @ts-expect-error No such scope.
  scopes: ["write"],
})
// @ts-expect-error From when, and what becomes of failures, is said.
Consumer.make("wrong", { contract: Order, handler: () => Effect.void })
// @ts-expect-error A payload field that the command does not have.
void CommandBus.tell(Payment, "o-1", about).TakePayment({ pense: 1 })
// @ts-expect-error No such command.
void CommandBus.tell(Payment, "o-1", about).RefundPayment
