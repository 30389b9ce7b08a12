import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import { streamOf } from "../../core/laws/fixtures.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import type { Shape } from "../../core/Progress.ts"
import * as ProgressMemory from "../../core/ProgressMemory.ts"
import * as Marks from "./Marks.ts"

const [a, b] = [streamOf("t", "a"), streamOf("t", "b")]

it.effect("a mark that was read before it was raised is not remembered", () =>
  Effect.gen(function* () {
    const [memory, gate, asked] = [ProgressMemory.make(), yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    let isSlow = false
    const progress: Shape = {
      ...memory,
      read: (...what) =>
        Effect.tap(
          memory.read(...what),
          () => isSlow ? Effect.andThen(Deferred.succeed(asked, undefined), Deferred.await(gate)) : Effect.void,
        ),
    }
    const marks = yield* Marks.make("one", progress, DeadLettersMemory.make())
    yield* marks.of(a)
    // There is room for one.
    yield* marks.of(b)
    isSlow = true
    const reading = yield* Effect.forkChild(marks.ready([a]))
    yield* Deferred.await(asked)
    isSlow = false
    yield* marks.raise(a, { version: 1, core: 1 })
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.join(reading)
    assert.deepStrictEqual(yield* marks.of(a), { _tag: "Live", mark: { version: 1, core: 1 } })
  }).pipe(Effect.scoped, Effect.provideService(Limits, lowered({ marks: 1 }))))
