/**
 * The small domain that Nexus simulates itself with: accounts that reject, ignore, burst and changed their events once.
 *
 * Every rejection and event says the count of entries it was decided on: a stale state shows in the answer itself.
 * @module
 */
import { DateTime, Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import { accept, reject } from "../../core/Decision.ts"
import * as Snapshot from "../../core/Snapshot.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Rejection } from "../../schemas/Rejection.ts"

const Amount = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 20 })))
const Count = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 4 })))
const Note = Schema.String.pipe(Schema.check(Schema.isMaxLength(64)))

export class Overdrawn extends Rejection("Overdrawn", { balance: Schema.Int, entries: Schema.Int }, 409) {}
export class IsFrozen extends Rejection("IsFrozen", { entries: Schema.Int }, 409) {}

export class Deposit extends Command("Deposit", { amount: Amount, note: Note }, [IsFrozen]) {}
export class Withdraw extends Command("Withdraw", { amount: Amount }, [Overdrawn, IsFrozen]) {}
/** Several deposits in one append; none is an accepted no-op. */
export class DepositMany extends Command("DepositMany", { count: Count, amount: Amount }, [IsFrozen]) {}
/** A deposit behind which the account is frozen: events of two kinds in one append. */
export class DepositLast extends Command("DepositLast", { amount: Amount }, [IsFrozen]) {}
/** A no-op where it already is so. */
export class SetFrozen extends Command("SetFrozen", { frozen: Schema.Boolean }) {}

const deposited = { amount: Amount, entryId: Schema.String, at: Schema.DateTimeUtcFromMillis }
export class Deposited extends Event.v1("Deposited", deposited)
  .v2({ ...deposited, note: Note }, (old) => ({ ...old, note: "" })) {}
export class Withdrawn extends Event.v1("Withdrawn", { amount: Amount, entries: Schema.Int }) {}
export class FrozenSet extends Event.v1("FrozenSet", { frozen: Schema.Boolean }).secondary {}

export class Account extends Contract.make("Account", {
  commands: [Deposit, Withdraw, DepositMany, DepositLast, SetFrozen],
  events: [Deposited, Withdrawn, FrozenSet],
}) {}

/** `trail` depends on every event and on their order: two histories never fold to one state by chance. */
const AccountState = Schema.Struct({
  balance: Schema.Int,
  entries: Schema.Int,
  frozen: Schema.Boolean,
  lastNote: Schema.String,
  trail: Schema.Int,
})
const trail = (before: number, part: number): number => (before * 31 + part) % 1_000_003

export const AccountAggregate = Aggregate.make(Account, AccountState, {
  balance: 0,
  entries: 0,
  frozen: false,
  lastNote: "",
  trail: 7,
})
  .decide({
    Deposit: ({ frozen, entries }, { amount, note }, { now, nextId }) =>
      frozen ? reject(new IsFrozen({ entries })) : accept(new Deposited({ amount, note, entryId: nextId(), at: now })),
    Withdraw: ({ frozen, entries, balance }, { amount }) =>
      frozen
        ? reject(new IsFrozen({ entries }))
        : amount > balance
        ? reject(new Overdrawn({ balance, entries }))
        : accept(new Withdrawn({ amount, entries })),
    DepositMany: ({ frozen, entries }, { count, amount }, { now, nextId }) =>
      frozen ? reject(new IsFrozen({ entries })) : accept(
        ...Array.from({ length: count }, () => new Deposited({ amount, note: "", entryId: nextId(), at: now })),
      ),
    DepositLast: ({ frozen, entries }, { amount }, { now, nextId }) =>
      frozen ? reject(new IsFrozen({ entries })) : accept(
        new Deposited({ amount, note: "", entryId: nextId(), at: now }),
        new FrozenSet({ frozen: true }),
      ),
    SetFrozen: (state, { frozen }) => state.frozen === frozen ? accept() : accept(new FrozenSet({ frozen })),
  })
  .evolve({
    Deposited: (state, { amount, note, at }) => ({
      ...state,
      balance: state.balance + amount,
      entries: state.entries + 1,
      lastNote: note,
      trail: trail(state.trail, amount + note.length + (DateTime.toEpochMillis(at) % 1000)),
    }),
    Withdrawn: (state, { amount }) => ({
      ...state,
      balance: state.balance - amount,
      entries: state.entries + 1,
      trail: trail(state.trail, 500 - amount),
    }),
    FrozenSet: (state, { frozen }) => ({ ...state, frozen, trail: trail(state.trail, frozen ? 901 : 902) }),
  }, Snapshot.policy({ everyEvents: 3 }))
