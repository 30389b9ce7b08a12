import { assert, describe, it } from "@effect/vitest"
import { Effect, Equal, Result, Schema } from "effect"
import { Aggregate } from "nexus-actors/core"
import { Generators, Wire } from "nexus-actors/schemas"
import { contextOf, spec } from "nexus-actors/testing"
import { CartAggregate } from "./Cart.ts"
import * as C from "./Cart.contract.ts"
import { linesMax, totalOf } from "../goods.ts"

const mug = { stockCode: "21871", description: "SAVE THE PLANET MUG", quantity: 6, unitPence: 125 }
const added = new C.ItemAdded(mug)
const orderId = contextOf("Cart").nextId()
const checkedOut = new C.CartCheckedOut({ orderId, lines: [mug], totalPence: 750 })
const abandoned = new C.CartAbandoned({ totalPence: 750 })
const remove = (quantity: number) => new C.RemoveItem({ stockCode: "21871", quantity })
const cart = spec(CartAggregate)

describe("AddItem and RemoveItem", () => {
  it("keep lines apart and in their order, and take pieces off the first line first", () => {
    cart.when(new C.AddItem(mug)).then(added).state({ status: "open", lines: [mug] })
    cart.given(added, added).when(remove(7)).then(new C.ItemRemoved({ stockCode: "21871", quantity: 7 }))
      .state({ status: "open", lines: [{ ...mug, quantity: 5 }] })
  })
  it("refuse to remove what is not there", () => {
    cart.given(added).when(remove(7)).rejects(new C.NotInCart({ stockCode: "21871", left: 6 }))
    cart.when(remove(1)).rejects(new C.NotInCart({ stockCode: "21871", left: 0 }))
  })
  it("hold as many lines as an order takes, and no more", () => {
    const lines = Array.from({ length: linesMax - 1 }, () => added)
    cart.given(...lines).when(new C.AddItem(mug)).then(added)
    cart.given(...lines, added).when(new C.AddItem(mug)).rejects(new C.CartFull({ lines: linesMax }))
  })
  it("refuse a cart that is closed", () => {
    cart.given(added, checkedOut).when(new C.AddItem(mug)).rejects(new C.CartClosed())
    cart.given(added, abandoned).when(remove(1)).rejects(new C.CartClosed())
  })
})

describe("Checkout and Abandon", () => {
  it("check out once, for the sum of the lines, under a fresh order id", () => {
    cart.given(added).when(new C.Checkout()).then(checkedOut).state({ status: "checked-out", lines: [mug] })
    cart.given(added, checkedOut).when(new C.Checkout()).then()
    cart.when(new C.Checkout()).rejects(new C.EmptyCart())
  })
  it("abandon once, on the best-effort path", () => {
    cart.given(added).when(new C.Abandon()).then(abandoned)
    cart.given(added, abandoned).when(new C.Abandon()).then()
    assert.deepEqual([C.CartAbandoned.route, C.CartCheckedOut.route], ["secondary", "core"])
  })
  it("exclude each other", () => {
    cart.given(added, abandoned).when(new C.Checkout()).rejects(new C.CartClosed())
    cart.given(added, checkedOut).when(new C.Abandon()).rejects(new C.CartClosed())
  })
})

describe("a cart, whatever is asked of it", () => {
  const some = Schema.Array(Schema.Struct({
    kind: Schema.Literals(["AddItem", "RemoveItem", "Checkout", "Abandon"]),
    stockCode: Schema.Literals(["a", "b"]),
    quantity: Schema.Literals([1, 2, 5]),
    unitPence: Schema.Literals([0, 1, 7]),
  })).pipe(Schema.check(Schema.isMaxLength(15)))

  it.effect.prop(
    "sells what was in it, closes once, and decides only what fits its schemas",
    { some },
    ({ some }) =>
      Effect.sync(() => {
        let state: C.CartState = CartAggregate.initial
        let closings = 0
        for (const { kind, stockCode, quantity, unitPence } of some) {
          const command = kind === "AddItem"
            ? new C.AddItem({ stockCode, quantity, unitPence, description: "" })
            : kind === "RemoveItem"
            ? new C.RemoveItem({ stockCode, quantity })
            : kind === "Checkout"
            ? new C.Checkout()
            : new C.Abandon()
          const before = totalOf(state.lines)
          const decided = Aggregate.decide(CartAggregate, state, command, contextOf("Cart"))
          for (const event of Result.getOrElse(decided, () => [])) {
            assert.isTrue(Result.isSuccess(Wire.encodeEvent(C.Cart.events[event._tag], event)), event._tag)
            if (event._tag === "CartCheckedOut" || event._tag === "CartAbandoned") {
              closings++
              assert.strictEqual(event.totalPence, before)
            }
            state = Aggregate.evolve(CartAggregate, state, event)
          }
          if (kind === "AddItem" && Result.isSuccess(decided)) {
            assert.strictEqual(totalOf(state.lines), before + quantity * unitPence)
          }
        }
        assert.isAtMost(closings, 1)
      }),
    { arbitrary: { runs: 300 } },
  )

  it.effect.prop(
    "comes back from the store as it was stored",
    { event: Generators.event(C.Cart) },
    ({ event }) =>
      Effect.sync(() => {
        const stored = Result.getOrThrow(Wire.encodeEvent(C.Cart.events[event._tag], event))
        const read = Wire.decodeEvent(C.Cart, { ...stored, payload: JSON.parse(JSON.stringify(stored.payload)) })
        assert.isTrue(Equal.equals({ ...Result.getOrThrow(read) }, { ...event }))
      }),
    { arbitrary: { runs: 100 } },
  )
})
