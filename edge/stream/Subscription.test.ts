import { assert, describe, it } from "@effect/vitest"
import { defaults } from "../../core/Limits.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import * as Subscription from "./Subscription.ts"

const event = (id: string, version: number, tenant = "t"): StoredEvent => ({
  ...{ tenant, aggregate: "Box", id, version, eventId: `${id}${version}`, type: "ItemPut", schemaVersion: 1 },
  ...{ payload: "{}", recordedAt: 0, commandId: "c", fingerprint: "", correlationId: "c", causationId: undefined },
  ...{ principal: "s", traceparent: undefined, writerId: "w" },
})
const ofIds = (versions: Record<string, number>): Subscription.OfIds => ({
  ...{ _tag: "OfIds", name: "s", tenant: "t", aggregate: "Box", types: undefined, cursor: undefined },
  ...{ versions: new Map(Object.entries(versions)), behind: new Map() },
})
const page = (...events: ReadonlyArray<StoredEvent>) => ({ events, before: "0", cursor: "1", broken: false })
const offer = (self: Subscription.Subscription, ...events: ReadonlyArray<StoredEvent>) => {
  const batch = Subscription.offer(self, page(...events), () => true, defaults)
  batch?.commit()
  return batch?.events.map(({ id, version }) => `${id}${version}`)
}

describe("a subscription to instances", () => {
  it("takes the next versions, skips what it had, and is not told of others", () => {
    const self = ofIds({ a: 1, b: 0 })
    const found = offer(self, event("a", 1), event("a", 2), event("c", 1), event("b", 1, "u"), event("a", 3))
    assert.deepStrictEqual(found, ["a2", "a3"])
    assert.deepStrictEqual([...self.versions], [["a", 3], ["b", 0]])
  })
  it("falls behind where a version is missing, and the others go on", () => {
    const self = ofIds({ a: 1, b: 0 })
    assert.deepStrictEqual(offer(self, event("a", 3), event("b", 1)), ["b1"])
    assert.deepStrictEqual([...self.behind], [["a", 3]])
    assert.isUndefined(offer(self, event("a", 4)))
    assert.deepStrictEqual([...self.behind], [["a", 4]])
  })
})
