/**
 * The application under the kill and fsync tests: accounts, whose balance shows every lost or doubled command.
 * @module
 */
import { Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import { accept, reject } from "../../core/Decision.ts"
import * as App from "../../core/App.ts"
import * as Snapshot from "../../core/Snapshot.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Rejection } from "../../schemas/Rejection.ts"

const amount = { pence: Schema.Int }

export class Overdrawn extends Rejection("Overdrawn", { balancePence: Schema.Int }, 409) {}
export class Deposit extends Command("Deposit", amount) {}
export class Withdraw extends Command("Withdraw", amount, [Overdrawn]) {}
/** Splits a deposit into as many events as `parts` says, so that an append has several of them. */
export class DepositParts extends Command("DepositParts", { ...amount, parts: Schema.Int }) {}
/** Changes nothing: an accepted no-op. */
export class Audit extends Command("Audit", {}) {}
export class Deposited extends Event.v1("Deposited", amount) {}
export class Withdrawn extends Event.v1("Withdrawn", amount) {}

export class Account extends Contract.make("Account", {
  commands: [Deposit, Withdraw, DepositParts, Audit],
  events: [Deposited, Withdrawn],
}) {}

const State = Schema.Struct({ balancePence: Schema.Int })

export const AccountAggregate = Aggregate.make(Account, State, { balancePence: 0 })
  .decide({
    Deposit: (_state, { pence }) => accept(new Deposited({ pence })),
    Withdraw: ({ balancePence }, { pence }) =>
      pence > balancePence ? reject(new Overdrawn({ balancePence })) : accept(new Withdrawn({ pence })),
    DepositParts: (_state, { pence, parts }) =>
      accept(...Array.from({ length: parts }, () => new Deposited({ pence }))),
    Audit: () => accept(),
  })
  .evolve({
    Deposited: ({ balancePence }, { pence }) => ({ balancePence: balancePence + pence }),
    Withdrawn: ({ balancePence }, { pence }) => ({ balancePence: balancePence - pence }),
  }, Snapshot.policy({ everyEvents: 50 }))

export default App.make("accounts", { aggregates: [AccountAggregate] })
