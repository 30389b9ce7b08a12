import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Equal, Result, Schema } from "effect"
import { Aggregate } from "nexus-actors/core"
import { Generators, JsonSchemas, Wire } from "nexus-actors/schemas"
import { contextOf, spec } from "nexus-actors/testing"
import { linesMax, totalOf } from "../goods.ts"
import { OrderAggregate } from "./Order.ts"
import * as O from "./Order.contract.ts"

const at = DateTime.makeUnsafe("2010-12-01T08:26:00Z")
const mug = { stockCode: "21871", description: "SAVE THE PLANET MUG", quantity: 6, unitPence: 125 }
const dear = { ...mug, quantity: 2, unitPence: 300 }
const asked = { customer: "17850", country: "France", currency: "GBP", lines: [mug, dear], placedAt: at } as const
const placed = new O.OrderPlaced({ ...asked, totalPence: 1350 })
const paid = new O.PaymentProcessed({ reference: "pay-1", amountPence: 1350, paidAt: at })
const shipped = new O.OrderShipped({ tracking: "track-1", shippedAt: at })
const cancelled = new O.OrderCancelled({ reason: "late" })
const returned = new O.ItemsReturned({ lines: [{ stockCode: "21871", quantity: 5 }], refundPence: 625 })
const returning = (quantity: number, stockCode = "21871") => new O.ReturnItems({ lines: [{ stockCode, quantity }] })
const order = spec(OrderAggregate)

describe("PlaceOrder", () => {
  it("places the lines in their order, repeats included, for the sum of them", () => {
    order.when(new O.PlaceOrder(asked)).then(placed)
      .state({ status: "placed", country: "France", totalPence: 1350, refundedPence: 0, left: [mug, dear] })
  })
  it("is placed now where nothing else is said", () => {
    const { placedAt: _, ...today } = asked
    order.when(new O.PlaceOrder(today), { now: at }).then(placed)
  })
  it("takes a free line beside a priced one", () => {
    const lines = [mug, { ...mug, unitPence: 0 }]
    order.when(new O.PlaceOrder({ ...asked, lines })).then(new O.OrderPlaced({ ...asked, lines, totalPence: 750 }))
  })
  it("refuses what is not an order, and says why", () => {
    const place = (...lines: O.PlaceOrder["lines"]) => order.when(new O.PlaceOrder({ ...asked, lines }))
    place().rejects(new O.EmptyOrder())
    place({ ...mug, quantity: -10 }, { ...mug, quantity: 0 }).rejects(new O.EmptyOrder())
    place(mug, { ...mug, quantity: -1 }).rejects(new O.CreditLine({ index: 1 }))
    place(mug, { ...mug, unitPence: -1 }).rejects(new O.CreditLine({ index: 1 }))
    place({ ...mug, unitPence: 0 }).rejects(new O.Unpriced())
  })
  it("adds up exactly as far as its schema lets it grow, and that is bounded", () => {
    const huge = { ...mug, quantity: 100_000, unitPence: 10_000_000 }
    const command = { ...asked, placedAt: "2010-12-01T08:26:00Z", lines: Array.from({ length: linesMax }, () => huge) }
    assert.isTrue(Result.isSuccess(Wire.decodeCommand(O.PlaceOrder, command)))
    const total = BigInt(linesMax) * 100_000n * 10_000_000n
    assert.strictEqual(BigInt(totalOf(command.lines)), total)
    assert.isTrue(total <= BigInt(Number.MAX_SAFE_INTEGER))
    for (const [key, more] of [["quantity", 100_001], ["unitPence", 10_000_001]] as const) {
      const refused = Wire.decodeCommand(O.PlaceOrder, { ...command, lines: [{ ...huge, [key]: more }] })
      assert.strictEqual(Result.isFailure(refused) ? refused.failure.issues[0]?.pointer : "", `/lines/0/${key}`)
    }
    const long = Wire.decodeCommand(O.PlaceOrder, { ...command, lines: [...command.lines, huge] })
    assert.strictEqual(Result.isFailure(long) ? long.failure.issues[0]?.pointer : "", "/lines")
  })
  it("refuses a second order under one id, even after a cancellation", () => {
    order.given(placed).when(new O.PlaceOrder(asked)).rejects(new O.AlreadyPlaced({ totalPence: 1350 }))
    order.given(placed, cancelled).when(new O.PlaceOrder(asked)).rejects(new O.AlreadyPlaced({ totalPence: 1350 }))
  })
})

describe("PayOrder", () => {
  const pay = (amountPence: number, reference = "pay-1") => new O.PayOrder({ reference, amountPence })
  it("takes exactly what is due, returns deducted", () => {
    order.given(placed).when(pay(1350), { now: at }).then(paid)
    order.given(placed).when(pay(1349)).rejects(new O.WrongAmount({ duePence: 1350 }))
    order.given(placed, returned).when(pay(1350)).rejects(new O.WrongAmount({ duePence: 725 }))
  })
  it("takes the same payment once, and no other", () => {
    order.given(placed, paid).when(pay(1350)).then()
    order.given(placed, paid, shipped).when(pay(1350, "pay-2")).rejects(new O.AlreadyPaid({ reference: "pay-1" }))
  })
  it("needs an order that stands", () => {
    order.when(pay(1)).rejects(new O.NotPlaced())
    order.given(placed, cancelled).when(pay(1350)).rejects(new O.NotPlaced())
  })
})

describe("ShipOrder", () => {
  const ship = (tracking = "track-1") => new O.ShipOrder({ tracking })
  it("ships what is paid, once", () => {
    order.given(placed, paid).when(ship(), { now: at }).then(shipped)
    order.given(placed, paid, shipped).when(ship()).then()
    order.given(placed, paid, shipped).when(ship("other")).rejects(new O.AlreadyShipped({ tracking: "track-1" }))
  })
  it("needs an order that stands and is paid", () => {
    order.given(placed).when(ship()).rejects(new O.NotPaid({ duePence: 1350 }))
    order.when(ship()).rejects(new O.NotPlaced())
    order.given(placed, paid, cancelled).when(ship()).rejects(new O.NotPlaced())
  })
})

describe("ReturnItems", () => {
  it("refunds what the pieces cost, line by line", () => {
    order.given(placed).when(returning(5)).then(returned)
      .state({
        status: "placed",
        country: "France",
        totalPence: 1350,
        refundedPence: 625,
        left: [{ ...mug, quantity: 1 }, dear],
      })
    // One piece is left of the cheap line, so the second comes from the dear one.
    order.given(placed, returned).when(returning(2)).then(
      new O.ItemsReturned({ lines: [{ stockCode: "21871", quantity: 2 }], refundPence: 425 }),
    )
  })
  it("counts earlier returns, those of the same command included", () => {
    order.given(placed, returned).when(returning(4))
      .rejects(new O.ReturnExceedsOrder({ stockCode: "21871", left: 3 }))
    order.given(placed).when(new O.ReturnItems({ lines: [...returning(6).lines, ...returning(3).lines] }))
      .rejects(new O.ReturnExceedsOrder({ stockCode: "21871", left: 2 }))
    order.given(placed).when(returning(1, "other")).rejects(new O.ReturnExceedsOrder({ stockCode: "other", left: 0 }))
  })
  it("needs an order that stands, shipped or not", () => {
    order.when(returning(1)).rejects(new O.NotPlaced())
    order.given(placed, cancelled).when(returning(1)).rejects(new O.NotPlaced())
    order.given(placed, paid, shipped).when(returning(5)).then(returned)
    order.given(placed).when(new O.ReturnItems({ lines: [] })).then()
  })
})

describe("CancelOrder and RecordEmail", () => {
  const cancel = new O.CancelOrder({ reason: "late" })
  it("cancels once, and only before shipping", () => {
    order.given(placed, paid).when(cancel).then(cancelled)
    order.given(placed, cancelled).when(cancel).then()
    order.given(placed, paid, shipped).when(cancel).rejects(new O.AlreadyShipped({ tracking: "track-1" }))
    order.when(cancel).rejects(new O.NotPlaced())
  })
  it("records every email of a known order, a cancelled one too", () => {
    const email = { to: "a@example.com", subject: "Your order" }
    order.given(placed, cancelled).when(new O.RecordEmail(email)).then(new O.EmailSent(email))
    order.when(new O.RecordEmail(email)).rejects(new O.NotPlaced())
    assert.deepEqual([O.EmailSent.route, O.OrderPlaced.route], ["secondary", "core"])
  })
})

describe("the contract of Order", () => {
  it("reads orders of the first version as sterling", () => {
    const { payload } = Result.getOrThrow(Wire.encodeEvent(O.OrderPlaced, placed))
    const { currency, ...old } = payload as Record<string, unknown>
    assert.strictEqual(currency, "GBP")
    const read = Wire.decodeEvent(O.Order, { type: "OrderPlaced", schemaVersion: 1, payload: old })
    assert.isTrue(Equal.equals(Result.getOrThrow(read), placed))
  })
  it("describes both versions, closed", () => {
    const [first, second] = JsonSchemas.make(O.Order).events.OrderPlaced.map(({ schema }) => schema)
    assert.deepEqual((second!["required"] as ReadonlyArray<string>).filter((key) => key === "currency"), ["currency"])
    assert.notInclude(first!["required"], "currency")
    assert.isFalse(second!["additionalProperties"])
  })
})

/** What somebody might ask one order for, in any sequence; prices and pieces are small, so that they often meet. */
const small = (minimum: number, maximum: number) =>
  Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum, maximum })))
const steps = Schema.Array(Schema.Struct({
  kind: Schema.Literals(["PlaceOrder", "ReturnItems", "PayOrder", "ShipOrder", "CancelOrder", "RecordEmail"]),
  stockCode: Schema.Literals(["a", "b"]),
  quantity: small(-1, 5),
  unitPence: small(-1, 9),
})).pipe(Schema.check(Schema.isMaxLength(12)))

const commandOf = ({ kind, stockCode, quantity, unitPence }: typeof steps.Type[number], duePence: number) => {
  const line = { stockCode, quantity, unitPence, description: "" }
  const cheap = { stockCode: "a", quantity: 2, unitPence: 1, description: "" }
  switch (kind) {
    case "PlaceOrder":
      return new O.PlaceOrder({ ...asked, lines: [line, cheap, mug] })
    case "ReturnItems":
      return returning(Math.max(1, quantity), stockCode)
    case "PayOrder":
      return new O.PayOrder({ reference: stockCode, amountPence: duePence })
    case "ShipOrder":
      return new O.ShipOrder({ tracking: stockCode })
    case "CancelOrder":
      return new O.CancelOrder({ reason: "" })
    case "RecordEmail":
      return new O.RecordEmail({ to: "a@example.com", subject: "" })
  }
}
const count = (lines: ReadonlyArray<{ stockCode: string; quantity: number }>, stockCode: string): number =>
  lines.reduce((sum, line) => line.stockCode === stockCode ? sum + line.quantity : sum, 0)

describe("an order, whatever is asked of it", () => {
  it.effect.prop(
    "gives back no more than it got, and decides only what fits its schemas",
    { steps },
    ({ steps }) =>
      Effect.sync(() => {
        let state: O.OrderState = OrderAggregate.initial
        let [bought, back]: Array<ReadonlyArray<{ stockCode: string; quantity: number }>> = [[], []]
        for (const step of steps) {
          const command = commandOf(step, state.totalPence - state.refundedPence)
          const decided = Aggregate.decide(OrderAggregate, state, command, contextOf("Order"))
          for (const event of Result.getOrElse(decided, () => [])) {
            assert.isTrue(Result.isSuccess(Wire.encodeEvent(O.Order.events[event._tag], event)), event._tag)
            if (event._tag === "OrderPlaced") bought = event.lines
            if (event._tag === "ItemsReturned") back = [...back!, ...event.lines]
            state = Aggregate.evolve(OrderAggregate, state, event)
          }
        }
        for (const stockCode of ["a", "b"]) {
          assert.strictEqual(count(bought!, stockCode) - count(back!, stockCode), count(state.left, stockCode))
        }
        assert.strictEqual(totalOf(state.left), state.totalPence - state.refundedPence)
        const codec = Schema.toCodecJson(O.OrderState)
        assert.isTrue(Equal.equals(Schema.decodeSync(codec)(Schema.encodeSync(codec)(state)), state))
      }),
    { arbitrary: { runs: 300 } },
  )

  it.effect.prop(
    "comes back from the store as it was stored",
    { event: Generators.event(O.Order) },
    ({ event }) =>
      Effect.sync(() => {
        const kind = O.Order.events[event._tag]
        const stored = Result.getOrThrow(Wire.encodeEvent(kind, event))
        const read = Wire.decodeEvent(O.Order, { ...stored, payload: JSON.parse(JSON.stringify(stored.payload)) })
        assert.deepEqual(Result.getOrThrow(Wire.encodeEvent(kind, Result.getOrThrow(read))), stored)
      }),
    { arbitrary: { runs: 100 } },
  )

  it.effect.prop("reads every order of the first version", { old: Generators.payload(O.OrderPlaced.versions[0]) }, (
    { old },
  ) =>
    Effect.sync(() => {
      const stored = Schema.encodeUnknownSync(Schema.toCodecJson(Schema.Struct(O.OrderPlaced.versions[0])))(old)
      const read = Wire.decodeEvent(O.Order, { type: "OrderPlaced", schemaVersion: 1, payload: stored })
      const newest = Result.getOrThrow(Wire.encodeEvent(O.OrderPlaced, Result.getOrThrow(read)))
      assert.deepEqual(newest.payload, { ...stored as object, currency: "GBP" })
      assert.strictEqual(newest.schemaVersion, 2)
    }), { arbitrary: { runs: 100 } })
})
