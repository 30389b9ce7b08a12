import { assert, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { ChangeFeed } from "../../core/ChangeFeed.ts"
import { EventStore } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { append, stored, streamOf } from "../../core/laws/fixtures.ts"
import { Tail } from "../Tail.ts"
import * as EmbeddedFeed from "./EmbeddedFeed.ts"

const setUp = Effect.map(
  Layer.build(EmbeddedFeed.layer.pipe(Layer.provideMerge(Tail.layer), Layer.provideMerge(EventStoreMemory.layer))),
  (services) => ({
    feed: Context.get(services, ChangeFeed),
    store: Context.get(services, EventStore),
    tail: Context.get(services, Tail),
  }),
)
const a = streamOf("t", "a")

it.effect("the embedded feed reads on behind any position it gave, and says how it ends", () =>
  Effect.gen(function* () {
    const { feed, store } = yield* setUp
    assert.deepStrictEqual(yield* feed.shards, [{ id: "all", parents: [] }])
    const none = yield* feed.read("all", undefined, 10)
    assert.deepStrictEqual([none.items, none.isEnd, none.behindMs], [[], false, 0])
    yield* stored(store, append(a, 0, "1", 5))
    const first = yield* feed.read("all", none.next, 3)
    assert.deepStrictEqual(first.items.map(({ value }) => value.version), [1, 2, 3])
    assert.isUndefined(first.behindMs)
    for (const [i, { position }] of first.items.entries()) {
      const { items } = yield* feed.read("all", position, 10)
      assert.include(items.map(({ value }) => value.version), i + 2)
    }
    assert.deepStrictEqual((yield* feed.read("all", first.next, 10)).items.map(({ value }) => value.version), [4, 5])
    assert.strictEqual((yield* Effect.flip(feed.read("all", "none of ours", 10)))._tag, "Trimmed")
  }))

it.effect("a wait ends when this process stores something, also between the last read and the wait, else in time", () =>
  Effect.gen(function* () {
    const { feed, tail } = yield* setUp
    yield* feed.wait(1_000)
    yield* feed.read("all", undefined, 10)
    const waiting = yield* Effect.forkChild(feed.wait(1_000), { startImmediately: true })
    tail.wake()
    yield* Fiber.join(waiting)
    yield* feed.wait(1_000)
    yield* feed.read("all", undefined, 10)
    const late = yield* Effect.forkChild(feed.wait(1_000), { startImmediately: true })
    yield* TestClock.adjust(999)
    assert.isUndefined(late.pollUnsafe())
    yield* TestClock.adjust(1)
    yield* Fiber.join(late)
  }))

it.effect("who is woken may wait again at once, and does not hold up whoever stored something", () =>
  Effect.gen(function* () {
    const { feed, tail } = yield* setUp
    yield* feed.read("all", undefined, 10)
    let woken = 0
    const again = Effect.gen(function* () {
      while (woken < 1_000) {
        yield* feed.wait(60_000)
        woken++
        yield* feed.read("all", undefined, 10)
      }
    })
    const [one, other] = [yield* Effect.forkChild(again), yield* Effect.forkChild(again)]
    yield* TestClock.adjust(0)
    tail.wake()
    yield* TestClock.adjust(0)
    assert.strictEqual(woken, 2)
    tail.wake()
    yield* TestClock.adjust(0)
    assert.strictEqual(woken, 4)
    yield* Fiber.interruptAll([one, other])
  }))
