import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Context, Effect, Layer } from "effect"
import { same } from "../../core/laws/fixtures.ts"
import { defaults } from "../../core/Limits.ts"
import { laws } from "../../core/QueryLimiter.laws.ts"
import { QueryLimiter } from "../../core/QueryLimiter.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { freshFolder } from "../../runtime/adapters/sqlite/testFolder.ts"
import { hammer, patient } from "./race.ts"
import { start } from "./SecondProcess.ts"

const openHere = (folder: string) =>
  Effect.map(Layer.build(Layer.fresh(Sqlite.layer({ folder }))), Context.get(QueryLimiter))
const two = Effect.gen(function* () {
  const folder = yield* freshFolder
  return { folder, here: yield* openHere(folder), there: yield* start(folder) }
})

/** One client asks two processes in turn. */
const takingTurns = Layer.effect(
  QueryLimiter,
  Effect.map(two, ({ here, there }) => {
    let turn = 0
    return { admit: (client) => patient((turn++ % 2 === 0 ? here : there.limiter).admit(client)) }
  }),
)

layer(takingTurns)("a limiter shared by two processes that take turns", (it) => {
  for (const { name, law } of laws) it.effect(name, () => law, 60_000)
})

describe("two processes that limit queries at once", () => {
  it.live(
    "admit each client as often as the limit says, whoever asks, and remember it after both are gone",
    () =>
      Effect.gen(function* () {
        const { folder, here, there } = yield* two
        const clients = Array.from({ length: 30 }, (_, i) => ({ tenant: "t", subject: `client-${i}` }))
        yield* there.hammer({ clients: [], asks: 0, from: 0 })
        const hammering = { clients, asks: 12, from: (yield* Clock.currentTimeMillis) + 100 }
        const [mine, theirs] = yield* Effect.all([hammer(here, hammering), there.hammer(hammering)], {
          concurrency: "unbounded",
        })
        assert.deepEqual(mine.map((count, i) => count + theirs[i]!), clients.map(() => defaults.queries))
        const shared = mine.filter((count) => count > 0 && count < defaults.queries).length
        assert.isAbove(shared, 0, `the processes never met: ${mine} and ${theirs}`)

        const again = yield* Effect.scoped(Effect.flatMap(start(folder), ({ limiter }) => limiter.admit(clients[0]!)))
        yield* same(again._tag, "Refused", "a process that was started later")
      }),
    60_000,
  )
})
