/**
 * The gift card by examples, by a property of one's own, and by the laws that every aggregate must keep.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Result, Schema } from "effect"
import { Aggregate } from "nexus-actors/core"
import { aggregateLaws, contextOf, spec } from "nexus-actors/testing"
import { runLaws } from "nexus-actors/testing/vitest"
import { GiftCardAggregate } from "./GiftCard.ts"
import * as G from "./GiftCard.contract.ts"

const now = DateTime.makeUnsafe("2027-03-01T12:00:00Z")
const validUntil = DateTime.add(now, { years: 1 })
const issued = new G.CardIssued({ pence: 2_500, validUntil })
const card = spec(GiftCardAggregate)

describe("IssueCard", () => {
  it("is good for a year", () => {
    card.when(new G.IssueCard({ pence: 2_500 }), { now }).then(issued)
      .state({ _tag: "Issued", leftPence: 2_500, validUntil })
  })
  it("happens once", () => {
    card.given(issued).when(new G.IssueCard({ pence: 2_500 })).rejects(new G.AlreadyIssued())
  })
})

describe("RedeemCard", () => {
  const redeem = new G.RedeemCard({ pence: 1_000 })
  it("takes from what is left", () => {
    card.given(issued).when(redeem, { now }).then(new G.CardRedeemed({ pence: 1_000 }))
      .state({ _tag: "Issued", leftPence: 1_500, validUntil })
  })
  it("says how much is left where that is too little", () => {
    const used = [issued, new G.CardRedeemed({ pence: 2_000 })]
    card.given(...used).when(redeem, { now }).rejects(new G.TooLittleLeft({ leftPence: 500 }))
  })
  it("refuses a blank card, and one that is out of date", () => {
    card.when(redeem).rejects(new G.NotIssued())
    const later = DateTime.add(validUntil, { seconds: 1 })
    card.given(issued).when(redeem, { now: later }).rejects(new G.OutOfDate({ validUntil }))
  })
})

describe("a gift card, whatever is asked of it", () => {
  const some = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })))
  const amounts = Schema.Array(some).pipe(Schema.check(Schema.isMaxLength(20)))
  it.effect.prop("pays out no more than was paid in", { amounts }, ({ amounts }) =>
    Effect.sync(() => {
      let state = Aggregate.fold(GiftCardAggregate, [issued])
      let paidPence = 0
      for (const pence of amounts) {
        const decided = Aggregate.decide(GiftCardAggregate, state, new G.RedeemCard({ pence }), contextOf("GiftCard"))
        if (Result.isFailure(decided)) continue
        state = Aggregate.fold(GiftCardAggregate, decided.success, state)
        paidPence += pence
      }
      assert.deepStrictEqual({ ...state }, { _tag: "Issued", leftPence: 2_500 - paidPence, validUntil })
      assert.isAtMost(paidPence, 2_500)
    }))
})

describe("the laws of an aggregate", () => runLaws(aggregateLaws(GiftCardAggregate)))
