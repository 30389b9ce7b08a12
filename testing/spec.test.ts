import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import { accept } from "../core/Decision.ts"
import { contextOf, spec, SpecMismatch } from "./spec.ts"
import {
  Account,
  AccountAggregate,
  Deposit,
  Deposited,
  FrozenSet,
  IsFrozen,
  Overdrawn,
  SetFrozen,
  Withdraw,
  Withdrawn,
} from "./simulation/domain.ts"

const at = DateTime.makeUnsafe("2026-01-02T03:04:05Z")
const first = new Deposited({ amount: 5, note: "n", entryId: contextOf("Account").nextId(), at })
const mismatch = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    assert.instanceOf(error, SpecMismatch)
    return (error as Error).message
  }
  return assert.fail("the spec passed")
}

describe("spec()", () => {
  it("passes where events, state and the time given agree", () => {
    spec(AccountAggregate).when(new Deposit({ amount: 5, note: "n" }), { now: at }).then(first)
    spec(AccountAggregate).given(first).when(new Withdraw({ amount: 2 }))
      .then(new Withdrawn({ amount: 2, entries: 1 }))
      .state({ balance: 3, entries: 2, frozen: false, lastNote: "n", trail: 7411 })
  })
  it("takes then() without events as an accepted no-op", () => {
    spec(AccountAggregate).when(new SetFrozen({ frozen: false })).then()
    assert.match(mismatch(() => spec(AccountAggregate).when(new SetFrozen({ frozen: true })).then()), /\+ .*FrozenSet/)
  })
  it("compares rejections by tag and members, and leaves the state alone", () => {
    const poor = spec(AccountAggregate).given(first).when(new Withdraw({ amount: 9 }))
    poor.rejects(new Overdrawn({ balance: 5, entries: 1 })).state({
      balance: 5,
      entries: 1,
      frozen: false,
      lastNote: "n",
      trail: 223,
    })
    assert.match(
      mismatch(() => poor.rejects(new Overdrawn({ balance: 4, entries: 1 }))),
      /- {3}"balance": 4.*\n\+ {3}"balance": 5/,
    )
    assert.match(mismatch(() => poor.rejects(new IsFrozen({ entries: 1 }))), /- .*IsFrozen/)
  })
  it("says what was there instead", () => {
    const frozen = spec(AccountAggregate).given(new FrozenSet({ frozen: true })).when(new Withdraw({ amount: 1 }))
    assert.match(mismatch(() => frozen.then(new Withdrawn({ amount: 1, entries: 0 }))), /was rejected[^]*IsFrozen/)
    const rich = spec(AccountAggregate).given(first).when(new Withdraw({ amount: 1 }))
    assert.match(mismatch(() => rich.rejects(new IsFrozen({ entries: 1 }))), /was accepted[^]*Withdrawn/)
    assert.match(
      mismatch(() => rich.state({ balance: 0, entries: 2, frozen: false, lastNote: "n", trail: 0 })),
      /left another state[^]*- {3}"balance": 0/,
    )
  })
  it("refuses an event that only looks right to the compiler", () => {
    const careless = Aggregate.make(Account, AccountAggregate.state, AccountAggregate.initial)
      .decide({
        ...AccountAggregate.decide,
        Withdraw: () => accept({ _tag: "Withdrawn", amount: 0, entries: 0 } as const),
      })
      .evolve(AccountAggregate.evolve)
    const event = { _tag: "Withdrawn", amount: 0, entries: 0 } as const
    const message = mismatch(() => spec(careless).when(new Withdraw({ amount: 1 })).then(event))
    assert.match(message, /Withdrawn does not fit its schema[^]*"\/amount"/)
  })
})
