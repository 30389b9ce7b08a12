import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Connection } from "./connection.ts"
import * as Signal from "./signal.ts"

/** A file whose version others raise. */
const file = () => {
  let version = 1
  const connection = { read: () => Effect.sync(() => version) } as unknown as Connection
  return { written: () => void version++, signal: Signal.make(connection, 100) }
}
const after = (ms: number) => Effect.as(TestClock.adjust(ms), undefined)

it.effect("each of those who wait hears of what another process has written, soon", () =>
  Effect.gen(function* () {
    const { signal, written } = file()
    yield* Effect.forkChild(signal.wait(100))
    yield* after(100)
    const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(signal.wait(10_000)))
    yield* after(250)
    assert.isTrue(waiting.every((fiber) => fiber.pollUnsafe() === undefined), "nobody has written")
    written()
    yield* after(100)
    assert.deepStrictEqual(waiting.map((fiber) => fiber.pollUnsafe() !== undefined), [true, true, true])
  }))

it.effect("a wait takes its time and no longer, also where the clock is set back meanwhile", () =>
  Effect.gen(function* () {
    const { signal } = file()
    yield* Effect.forkChild(signal.wait(100))
    yield* after(100)
    const clock = yield* Clock.Clock
    let back = 0
    const backwards: Clock.Clock = {
      ...clock,
      sleep: (ms) => clock.sleep(ms),
      currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - back,
      currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() - back),
    }
    const waiting = yield* Effect.forkChild(Effect.provideService(signal.wait(1_000), Clock.Clock, backwards))
    yield* after(500)
    back = 3_600_000
    for (let i = 0; i < 6; i++) yield* after(100)
    assert.isDefined(waiting.pollUnsafe())
    yield* Fiber.interrupt(waiting)
  }))
