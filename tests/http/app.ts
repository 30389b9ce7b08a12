/**
 * The application under the HTTP contract suite: boxes whose commands meet every answer that a command can have.
 * @module
 */
import { Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import { accept, reject } from "../../core/Decision.ts"
import * as App from "../../core/App.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { redacted } from "../../schemas/Redacted.ts"
import { Rejection } from "../../schemas/Rejection.ts"

const upTo = (maximum: number) => Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum })))
const Count = upTo(1_000_000)
const Code = Schema.String.pipe(Schema.check(Schema.isMaxLength(40)))

export class Full extends Rejection("Full", { items: Count }, 409) {}
/** Shows the tries, never the code. */
export class WrongCode extends Rejection("WrongCode", { code: redacted(Code), tries: Count }) {}

export class Put
  extends Command("Put", { text: Schema.String, tags: Schema.optionalKey(Schema.Array(Code)) }, [Full]) {}
/** Changes nothing: an accepted no-op. */
export class Look extends Command("Look", {}) {}
export class Unlock extends Command("Unlock", { code: redacted(Code) }, [WrongCode]) {}
/** Puts `count` items at once, each of `bytes` bytes. */
export class Fill extends Command("Fill", { count: upTo(60), bytes: upTo(400_000) }) {}
/** Fails in user code. */
export class Crash extends Command("Crash", {}) {}
/** Makes an event that does not fit its schema. */
export class Spoil extends Command("Spoil", {}) {}

export class ItemPut extends Event.v1("ItemPut", { text: Schema.String }) {}

export class Box extends Contract.make("Box", {
  commands: [Put, Look, Unlock, Fill, Crash, Spoil],
  events: [ItemPut],
}) {}

const State = Schema.Struct({ items: Count })
const itemsMax = 100

export const BoxAggregate = Aggregate.make(Box, State, { items: 0 })
  .decide({
    Put: ({ items }, { text }) => items >= itemsMax ? reject(new Full({ items })) : accept(new ItemPut({ text })),
    Look: () => accept(),
    Unlock: ({ items }, { code }) => reject(new WrongCode({ code, tries: items })),
    Fill: (_state, { bytes, count }) =>
      accept(...Array.from({ length: count }, () => new ItemPut({ text: "x".repeat(bytes) }))),
    Crash: () => {
      throw new Error("a secret of the payload")
    },
    Spoil: () => accept({ _tag: "ItemPut", text: 1 } as never),
  })
  .evolve({ ItemPut: ({ items }) => ({ items: items + 1 }) })

export default App.make("boxes", { aggregates: [BoxAggregate] })
