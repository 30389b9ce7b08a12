import { describe, it } from "@effect/vitest"
import { aggregateLaws, spec } from "nexus-actors/testing"
import { runLaws } from "nexus-actors/testing/vitest"
import { StockItemAggregate } from "./StockItem.ts"
import * as S from "./StockItem.contract.ts"

const received = new S.GoodsReceived({ quantity: 10 })
const six = { orderId: "o-1", quantity: 6 }
const reserved = new S.GoodsReserved(six)
const item = spec(StockItemAggregate)

describe("an item in stock", () => {
  it("is kept for an order once, while it lasts", () => {
    item.given(received).when(new S.ReserveGoods(six)).then(reserved).state({ left: 4, reserved: [six] })
    item.given(received, reserved).when(new S.ReserveGoods(six)).then()
  })
  it("tells by an event that there is too little", () => {
    const more = { orderId: "o-2", quantity: 6 }
    item.given(received, reserved).when(new S.ReserveGoods(more)).then(new S.GoodsShort({ ...more, left: 4 }))
      .state({ left: 4, reserved: [six] })
  })
  it("keeps goods for a bounded number of orders", () => {
    const one = (index: number) => new S.GoodsReserved({ orderId: `o-${index}`, quantity: 1 })
    const full = [new S.GoodsReceived({ quantity: 5_000 }), ...Array.from({ length: S.ordersMax }, (_, i) => one(i))]
    const more = { orderId: "more", quantity: 1 }
    item.given(...full).when(new S.ReserveGoods(more)).then(new S.GoodsShort({ ...more, left: 4_000 }))
  })
  it("goes back into stock", () => {
    const release = new S.ReleaseGoods({ orderId: "o-1" })
    item.given(received, reserved).when(release).then(new S.GoodsReleased(six)).state({ left: 10, reserved: [] })
    item.given(received).when(release).rejects(new S.NotReserved())
  })
})

describe("the laws of an aggregate", () => runLaws(aggregateLaws(StockItemAggregate)))
