import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Event } from "./Event.ts"

const v1 = Event.v1("Priced", { pounds: Schema.Finite })
const v2 = v1.v2({ pence: Schema.Int }, (old) => ({ pence: Math.round(old.pounds * 100) }))
const v3 = v2.v3({ pence: Schema.Int, currency: Schema.String }, (old) => ({ ...old, currency: "GBP" }))

describe("Event", () => {
  it("keeps every version beside its upcaster, in order", () => {
    assert.deepEqual(v3.versions.map((fields) => Object.keys(fields)), [["pounds"], ["pence"], ["pence", "currency"]])
    assert.deepEqual(v3.upcasters.map((upcast) => upcast({ pounds: 1.5, pence: 2 } as never)), [
      { pence: 150 },
      { pounds: 1.5, pence: 2, currency: "GBP" },
    ])
    assert.lengthOf(v1.versions, 1)
  })
  it("constructs the newest version alone", () => {
    assert.deepEqual({ ...new v3({ pence: 1, currency: "EUR" }) }, { _tag: "Priced", pence: 1, currency: "EUR" })
    assert.throws(() => new v3({ pence: 1 } as never), /\/currency/)
  })
  it("offers only the next number", () => {
    assert.deepEqual(["v1", "v2", "v3", "v4"].filter((name) => name in v2), ["v3"])
    assert.deepEqual(["v1", "v2", "v3"].filter((name) => name in v1), ["v2"])
  })
  it("travels on the core path unless declared secondary, before or after its next version", () => {
    assert.deepEqual([v3.route, v3.secondary.route], ["core", "secondary"])
    assert.strictEqual(v1.secondary.v2({}, () => ({})).route, "secondary")
    assert.deepEqual(v3.secondary.versions, v3.versions)
    assert.strictEqual(v3.secondary.upcasters.length, 2)
  })
})
