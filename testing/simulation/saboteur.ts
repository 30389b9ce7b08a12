/**
 * An aggregate whose code fails in every way that user code can, and works in between.
 * @module
 */
import { Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import { accept } from "../../core/Decision.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"

export class Work extends Command("Work", {}) {}
/** `decide` throws, `evolve` throws on the event, or the event does not fit its schema. */
export class Break extends Command("Break", { where: Schema.Literals(["decide", "evolve", "event"]) }) {}

export class Worked extends Event.v1("Worked", { times: Schema.Int }) {}
/** Never stored: no `evolve` survives it. */
export class Poisoned extends Event.v1("Poisoned", {}) {}

export class Saboteur extends Contract.make("Saboteur", { commands: [Work, Break], events: [Worked, Poisoned] }) {}

export const SaboteurAggregate = Aggregate.make(Saboteur, Schema.Struct({ times: Schema.Int }), { times: 0 })
  .decide({
    Work: ({ times }) => accept(new Worked({ times: times + 1 })),
    Break: (_, { where }) => {
      if (where === "decide") throw new Error("sabotage in decide")
      return where === "evolve" ? accept(new Poisoned()) : accept({ _tag: "Worked", times: 0.5 } as const)
    },
  })
  .evolve({
    Worked: (_, { times }) => ({ times }),
    Poisoned: () => {
      throw new Error("sabotage in evolve")
    },
  })
