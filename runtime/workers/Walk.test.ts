import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { StreamHead } from "../../core/ChangeFeed.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import { Door } from "./testConsumers.ts"
import * as Walk from "./Walk.ts"

/** So many streams, two a page; those that are stuck are not done. */
const setUp = (count: number) => {
  const [stuck, done, isHeld] = [new Set<string>(), [] as Array<string>, () => true]
  const heads = (cursor = "0") => {
    const [at, next] = [Number(cursor), Number(cursor) + 2]
    const items = Array.from({ length: Math.min(2, count - at) }, (_, i): StreamHead => ({
      ...{ stream: { tenant: "t", aggregate: "Door", id: `d-${at + i}` }, version: 1 },
    }))
    return Effect.succeed({ items, cursor: next < count ? String(next) : undefined })
  }
  const core = {
    walk: ({ stream: { id } }: StreamHead) => Effect.sync(() => !stuck.has(id) && done.push(id) > 0),
  }
  const walk = Walk.make(
    { consumer: { contract: Door } as never, feed: { heads }, core },
    () => ({ left: {}, secondaryBeforeMs: 0 }),
    Effect.void,
  )
  return { stuck, done, isHeld, walk }
}
const within = Effect.provideService(Limits, lowered({ page: 2, shardWindow: 2 }))

it.effect("as many streams as may wait hold no page up, one more does, and all are done once they can be", () =>
  Effect.gen(function* () {
    const { done, isHeld, stuck, walk } = setUp(8)
    for (const id of ["d-0", "d-2", "d-4"]) stuck.add(id)
    const cursors: Array<string> = []
    const fiber = yield* Effect.forkChild(walk.run(isHeld, undefined, (cursor) => void cursors.push(cursor)))
    yield* TestClock.adjust(120_000)
    assert.deepStrictEqual(done, ["d-1", "d-3", "d-5"])
    stuck.delete("d-2")
    yield* TestClock.adjust(120_000)
    assert.deepStrictEqual(done, ["d-1", "d-3", "d-5", "d-2", "d-6", "d-7"])
    assert.deepStrictEqual(cursors, [], "in front of the one that waits nothing may be kept")
    assert.isUndefined(fiber.pollUnsafe())
    stuck.clear()
    yield* TestClock.adjust(120_000)
    yield* Fiber.join(fiber)
    assert.deepStrictEqual(done.slice(6).sort(), ["d-0", "d-4"])
  }).pipe(within))

it.effect("who comes while a stream waits is through with the others, and goes on where the first was interrupted", () =>
  Effect.gen(function* () {
    const { done, isHeld, stuck, walk } = setUp(4)
    stuck.add("d-0")
    const first = yield* Effect.forkChild(walk.run(isHeld))
    yield* TestClock.adjust(60_000)
    assert.deepStrictEqual(done, ["d-1", "d-2", "d-3"])
    const second = yield* Effect.forkChild(walk.run(isHeld))
    yield* TestClock.adjust(60_000)
    assert.deepStrictEqual(done.slice(3), ["d-1", "d-2", "d-3"])
    yield* Fiber.interrupt(first)
    assert.isUndefined(second.pollUnsafe())
    stuck.clear()
    yield* TestClock.adjust(60_000)
    yield* Fiber.join(second)
    assert.deepStrictEqual(done.slice(6), ["d-0"])
  }).pipe(within))
