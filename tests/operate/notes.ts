/**
 * The application of the laws' fixtures: events that say anything.
 * @module
 */
import { Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import { accept } from "../../core/Decision.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"

class Note extends Command("Note", {}) {}
const anything = Schema.optionalKey(Schema.Json)
class Noted extends Event.v1("Noted", { of: anything, s: anything, n: anything, 1: anything, 2: anything }) {}
class Order extends Contract.make("Order", { commands: [Note], events: [Noted] }) {}

export default App.make("notes", {
  aggregates: [
    Aggregate.make(Order, Schema.Struct({ notes: Schema.Int }), { notes: 0 })
      .decide({ Note: () => accept(new Noted({})) })
      .evolve({ Noted: ({ notes }) => ({ notes: notes + 1 }) }),
  ],
})
