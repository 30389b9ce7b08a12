/**
 * How stock decides: goods come in, are kept for an order while they last, and go back when the order falls through.
 * @module
 */
import { accept, Aggregate, reject } from "nexus-actors/core"
import * as S from "./StockItem.contract.ts"

export const StockItemAggregate = Aggregate.make(S.StockItem, S.StockItemState, { left: 0, reserved: [] })
  .decide({
    ReceiveGoods: (_, { quantity }) => accept(new S.GoodsReceived({ quantity })),
    ReserveGoods: ({ left, reserved }, { orderId, quantity }) => {
      if (reserved.some((one) => one.orderId === orderId)) return accept()
      return quantity > left || reserved.length >= S.ordersMax
        ? accept(new S.GoodsShort({ orderId, quantity, left }))
        : accept(new S.GoodsReserved({ orderId, quantity }))
    },
    ReleaseGoods: ({ reserved }, { orderId }) => {
      const kept = reserved.find((one) => one.orderId === orderId)
      return kept === undefined ? reject(new S.NotReserved()) : accept(new S.GoodsReleased({ ...kept }))
    },
  })
  .evolve({
    GoodsReceived: (state, { quantity }) => ({ ...state, left: state.left + quantity }),
    GoodsReserved: ({ left, reserved }, { orderId, quantity }) => ({
      left: left - quantity,
      reserved: [...reserved, { orderId, quantity }],
    }),
    GoodsShort: (state) => state,
    GoodsReleased: ({ left, reserved }, { orderId, quantity }) => ({
      left: left + quantity,
      reserved: reserved.filter((one) => one.orderId !== orderId),
    }),
  })
