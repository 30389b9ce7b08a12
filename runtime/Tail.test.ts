import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Rig from "../tests/stream/Rig.ts"
import type { Page } from "./Tail.ts"

const tailed =
  (body: (rig: Effect.Success<typeof Rig.open>, trouble: Rig.Troubled) => Effect.Effect<void, never>) => () => {
    const trouble = { failing: () => false, feeds: 0 }
    return Effect.provide(Effect.flatMap(Rig.open, (rig) => body(rig, trouble)), Rig.layerOf({ tailPage: 4 }, trouble))
  }

/** Listens from now on, until the scope that is answered closes. */
const listen = Effect.fnUntraced(function* ({ tail }: Effect.Success<typeof Rig.open>) {
  const scope = yield* Scope.make()
  const pages: Array<Page> = []
  yield* Scope.provide(tail.listen((page) => void pages.push(page), () => []), scope)
  yield* tail.sync
  return { pages, scope, versions: () => pages.flatMap(({ events }) => events.map(({ version }) => version)) }
})

describe("the tail of the feed", () => {
  it.effect(
    "hands every later event out once, page behind page, however many come at once",
    tailed(Effect.fnUntraced(function* (rig) {
      yield* rig.write("a", 3)
      const { pages, versions } = yield* listen(rig)
      for (const count of [1, 9, 4]) {
        yield* rig.write("a", count)
        yield* rig.pass(150)
      }
      assert.deepStrictEqual(versions(), Array.from({ length: 14 }, (_, i) => i + 4))
      for (const [i, page] of pages.entries()) {
        assert.isAtMost(page.events.length, 4)
        if (i > 0) assert.strictEqual(page.before, pages[i - 1]!.cursor)
      }
      assert.strictEqual(rig.tail.cursor(), pages.at(-1)!.cursor)
    })),
  )
  it.effect(
    "reads nothing while nobody listens, and starts anew from the end",
    tailed(Effect.fnUntraced(function* (rig, trouble) {
      yield* rig.write("a")
      rig.tail.wake()
      yield* rig.pass(1_000)
      assert.strictEqual(trouble.feeds, 0)
      const first = yield* listen(rig)
      yield* rig.write("a")
      yield* rig.pass(150)
      yield* Scope.close(first.scope, Exit.void)
      yield* rig.pass(150)
      trouble.feeds = 0
      yield* rig.write("a")
      yield* rig.pass(1_000)
      assert.strictEqual(trouble.feeds, 0)
      const second = yield* listen(rig)
      yield* rig.write("a")
      yield* rig.pass(150)
      assert.deepStrictEqual([first.versions(), second.versions()], [[2], [4]])
    })),
  )
  it.effect(
    "is woken by a commit of its process, and shares a read among those that follow at once",
    tailed(Effect.fnUntraced(function* (rig, trouble) {
      const { versions } = yield* listen(rig)
      yield* rig.pass(1)
      trouble.feeds = 0
      yield* rig.write("a")
      rig.tail.wake()
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(versions(), [1])
      for (let n = 0; n < 3; n++) {
        yield* rig.write("a")
        rig.tail.wake()
      }
      yield* rig.pass(20)
      assert.deepStrictEqual([versions(), trouble.feeds], [[1, 2, 3, 4], 2])
    })),
  )
  it.effect(
    "answers a sync with a place behind all that was stored before, once the store can be read",
    tailed(Effect.fnUntraced(function* (rig, trouble) {
      const { versions } = yield* listen(rig)
      trouble.failing = () => true
      yield* rig.write("a", 9)
      const waiting = yield* Effect.forkChild(rig.tail.sync)
      yield* rig.pass(2_000)
      assert.isUndefined(waiting.pollUnsafe())
      trouble.failing = () => false
      yield* rig.pass(200)
      assert.strictEqual(yield* Fiber.join(waiting), rig.tail.cursor())
      assert.strictEqual(versions().length, 9)
    })),
  )
})
