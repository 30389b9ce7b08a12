/**
 * What a payment understands, refuses and remembers; its id is that of the order it pays.
 * @module
 */
import { Schema } from "effect"
import { Command, Contract, Event, Rejection } from "nexus-actors/schemas"
import { Pence, text } from "../goods.ts"

const taken = { reference: text(100), amountPence: Pence }

/** This payment was taken, under this reference. */
export class AlreadyTaken extends Rejection("AlreadyTaken", { reference: text(100) }, 409) {}
export class NotTaken extends Rejection("NotTaken", {}, 409) {}
/** Only `leftPence` are left to give back; nothing was. */
export class RefundExceedsPayment extends Rejection("RefundExceedsPayment", { leftPence: Pence }) {}

export class TakePayment extends Command("TakePayment", taken, [AlreadyTaken]) {}
export class RefundPayment extends Command("RefundPayment", { amountPence: Pence }, [NotTaken, RefundExceedsPayment]) {}

export class PaymentTaken extends Event.v1("PaymentTaken", taken) {}
export class PaymentRefunded extends Event.v1("PaymentRefunded", { amountPence: Pence }) {}

export class Payment extends Contract.make("Payment", {
  commands: [TakePayment, RefundPayment],
  events: [PaymentTaken, PaymentRefunded],
}) {}

/** What a read of a payment answers. */
export const PaymentState = Schema.TaggedUnion({
  Open: {},
  Taken: { reference: text(100), leftPence: Pence },
})
