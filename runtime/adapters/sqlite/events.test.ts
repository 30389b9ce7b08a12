import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { laws, reopened } from "../../../core/EventStore.laws.ts"
import { EventStore, type Shape } from "../../../core/EventStore.ts"
import { append, epochMs, fence, refused, stored, streamOf, withClock } from "../../../core/laws/fixtures.ts"
import * as Limits from "../../../core/Limits.ts"
import { connect, run } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder, openedIn } from "./testFolder.ts"

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
    const open = openedIn(folder)
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

  it.effect("forgets expired receipts in steps, as new ones come", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const store = Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore)
      const hands = { ms: epochMs }
      const refuse = (name: string, count: number) =>
        Effect.forEach(
          Array.from({ length: count }, (_, i) => refused(streamOf("t", `s-${i}`), 0, `${name}-${i}`)),
          (one) => stored(store, one),
        ).pipe(withClock(hands))
      yield* refuse("old", 50)
      hands.ms += Limits.defaults.receiptTtlMs + 1
      yield* refuse("new", 20)
      const driver = connect(`${folder}/nexus.db`)
      const count = () => (run(driver, "SELECT count(*) AS n FROM receipts") as { readonly n: number }).n
      assert.strictEqual(count(), 50 - 20 * 2 + 20)
      yield* refuse("newer", 20)
      assert.strictEqual(count(), 40)
      driver.close()
    }))

  it.effect("refuses the cursor of a feed that was longer, as after a restore of an older copy", () =>
    Effect.gen(function* () {
      const filled = Effect.fnUntraced(function* (count: number) {
        const store = Context.get(yield* Layer.build(Layer.fresh(fresh)), EventStore)
        yield* stored(store, append(streamOf("t", "a"), 0, "c", count))
        return store
      })
      const [long, short] = [yield* filled(3), yield* filled(1)]
      const { cursor } = yield* long.feed(undefined, 9)
      assert.strictEqual((yield* Effect.flip(short.feed(cursor, 9)))._tag, "BadCursor")
      assert.strictEqual((yield* long.feed(cursor, 9)).cursor, cursor)
    }))
})
