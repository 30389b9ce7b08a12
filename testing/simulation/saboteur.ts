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

const Few = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 2 })))
const Wrongs = Schema.Literals(["type", "excess", "missing", "constructor"])

export class Work extends Command("Work", {}) {}
/** `decide` throws, or `evolve` throws on the event. */
export class Break extends Command("Break", { where: Schema.Literals(["decide", "evolve"]) }) {}
/** An event that does not fit its schema, among others that do. */
export class Garble extends Command("Garble", { how: Wrongs, before: Few, after: Few }) {}

export class Worked extends Event.v1("Worked", { times: Schema.Int }) {}
/** Never stored: no `evolve` survives it. */
export class Poisoned extends Event.v1("Poisoned", {}) {}

export class Saboteur extends Contract.make("Saboteur", {
  commands: [Work, Break, Garble],
  events: [Worked, Poisoned],
}) {}

const garbled = (how: typeof Wrongs.Type, times: number): Worked => {
  const members = { type: { times: `${times}` }, excess: { times, more: 1 }, missing: {} }
  // As code without types would make it; a constructor refuses on its own.
  return how === "constructor" ? new Worked({ times: 0.5 }) : { _tag: "Worked", ...members[how] } as Worked
}

export const SaboteurAggregate = Aggregate.make(Saboteur, Schema.Struct({ times: Schema.Int }), { times: 0 })
  .decide({
    Work: ({ times }) => accept(new Worked({ times: times + 1 })),
    Break: (_, { where }) => {
      if (where === "decide") throw new Error("sabotage in decide")
      return accept(new Poisoned())
    },
    Garble: ({ times }, { after, before, how }) => {
      const work = (count: number) => Array.from({ length: count }, () => new Worked({ times }))
      return accept(...work(before), garbled(how, times), ...work(after))
    },
  })
  .evolve({
    Worked: (_, { times }) => ({ times }),
    Poisoned: () => {
      throw new Error("sabotage in evolve")
    },
  })
