/**
 * The points of a customer, as a foreign service keeps them.
 * @module
 */
import { Schema } from "effect"
import { accept, Aggregate, App, reject } from "nexus-actors/core"
import { Command, Contract, Event, Rejection } from "nexus-actors/schemas"

const amount = { points: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 10_000 }))) }

export class TooFew extends Rejection("TooFew", { left: Schema.Int }) {}
export class Earn extends Command("Earn", amount) {}
export class Spend extends Command("Spend", amount, [TooFew]) {}
/** Its code has a bug, so that there is something to supervise. */
export class Stumble extends Command("Stumble", {}) {}
export class Earned extends Event.v1("Earned", amount) {}
export class Spent extends Event.v1("Spent", amount) {}
export class Points extends Contract.make("Points", { commands: [Earn, Spend, Stumble], events: [Earned, Spent] }) {}

export const PointsAggregate = Aggregate.make(Points, Schema.Struct({ left: Schema.Int }), { left: 0 })
  .decide({
    Earn: (_, { points }) => accept(new Earned({ points })),
    Spend: ({ left }, { points }) => points > left ? reject(new TooFew({ left })) : accept(new Spent({ points })),
    Stumble: () => {
      throw new Error("a bug")
    },
  })
  .evolve({
    Earned: ({ left }, { points }) => ({ left: left + points }),
    Spent: ({ left }, { points }) => ({ left: left - points }),
  })

export const app = App.make("loyalty", { aggregates: [PointsAggregate] })
