import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { laws } from "../../core/EventStore.laws.ts"
import { EventStore, type Shape } from "../../core/EventStore.ts"
import { append, noop, readAll, refused, same, streamOf } from "../../core/laws/fixtures.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import { patient } from "./race.ts"
import { start } from "./SecondProcess.ts"
import { contended, fenced } from "./twoProcesses.ts"

const two = Effect.gen(function* () {
  const folder = yield* freshFolder
  const here = Context.get(yield* Layer.build(Layer.fresh(Sqlite.layer({ folder }))), EventStore)
  return { here, there: yield* start(folder) }
})

/** The calls of one store go to two processes in turn. */
const takingTurns = Layer.effect(
  EventStore,
  Effect.map(two, ({ here, there }) => {
    let turn = 0
    return new Proxy(here, {
      get: (_, name) => {
        if (!(name in there.store)) return here[name as keyof Shape]
        return (...args: ReadonlyArray<never>) => {
          const store = turn++ % 2 === 0 ? here : there.store
          const method = store[name as "head"] as unknown as (...args: ReadonlyArray<never>) => Effect.Effect<unknown>
          return patient(method(...args))
        }
      },
    })
  }),
)

layer(takingTurns)("two processes that take turns on one file", (it) => {
  for (const { name, law } of laws) it.effect(name, () => law, 30_000)
})

describe("two processes on one file", () => {
  it.live(
    "win each version once between them, without gaps, and honour each other's receipts",
    () => contended(two, 3, 20),
    60_000,
  )

  it.live("fence what one of them decided before the other wrote", () => fenced(two), 30_000)

  it.live("take a refusal of the one for a repeat in the other", () =>
    Effect.gen(function* () {
      const { here, there } = yield* two
      const stream = streamOf("t", "a")
      for (
        const [i, one] of [refused(stream, 0, "no"), noop(stream, 0, "nothing"), append(stream, 0, "yes")].entries()
      ) {
        const [first, second] = i % 2 === 0 ? [here, there.store] : [there.store, here]
        assert.strictEqual((yield* first.commit([one]))[0]!._tag, "Committed")
        const again = (yield* second.commit([one]))[0]!
        assert.strictEqual(again._tag, "Duplicate")
        yield* same(
          again._tag === "Duplicate" && again.receipt,
          yield* first.receipt(stream, one.command!.commandId),
          "receipt",
        )
      }
      assert.strictEqual((yield* readAll(here, stream)).length, 1)
    }), 30_000)

  it.live("make one file between them, however many start at once", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const started = yield* Effect.all(Array.from({ length: 6 }, () => start(folder)), { concurrency: "unbounded" })
      const heads = yield* Effect.all(
        started.map(({ store }, i) =>
          Effect.gen(function* () {
            yield* patient(store.commit([append(streamOf("t", `s-${i}`), 0, "c")]))
            return (yield* store.head(streamOf("t", `s-${i}`))).version
          })
        ),
        { concurrency: "unbounded" },
      )
      assert.deepEqual(heads, Array(6).fill(1))
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
    }), 60_000)
})
