import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
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
      }))
    const first = yield* Effect.forkChild(Effect.exit(all))
    yield* TestClock.adjust(leaseMs)
    assert.isTrue(Exit.hasDies(yield* Fiber.join(first)))
    assert.deepStrictEqual(routed, ["d-1", "d-2"])
    const second = yield* Effect.forkChild(all)
    yield* TestClock.adjust(leaseMs)
    yield* Fiber.join(second)
    assert.deepStrictEqual(routed, ["d-1", "d-2", "d-0", "d-1", "d-2"])
  }).pipe(Effect.provideService(Limits, lowered({ reconcilePage: 2 }))))
