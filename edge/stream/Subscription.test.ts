import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { defaults } from "../../core/Limits.ts"
import { BadCursor, type Shape as Store, type StoredEvent } from "../../core/EventStore.ts"
import { readFeed } from "../../runtime/Tail.ts"
import * as Subscription from "./Subscription.ts"

const event = (id: string, version: number, tenant = "t"): StoredEvent => ({
  ...{ tenant, aggregate: "Box", id, version, eventId: `${id}${version}`, type: "ItemPut", schemaVersion: 1 },
  ...{ payload: "{}", recordedAt: 0, commandId: "c", fingerprint: "", correlationId: "c", causationId: undefined },
  ...{ principal: "s", traceparent: undefined, writerId: "w" },
})
const ofIds = (versions: Record<string, number>): Subscription.OfIds => ({
  ...{ _tag: "OfIds", name: "s", tenant: "t", aggregate: "Box", types: undefined, cursor: undefined },
  ...{ versions: new Map(Object.entries(versions)), behind: new Map(), limit: 100 },
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
  it.effect("stays behind where a newer version was heard of while it read", () =>
    Effect.gen(function* () {
      const self = ofIds({ a: 1 })
      self.behind.set("a", 0)
      const store = { read: () => Effect.sync(() => (offer(self, event("a", 2)), [])) } as unknown as Store
      const batch = yield* Subscription.read(self, { store, tail: tailAt("1"), limits: defaults })
      batch.commit()
      assert.isTrue(Subscription.isBehind(self))
    }))
})

const nothing: Pick<Store, "feed"> = { feed: () => Effect.succeed({ items: [], cursor: undefined }) }
const tailAt = (cursor: string, store: Pick<Store, "feed"> = nothing) => ({
  ...{
    wake: () => {},
    onWake: () => Effect.void,
    listen: () => Effect.void,
    cursor: () => cursor,
    sync: Effect.succeed(cursor),
    read: readFeed(store),
    placeOf: () => Effect.fail(new BadCursor()),
  },
})

describe("a subscription to the feed", () => {
  const ofFeed = (cursor: string): Subscription.OfFeed => ({
    ...{ _tag: "OfFeed", name: "s", tenant: "t", aggregate: undefined, types: undefined, live: false, cursor },
    ...{ synced: undefined, wantsSync: false, limit: 100 },
  })
  /** Answers these pages one after the other, then empty ones. */
  const storeOf = (...pages: ReadonlyArray<{ items: ReadonlyArray<StoredEvent>; cursor: string }>) => {
    const left = [...pages]
    return {
      feed: (cursor: string) => Effect.sync(() => left.shift() ?? { items: [], cursor }),
    } as unknown as Store
  }
  const step = (self: Subscription.OfFeed, store: Store, at: string) =>
    Effect.map(Subscription.read(self, { store, tail: tailAt(at, store), limits: defaults }), (batch) => batch.commit())

  it.effect("is live where it meets the tail, or where the tail has stood still since before an empty read", () =>
    Effect.gen(function* () {
      const met = ofFeed("1")
      yield* step(met, storeOf({ items: [event("a", 1)], cursor: "2" }), "2")
      assert.isTrue(met.live)
      const other = ofFeed("2")
      const store = storeOf()
      yield* step(other, store, "two")
      assert.deepStrictEqual([other.live, other.wantsSync], [false, true])
      yield* step(other, store, "two")
      assert.isTrue(other.live)
    }))
  it.effect("is not live where it has gone past the tail since it had waited for it", () =>
    Effect.gen(function* () {
      const self = ofFeed("1")
      self.wantsSync = true
      const store = storeOf({ items: [event("a", 1)], cursor: "2" })
      yield* step(self, store, "one")
      assert.deepStrictEqual([self.live, self.synced, self.wantsSync], [false, undefined, true])
    }))
})

describe("a subscription that is behind", () => {
  const log = Array.from({ length: 100 }, (_, i) => ({ ...event("a", i + 1), payload: "x".repeat(60_000) }))
  /** All that was given out, again and again. */
  const counting = () => {
    let given = 0
    const give = (after: number, limit: number) =>
      Effect.sync(() => {
        const items = log.slice(after, after + limit)
        given += items.length
        return items
      })
    const store = {
      read: (_: unknown, after: number, limit: number) => give(after, limit),
      feed: (cursor: string | undefined, limit: number) =>
        Effect.map(
          give(Number(cursor ?? 0), limit),
          (items) => ({ items, cursor: String(Number(cursor ?? 0) + items.length) }),
        ),
    }
    return { store: store as unknown as Store, given: () => given }
  }
  const shared = { name: "s", tenant: "t", types: undefined, limit: 100 }
  const kinds: ReadonlyArray<Subscription.Subscription> = [
    {
      ...{ _tag: "OfFeed", ...shared, aggregate: undefined, live: false, cursor: undefined },
      ...{ synced: undefined, wantsSync: false },
    },
    {
      ...{ _tag: "OfIds", ...shared, aggregate: "Box", cursor: undefined },
      ...{ versions: new Map([["a", 0]]), behind: new Map([["a", 0]]) },
    },
  ]
  for (const self of kinds) {
    it.effect(`reads large events few times (${self._tag})`, () =>
      Effect.gen(function* () {
        const { given, store } = counting()
        const told: Array<number> = []
        while (Subscription.isBehind(self)) {
          const batch = yield* Subscription.read(self, { store, tail: tailAt("100", store), limits: defaults })
          assert.isTrue(batch.events.length <= 1 || batch.events.length * 60_400 <= defaults.frameBytes)
          told.push(...batch.events.map(({ version }) => version))
          batch.commit()
        }
        assert.deepStrictEqual(told, log.map(({ version }) => version))
        assert.isAtMost(given(), 4 * log.length)
      }))
  }
})
