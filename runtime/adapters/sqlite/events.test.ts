import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { laws, reopened } from "../../../core/EventStore.laws.ts"
import { EventStore, type Shape } from "../../../core/EventStore.ts"
import { append, fence, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { connect } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite store", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
})

/** Two openings of one file that take turns: whatever one of them believes, the other may have changed. */
const takingTurns = Layer.effect(
  EventStore,
  Effect.gen(function* () {
    const folder = yield* freshFolder
    const open = Effect.map(
      Layer.build(Layer.fresh(Sqlite.layer({ folder }))),
      (context) => Context.get(context, EventStore),
    )
    const stores = [yield* open, yield* open] as const
    let turn = 0
    return new Proxy(stores[0], { get: (_, name) => stores[turn++ % 2]![name as keyof Shape] })
  }),
)

describe("two connections to one file", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, takingTurns))
})

describe("the file", () => {
  it.effect("refuses to change or delete an event, whoever asks", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const store = Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore)
      yield* stored(store, append(streamOf("t", "a"), 0, "c", 2))
      const other = connect(`${folder}/nexus.db`)
      assert.throws(() => other.prepare("UPDATE events SET payload = '{}'").run(), /never changed/)
      assert.throws(() => other.prepare("DELETE FROM events WHERE version = 2").run(), /never deleted/)
      other.close()
      assert.strictEqual((yield* store.read(streamOf("t", "a"), 0, 9)).length, 2)
      yield* stored(store, fence(streamOf("t", "a"), 2))
    }))
})
