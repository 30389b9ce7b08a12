import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Latch } from "effect"
import { TestClock } from "effect/testing"
import type { StreamHead } from "../../core/ChangeFeed.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import { start } from "../../core/Progress.ts"
import * as Reconciler from "./Reconciler.ts"

/** So many streams, none of which was ever routed, two a page. */
const feedOf = (count: number) => ({
  heads: (cursor = "0") => {
    const [at, next] = [Number(cursor), Number(cursor) + 2]
    const items = Array.from({ length: Math.min(2, count - at) }, (_, i): StreamHead => ({
      ...{ stream: { tenant: "t", aggregate: "Door", id: `d-${at + i}` }, version: 1 },
    }))
    return Effect.succeed({ items, cursor: next < count ? String(next) : undefined })
  },
})
const progress = { read: (_: string, streams: ReadonlyArray<unknown>) => Effect.succeed(streams.map(() => start)) }

it.effect("a walk in which a stream breaks is not taken for done, and has routed all others", () =>
  Effect.gen(function* () {
    const routed: Array<string> = []
    const { leaseMs } = yield* Limits
    const { all } = yield* Reconciler.make(feedOf(3), progress, ({ stream }) =>
      Effect.suspend(() => {
        if (stream.id === "d-0" && routed.length === 0) return Effect.die(new Error("broken"))
        return Effect.map(Effect.sleep(1_000), () => void routed.push(stream.id))
      }), () => true)
    const first = yield* Effect.forkChild(Effect.exit(all))
    yield* TestClock.adjust(leaseMs)
    assert.isTrue(Exit.hasDies(yield* Fiber.join(first)))
    assert.deepStrictEqual(routed, ["d-1", "d-2"])
    const second = yield* Effect.forkChild(all)
    yield* TestClock.adjust(leaseMs)
    yield* Fiber.join(second)
    assert.deepStrictEqual(routed, ["d-1", "d-2", "d-0", "d-1", "d-2"])
  }).pipe(Effect.provideService(Limits, lowered({ reconcilePage: 2 }))))

it.effect("streams that wait hold no walk up, are followed on, and only so many of them", () =>
  Effect.gen(function* () {
    const [open, routed, held] = [yield* Latch.make(), new Map<string, number>(), { is: true }]
    const waiters: Array<string> = []
    const heads = { count: 6, version: 1 }
    const feed = {
      heads: (cursor?: string) =>
        Effect.map(feedOf(heads.count).heads(cursor), (page) => ({
          ...page,
          items: page.items.map((head) => ({ ...head, version: heads.version })),
        })),
    }
    const marks = {
      read: (_: string, streams: ReadonlyArray<StreamHead["stream"]>) =>
        Effect.succeed(streams.map(({ id }) => ({ version: routed.get(id) ?? 0, core: 0 }))),
    }
    const stuck = new Set(["d-0", "d-2", "d-4"])
    const { leaseMs, reconcileMs } = yield* Limits
    const { all } = yield* Reconciler.make(
      feed,
      marks,
      ({ stream: { id }, version }, onWait) =>
        Effect.gen(function* () {
          if (stuck.has(id)) {
            waiters.push(id)
            yield* Effect.raceFirst(
              Effect.forever(Effect.andThen(Effect.sync(onWait), Effect.sleep(1_000))),
              open.await,
            )
              .pipe(Effect.ensuring(Effect.sync(() => waiters.splice(waiters.indexOf(id), 1))))
          }
          routed.set(id, Math.max(version, routed.get(id) ?? 0))
        }),
      () => held.is,
    )
    const walk = Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(all)
      yield* TestClock.adjust(2 * leaseMs)
      return fiber
    })
    // Two have room to wait, and the third one holds the walk.
    const first = yield* walk
    assert.isUndefined(first.pollUnsafe())
    assert.deepStrictEqual([...routed.keys()], ["d-1", "d-3", "d-5"])
    assert.deepStrictEqual(waiters.toSorted(), ["d-0", "d-2", "d-4"])
    stuck.delete("d-4")
    yield* Fiber.interrupt(first)
    heads.version = 2
    // Again and again, and no more wait for it.
    for (let i = 0; i < 3; i++) yield* Fiber.join(yield* walk)
    assert.deepStrictEqual(waiters.toSorted(), ["d-0", "d-2"])
    assert.deepStrictEqual([...routed], [["d-1", 2], ["d-3", 2], ["d-5", 2], ["d-4", 2]])
    stuck.clear()
    yield* open.open
    yield* TestClock.adjust(1_000)
    assert.deepStrictEqual([routed.get("d-0"), routed.get("d-2")], [2, 2], "as far as the last walk has seen")

    // Who has no shard any more leaves it to others.
    yield* open.close
    for (const id of ["d-0", "d-2"]) {
      stuck.add(id)
      routed.delete(id)
    }
    yield* Fiber.join(yield* walk)
    assert.lengthOf(waiters, 2)
    held.is = false
    yield* TestClock.adjust(reconcileMs)
    assert.deepStrictEqual(waiters, [])
  }).pipe(Effect.provideService(Limits, lowered({ reconcilePage: 2, shardWindow: 2 }))))
