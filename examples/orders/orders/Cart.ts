/**
 * How a cart decides: goods in and out while it is open, then checked out once or abandoned.
 * @module
 */
import { accept, Aggregate, reject } from "nexus-actors/core"
import * as C from "./Cart.contract.ts"
import { linesMax, takeBack, totalOf } from "../goods.ts"

export const CartAggregate = Aggregate.make(C.Cart, C.CartState, { status: "open", lines: [] })
  .decide({
    AddItem: ({ status, lines }, { _tag, ...line }) => {
      if (status !== "open") return reject(new C.CartClosed())
      if (lines.length === linesMax) return reject(new C.CartFull({ lines: linesMax }))
      return accept(new C.ItemAdded(line))
    },
    RemoveItem: ({ status, lines }, { _tag, ...item }) => {
      if (status !== "open") return reject(new C.CartClosed())
      const { missing } = takeBack(lines, [item])
      return missing === undefined ? accept(new C.ItemRemoved(item)) : reject(new C.NotInCart(missing))
    },
    Checkout: ({ status, lines }, _, { nextId }) => {
      if (status === "abandoned") return reject(new C.CartClosed())
      if (status === "checked-out") return accept()
      if (lines.length === 0) return reject(new C.EmptyCart())
      return accept(new C.CartCheckedOut({ orderId: nextId(), lines, totalPence: totalOf(lines) }))
    },
    Abandon: ({ status, lines }) => {
      if (status === "checked-out") return reject(new C.CartClosed())
      return status === "abandoned" ? accept() : accept(new C.CartAbandoned({ totalPence: totalOf(lines) }))
    },
  })
  .evolve({
    ItemAdded: (state, { _tag, ...line }) => ({ ...state, lines: [...state.lines, line] }),
    ItemRemoved: (state, item) => ({ ...state, lines: takeBack(state.lines, [item]).left }),
    CartCheckedOut: (state) => ({ ...state, status: "checked-out" }),
    CartAbandoned: (state) => ({ ...state, status: "abandoned" }),
  })
