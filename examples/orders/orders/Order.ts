/**
 * How an order decides, and what becomes of it: placed, paid, shipped; cancelled before that; goods may always come back.
 * @module
 */
import { accept, Aggregate, reject } from "nexus-actors/core"
import { takeBack, totalOf } from "../goods.ts"
import * as O from "./Order.contract.ts"

const draft = { status: "draft", country: "", totalPence: 0, refundedPence: 0, left: [] } as const
const stands = ({ status }: O.OrderState) => status !== "draft" && status !== "cancelled"
const dueOf = ({ totalPence, refundedPence }: O.OrderState) => totalPence - refundedPence

export const OrderAggregate = Aggregate.make(O.Order, O.OrderState, draft)
  .decide({
    PlaceOrder: ({ status, totalPence }, { _tag, placedAt, ...order }, { now }) => {
      if (status !== "draft") return reject(new O.AlreadyPlaced({ totalPence }))
      if (!order.lines.some((line) => line.quantity > 0)) return reject(new O.EmptyOrder())
      const index = order.lines.findIndex((line) => line.quantity < 1 || line.unitPence < 0)
      if (index >= 0) return reject(new O.CreditLine({ index }))
      if (totalOf(order.lines) === 0) return reject(new O.Unpriced())
      return accept(new O.OrderPlaced({ ...order, totalPence: totalOf(order.lines), placedAt: placedAt ?? now }))
    },
    PayOrder: (state, { reference, amountPence }, { now }) => {
      if (!stands(state)) return reject(new O.NotPlaced())
      if (state.reference === reference) return accept()
      if (state.reference !== undefined) return reject(new O.AlreadyPaid({ reference: state.reference }))
      if (amountPence !== dueOf(state)) return reject(new O.WrongAmount({ duePence: dueOf(state) }))
      return accept(new O.PaymentProcessed({ reference, amountPence, paidAt: now }))
    },
    ShipOrder: (state, { tracking }, { now }) => {
      if (!stands(state)) return reject(new O.NotPlaced())
      if (state.reference === undefined) return reject(new O.NotPaid({ duePence: dueOf(state) }))
      if (state.tracking === undefined) return accept(new O.OrderShipped({ tracking, shippedAt: now }))
      return state.tracking === tracking ? accept() : reject(new O.AlreadyShipped({ tracking: state.tracking }))
    },
    ReturnItems: (state, { lines }) => {
      if (!stands(state)) return reject(new O.NotPlaced())
      const { missing, refundPence } = takeBack(state.left, lines)
      if (missing !== undefined) return reject(new O.ReturnExceedsOrder(missing))
      return lines.length === 0 ? accept() : accept(new O.ItemsReturned({ lines, refundPence }))
    },
    CancelOrder: ({ status, tracking }, { reason }) => {
      if (status === "draft") return reject(new O.NotPlaced())
      if (tracking !== undefined) return reject(new O.AlreadyShipped({ tracking }))
      return status === "cancelled" ? accept() : accept(new O.OrderCancelled({ reason }))
    },
    RecordEmail: ({ status }, { to, subject }) =>
      status === "draft" ? reject(new O.NotPlaced()) : accept(new O.EmailSent({ to, subject })),
  })
  .evolve({
    OrderPlaced: (_, { country, totalPence, lines }) => ({
      ...draft,
      status: "placed",
      country,
      totalPence,
      left: lines,
    }),
    PaymentProcessed: (state, { reference }) => ({ ...state, status: "paid", reference }),
    OrderShipped: (state, { tracking }) => ({ ...state, status: "shipped", tracking }),
    ItemsReturned: (state, { lines, refundPence }) => ({
      ...state,
      left: takeBack(state.left, lines).left,
      refundedPence: Math.min(state.totalPence, state.refundedPence + refundPence),
    }),
    OrderCancelled: (state) => ({ ...state, status: "cancelled" }),
    EmailSent: (state) => state,
  })
