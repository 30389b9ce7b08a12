import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as leased from "./leased.ts"

it.effect("a lease of one that died is taken in time, and one that is kept is not, whatever the clock on the wall does", () =>
  Effect.gen(function* () {
    const leases = yield* LeasesMemory.make()
    const clock = yield* Clock.Clock
    let jump = 0
    const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() + jump
    const jumping: Clock.Clock = {
      ...clock,
      sleep: (duration) => clock.sleep(duration),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      currentTimeMillisUnsafe,
      currentTimeMillis: Effect.sync(currentTimeMillisUnsafe),
    }
    const ask = leased.make(leases, "b", 9_000)("a/b", Effect.succeed("mine")).pipe(
      Effect.provideService(Clock.Clock, jumping),
    )
    const dead = yield* leases.take("a/b", "dead", undefined)
    assert.isTrue(Option.isNone(yield* ask))
    jump = 3_600_000
    assert.isTrue(Option.isNone(yield* ask), "a jump ahead is no time")
    jump = -3_600_000
    yield* TestClock.adjust(9_000)
    assert.deepStrictEqual(yield* ask, Option.some("mine"))
    assert.isUndefined(yield* leases.keep(dead!))

    const own = leased.make(leases, "c", 9_000)
    const long = yield* Effect.forkChild(
      own("a/b", Effect.as(Effect.sleep(60_000), "done")).pipe(Effect.provideService(Clock.Clock, jumping)),
    )
    for (let i = 0; i < 59; i++) {
      yield* TestClock.adjust(1_000)
      jump = i % 2 === 0 ? 3_600_000 : -3_600_000
      assert.isTrue(Option.isNone(yield* ask))
    }
    yield* TestClock.adjust(1_000)
    assert.deepStrictEqual(yield* Fiber.join(long), Option.some("done"))
  }))
