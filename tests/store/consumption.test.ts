import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { laws as letterLaws } from "../../core/DeadLetters.laws.ts"
import { DeadLetters } from "../../core/DeadLetters.ts"
import { streamOf } from "../../core/laws/fixtures.ts"
import { laws as leaseLaws } from "../../core/Leases.laws.ts"
import { Leases } from "../../core/Leases.ts"
import { laws as progressLaws } from "../../core/Progress.laws.ts"
import { Progress } from "../../core/Progress.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import { patient } from "./race.ts"
import { type SecondProcess, start } from "./SecondProcess.ts"

/** Keepers wait for a locked file by the real clock. */
const live = { excludeTestServices: true } as const

const two = Effect.gen(function* () {
  const folder = yield* freshFolder
  return { here: yield* Layer.build(Layer.fresh(Sqlite.layer({ folder }))), there: yield* start(folder) }
})

/** The calls of one keeper go to two processes in turn. */
const takingTurns = <I extends Sqlite.Stores, S extends object>(
  port: Context.Key<I, S>,
  remote: (second: SecondProcess) => S,
) =>
  Layer.effect(
    port,
    Effect.map(two, ({ here, there }) => {
      const keepers = [Context.get(here, port), remote(there)]
      let turn = 0
      const next = () => keepers[turn++ % 2]!
      return new Proxy(keepers[0]!, {
        get: (_, name) => (...args: ReadonlyArray<never>) =>
          patient((next()[name as keyof S] as (...args: ReadonlyArray<never>) => Effect.Effect<unknown>)(...args)),
      })
    }),
  )

layer(takingTurns(Leases, ({ leases }) => leases), live)("leases of two processes that take turns", (it) => {
  for (const { name, law } of leaseLaws) it.effect(name, () => law, 60_000)
})
layer(takingTurns(Progress, ({ progress }) => progress), live)("progress of two processes that take turns", (it) => {
  for (const { name, law } of progressLaws) it.effect(name, () => law, 60_000)
})
layer(takingTurns(DeadLetters, ({ letters }) => letters), live)(
  "dead letters of two processes that take turns",
  (it) => {
    for (const { name, law } of letterLaws) it.effect(name, () => law, 60_000)
  },
)

describe("two processes at once", () => {
  it.live("win each lease once between them, and mark what is highest", () =>
    Effect.gen(function* () {
      const { here, there } = yield* two
      const sides = [
        { leases: Context.get(here, Leases), progress: Context.get(here, Progress) },
        { leases: there.leases, progress: there.progress },
      ] as const
      const names = Array.from({ length: 40 }, (_, i) => `mailer/shard-${i}`)
      yield* there.leases.list("mailer/")
      const taken = yield* Effect.all(
        sides.map(({ leases }, side) =>
          Effect.forEach(names, (name) => patient(leases.take(name, `p${side}`, undefined)))
        ),
        { concurrency: "unbounded" },
      )
      for (const [i, name] of names.entries()) {
        assert.strictEqual(taken.filter((side) => side[i] !== undefined).length, 1, name)
      }
      const stream = streamOf("t", "a")
      yield* Effect.all(
        sides.map(({ progress }, side) =>
          Effect.forEach(names, (_, i) => {
            // The one side counts up, the other down.
            const version = side === 0 ? i + 1 : names.length - i
            return patient(progress.advance("mailer", [{ stream, mark: { version, core: version } }]))
          })
        ),
        { concurrency: "unbounded" },
      )
      for (const { progress } of sides) {
        assert.deepEqual(yield* progress.read("mailer", [stream]), [{ version: names.length, core: names.length }])
      }
    }), 60_000)
})
