/**
 * An aggregate whose code fails wherever a host calls it for a stream, and works in between.
 * @module
 */
import { Schema, SchemaGetter } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import { accept, reject } from "../../core/Decision.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Rejection } from "../../schemas/Rejection.ts"

const Few = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 2 })))
const Wrongs = Schema.Literals(["type", "excess", "missing", "constructor"])

/** What is encoded into it throws. */
const sabotaged = <A>(schema: Schema.Codec<A, unknown>, test: (value: A) => boolean) =>
  Schema.toType(schema).pipe(Schema.decodeTo(Schema.toType(schema), {
    decode: SchemaGetter.transform((value: A) => value),
    encode: SchemaGetter.transform((value: A) => {
      if (test(value)) throw new Error("sabotage in a schema")
      return value
    }),
  }))
const never = sabotaged(Schema.Int, () => true)

export class Choked extends Rejection("Choked", { times: never }, 409) {}
/** Each but `state` fails the command; with that the event is stored, and the state can be told no more. */
export const places = ["decide", "evolve", "nothing", "event", "rejection", "state"] as const

export class Work extends Command("Work", {}) {}
export class Break extends Command("Break", { where: Schema.Literals(places) }, [Choked]) {}
/** An event that does not fit its schema, among others that do. */
export class Garble extends Command("Garble", { how: Wrongs, before: Few, after: Few }) {}

export class Worked extends Event.v1("Worked", { times: Schema.Int }) {}
/** Never stored: no `evolve` survives it. */
export class Poisoned extends Event.v1("Poisoned", {}) {}
/** Never stored: no schema takes it. */
export class Jammed extends Event.v1("Jammed", { times: never }) {}
export class Cursed extends Event.v1("Cursed", {}) {}

export class Saboteur extends Contract.make("Saboteur", {
  commands: [Work, Break, Garble],
  events: [Worked, Poisoned, Jammed, Cursed],
}) {}

const garbled = (how: typeof Wrongs.Type, times: number): Worked => {
  const members = { type: { times: `${times}` }, excess: { times, more: 1 }, missing: {} }
  // As code without types would make it; a constructor refuses on its own.
  return how === "constructor" ? new Worked({ times: 0.5 }) : { _tag: "Worked", ...members[how] } as Worked
}

const State = Schema.Struct({ times: Schema.Int, cursed: sabotaged(Schema.Boolean, (cursed) => cursed) })
const initial = { times: 0, cursed: false }

export const SaboteurAggregate = Aggregate.make(Saboteur, State, initial)
  .decide({
    Work: ({ times }) => accept(new Worked({ times: times + 1 })),
    Break: ({ times }, { where }) => {
      switch (where) {
        case "decide":
          throw new Error("sabotage in decide")
        case "evolve":
          return accept(new Poisoned())
        case "nothing":
          return undefined as never
        case "event":
          return accept(new Jammed({ times }))
        case "rejection":
          return reject(new Choked({ times }))
        case "state":
          return accept(new Cursed())
      }
    },
    Garble: ({ times }, { after, before, how }) => {
      const work = (count: number) => Array.from({ length: count }, () => new Worked({ times }))
      return accept(...work(before), garbled(how, times), ...work(after))
    },
  })
  .evolve({
    Worked: (state, { times }) => ({ ...state, times }),
    Poisoned: () => {
      throw new Error("sabotage in evolve")
    },
    Jammed: (state) => state,
    Cursed: (state) => ({ ...state, cursed: true }),
  })

class OldWorked extends Event.v1("Worked", Worked.versions[0]).v2({ times: Schema.Int }, ({ times }) => {
  if (times % 2 === 1) throw new Error("sabotage in an upcaster")
  return { times }
}) {}
class OldSaboteur extends Contract.make("Saboteur", {
  commands: Object.values(Saboteur.commands),
  events: [OldWorked, Poisoned, Jammed, Cursed],
}) {}

/** A release that was taken back: it reads what the current one writes with an upcaster that throws, and works no more. */
export const OldSaboteurAggregate = Aggregate.make(OldSaboteur, State, initial, { revision: 0 })
  .decide({ ...SaboteurAggregate.decide, Work: () => accept(), Garble: () => accept() })
  .evolve(SaboteurAggregate.evolve)
