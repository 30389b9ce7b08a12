/**
 * An application with a secret in its events and in its state, and an older version of an event.
 * @module
 */
import { Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import { accept } from "../../core/Decision.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { redacted } from "../../schemas/Redacted.ts"

class Pay extends Command("Pay", {}) {}
class Named extends Event.v1("Named", { owner: redacted(Schema.String) }) {}
class Paid extends Event.v1("Paid", { pence: Schema.Int })
  .v2({ pence: Schema.Int, by: Schema.String }, (old) => ({ ...old, by: "unknown" })) {}
class Wallet extends Contract.make("Wallet", { commands: [Pay], events: [Named, Paid] }) {}

const State = Schema.TaggedUnion({
  Anonymous: { pence: Schema.Int },
  Owned: {
    pence: Schema.Int,
    owner: redacted(Schema.NullOr(Schema.String)),
    payers: Schema.Array(Schema.Struct({ by: Schema.String, card: redacted(Schema.String) })),
  },
})

export default App.make("wallets", {
  aggregates: [
    Aggregate.make(Wallet, State, { _tag: "Anonymous", pence: 0 })
      .decide({ Pay: () => accept() })
      .evolve({
        Named: (state, { owner }) => ({ _tag: "Owned", pence: state.pence, owner, payers: [] }),
        Paid: (state, { by, pence }) =>
          state._tag === "Owned"
            ? { ...state, pence: state.pence + pence, payers: [...state.payers, { by, card: `card of ${by}` }] }
            : { ...state, pence: state.pence + pence },
      }),
  ],
})
