import { assert, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import * as Gather from "./Gather.ts"

it.effect("a call that breaks breaks for those who asked, and the next ones are called", () =>
  Effect.gen(function* () {
    const ask = yield* Gather.make(2, (items: ReadonlyArray<number>) => {
      if (items.includes(1)) throw new Error("one")
      return items.includes(2) ? Effect.die(new Error("two")) : Effect.succeed(items.map((item) => item * 10))
    })
    assert.isTrue(Exit.isFailure(yield* Effect.exit(ask(1))))
    assert.isTrue(Exit.isFailure(yield* Effect.exit(ask(2))))
    assert.strictEqual(yield* ask(3), 30)
  }).pipe(Effect.scoped))
