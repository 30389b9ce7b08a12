import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Shared from "./Shared.ts"

const setUp = () => {
  const shared = Shared.make()
  const runs: Array<string> = []
  const ask = (who: string) =>
    Effect.forkChild(shared(Effect.andThen(Effect.sync(() => runs.push(who)), Effect.sleep(1_000))))
  return { runs, ask }
}

it.effect("who comes while a run is under way shares the next one, which began later than it came", () =>
  Effect.gen(function* () {
    const { ask, runs } = setUp()
    const first = yield* ask("a")
    yield* TestClock.adjust(500)
    const later = [yield* ask("b"), yield* ask("c"), yield* ask("d")]
    yield* TestClock.adjust(500)
    yield* Fiber.join(first)
    assert.deepStrictEqual(runs, ["a", "b"])
    yield* TestClock.adjust(999)
    assert.isTrue(later.every((fiber) => fiber.pollUnsafe() === undefined))
    yield* TestClock.adjust(1)
    yield* Effect.forEach(later, Fiber.join)
    assert.deepStrictEqual(runs, ["a", "b"])
  }))

it.effect("a run that is interrupted has done nothing for those who wait", () =>
  Effect.gen(function* () {
    const { ask, runs } = setUp()
    yield* ask("a")
    yield* TestClock.adjust(500)
    const [broken, last] = [yield* ask("b"), yield* ask("c")]
    yield* TestClock.adjust(1_000)
    yield* Fiber.interrupt(broken)
    yield* TestClock.adjust(1_000)
    yield* Fiber.join(last)
    assert.deepStrictEqual(runs, ["a", "b", "c"])
  }))
