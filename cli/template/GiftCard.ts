/**
 * How a gift card decides, and what becomes of it: issued once, good for a year, redeemed bit by bit.
 * @module
 */
import { DateTime } from "effect"
import { accept, Aggregate, reject } from "nexus-actors/core"
import * as G from "./GiftCard.contract.ts"

export const GiftCardAggregate = Aggregate.make(G.GiftCard, G.GiftCardState, { _tag: "Blank" })
  .decide({
    IssueCard: (state, { pence }, { now }) =>
      state._tag === "Blank"
        ? accept(new G.CardIssued({ pence, validUntil: DateTime.add(now, { years: 1 }) }))
        : reject(new G.AlreadyIssued()),
    RedeemCard: (state, { pence }, { now }) => {
      if (state._tag === "Blank") return reject(new G.NotIssued())
      const { leftPence, validUntil } = state
      if (DateTime.isGreaterThan(now, validUntil)) return reject(new G.OutOfDate({ validUntil }))
      return pence > leftPence ? reject(new G.TooLittleLeft({ leftPence })) : accept(new G.CardRedeemed({ pence }))
    },
  })
  .evolve({
    CardIssued: (_, { pence, validUntil }) => ({ _tag: "Issued", leftPence: pence, validUntil }),
    CardRedeemed: (state, { pence }) =>
      state._tag === "Blank" ? state : { ...state, leftPence: state.leftPence - pence },
  })
