/**
 * What a gift card understands, refuses and remembers; importable anywhere, a browser included.
 * @module
 */
import { Schema } from "effect"
import { Command, Contract, Event, Rejection } from "nexus-actors/schemas"

/** Money is whole pence, so that sums are exact. */
export const Pence = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })))
const amount = { pence: Pence.annotate({ examples: [2_500] }) }
const validUntil = Schema.DateTimeUtc
const leftPence = Schema.Int

export class AlreadyIssued extends Rejection("AlreadyIssued", {}, 409) {}
export class NotIssued extends Rejection("NotIssued", {}, 409) {}
export class OutOfDate extends Rejection("OutOfDate", { validUntil }, 409) {}
export class TooLittleLeft extends Rejection("TooLittleLeft", { leftPence }) {}

export class IssueCard extends Command("IssueCard", amount, [AlreadyIssued]) {}
export class RedeemCard extends Command("RedeemCard", amount, [NotIssued, OutOfDate, TooLittleLeft]) {}

export class CardIssued extends Event.v1("CardIssued", { ...amount, validUntil }) {}
export class CardRedeemed extends Event.v1("CardRedeemed", amount) {}

export class GiftCard extends Contract.make("GiftCard", {
  commands: [IssueCard, RedeemCard],
  events: [CardIssued, CardRedeemed],
}) {}

/** What a read of a gift card answers. */
export const GiftCardState = Schema.TaggedUnion({ Blank: {}, Issued: { leftPence, validUntil } })
