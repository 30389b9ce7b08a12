import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Ids from "./Ids.ts"
import { idPattern } from "./Stream.ts"

const uuid = (version: 7 | 8) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
const time = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 48 - 1 })))
const fraction = Schema.Finite.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: 0.9999999999999999 })))
/** Gives the numbers in turn, again and again. */
const cycle = (numbers: ReadonlyArray<number>) => {
  let calls = 0
  return () => numbers[calls++ % numbers.length]!
}

describe("uuidV7()", () => {
  it.effect.prop("is a UUIDv7 of the time, whatever the randomness", { now: time, a: fraction, b: fraction }, (
    { now, a, b },
  ) =>
    Effect.sync(() => {
      const id = Ids.uuidV7(now, cycle([a, b, 0, 0.9999999999999999]))
      assert.match(id, uuid(7))
      assert.match(id, idPattern)
      assert.strictEqual(parseInt(id.slice(0, 8) + id.slice(9, 13), 16), now)
    }), { arbitrary: { runs: 300 } })
  it.effect.prop("sorts as text by time", { a: time, b: time }, ({ a, b }) =>
    Effect.sync(() => {
      if (a !== b) assert.strictEqual(Ids.uuidV7(a, () => 0.999) < Ids.uuidV7(b, () => 0), a < b)
    }), { arbitrary: { runs: 300 } })
  it("uses all of its 74 random bits", () => {
    const bits = (id: string) => BigInt(`0x${id.replaceAll("-", "")}`)
    const [low, high] = [bits(Ids.uuidV7(0, () => 0)), bits(Ids.uuidV7(0, () => 0.9999999999999999))]
    assert.lengthOf((low ^ high).toString(2).replaceAll("0", ""), 74)
  })
})

describe("ofCommand()", () => {
  const stream = { tenant: "t", aggregate: "Order", id: "o-1" }
  it("depends on stream, command id and call number alone", () => {
    const all = [
      Ids.ofCommand(stream, "c-1", 0),
      Ids.ofCommand(stream, "c-1", 1),
      Ids.ofCommand(stream, "c-2", 0),
      Ids.ofCommand({ ...stream, id: "o-2" }, "c-1", 0),
      Ids.ofCommand({ ...stream, tenant: "u" }, "c-1", 0),
      Ids.ofCommand({ ...stream, aggregate: "Cart" }, "c-1", 0),
    ]
    assert.lengthOf(new Set(all), all.length)
    assert.strictEqual(all[0], Ids.ofCommand({ ...stream }, "c-1", 0))
    for (const id of all) assert.match(id, uuid(8))
  })
  it.effect.prop(
    "is a UUIDv8 for every call",
    { n: Schema.Int },
    ({ n }) => Effect.sync(() => assert.match(Ids.ofCommand(stream, "c-1", n), uuid(8))),
    { arbitrary: { runs: 300 } },
  )
})

describe("ofEvent()", () => {
  const event = { tenant: "t", aggregate: "Order", id: "o-1", version: 3 }
  it("depends on consumer, event and parts alone, which cannot run into each other", () => {
    const all = [
      Ids.ofEvent("a", event),
      Ids.ofEvent("a", event, ""),
      Ids.ofEvent("a", event, "x", "yz"),
      Ids.ofEvent("a", event, "xy", "z"),
      Ids.ofEvent("a", event, "x\ny", "z"),
      Ids.ofEvent("b", event),
      Ids.ofEvent("a", { ...event, version: 4 }),
      Ids.ofEvent("a", { ...event, tenant: "u" }),
    ]
    assert.lengthOf(new Set(all), all.length)
    assert.strictEqual(all[0], Ids.ofEvent("a", { ...event }))
    for (const id of all) assert.match(id, uuid(8))
  })
})
