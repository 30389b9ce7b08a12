import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore, type Shape } from "../../../core/EventStore.ts"
import { append, readAll, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { connect, type Driver, run } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { sqliteError, watched } from "./testDriver.ts"
import { freshFolder, openedIn } from "./testFolder.ts"

const [long, short] = [streamOf("t", "long"), streamOf("t", "short")]
/** Moves begin after some 4,000. */
const versions = 13_000
const perAppend = 50

const grow = (store: Shape, from: number, to: number) =>
  store.commit(
    Array.from({ length: (to - from) / perAppend }, (_, i) =>
      append(long, from + i * perAppend, `c-${from + i * perAppend}`, perAppend)),
  )

describe("places", () => {
  it.effect("are moved as the feed grows, and every page is read across both tables", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const store = Context.get(yield* Layer.build(Sqlite.layer({ folder })), EventStore)
      const driver = connect(`${folder}/nexus.db`)
      const count = (table: string) => (run(driver, `SELECT count(*) AS n FROM ${table}`) as { readonly n: number }).n
      yield* stored(store, append(short, 0, "first"))
      for (let from = 0; from < versions; from += 500) {
        yield* grow(store, from, from + 500)
        assert.isBelow(count("new_places"), 4096 + 256)
      }
      assert.deepEqual([count("places") > 8_000, count("new_places") > 0], [true, true])
      yield* stored(store, append(short, 1, "second", 2))
      assert.deepEqual((yield* readAll(store, short)).map(({ version }) => version), [1, 2, 3])
      for (const [after, limit] of [[0, 1], [0, 5], [1, 3], [12_280, 30], [versions - 2, 9], [versions, 9]] as const) {
        const want = Array.from({ length: Math.min(limit, versions - after) }, (_, i) => after + 1 + i)
        assert.deepEqual((yield* store.read(long, after, limit)).map(({ version }) => version), want)
        const back = yield* store.readBackwards(long, after + want.length + 1, want.length)
        assert.deepEqual(back.map(({ version }) => version), want.toReversed())
      }
      assert.strictEqual((yield* store.head(long)).version, versions)
      driver.close()
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
    }), 60_000)

  it.effect("are moved round and round, whichever process writes", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const open = openedIn(folder)
      const stores = [yield* open, yield* open] as const
      const driver = connect(`${folder}/nexus.db`)
      const streams = Array.from({ length: 60 }, (_, i) => streamOf("t", `s-${i}`))
      for (let round = 0; round < 90; round++) {
        yield* stores[round % 2]!.commit(streams.map((stream) => append(stream, round * 5, `c-${round}`, 5)))
        const { n } = run(driver, "SELECT count(*) AS n FROM new_places") as { readonly n: number }
        // Where one of them comes to the end of the key it moves less, once.
        assert.isBelow(n, 4096 + 256 + 600)
      }
      driver.close()
      for (const stream of streams) assert.strictEqual((yield* readAll(stores[0], stream, 70)).length, 450)
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
    }), 60_000)

  it.effect("stay where they were if the group that moves them fails", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      let fails = false
      const connection = watched((sql, go) => {
        if (fails && sql.startsWith("DELETE FROM new_places")) throw sqliteError(10, "disk I/O error")
        return go()
      })
      const store = Context.get(yield* Layer.build(Sqlite.layer({ folder }, connection)), EventStore)
      yield* grow(store, 0, 4_000)
      fails = true
      assert.strictEqual((yield* Effect.flip(grow(store, 4_000, 4_500)))._tag, "StoreUnavailable")
      assert.strictEqual((yield* store.head(long)).version, 4_000)
      fails = false
      yield* grow(store, 4_000, 4_500)
      assert.strictEqual((yield* readAll(store, long)).length, 4_500)
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
    }), 60_000)

  it.effect("refuse a version that is taken already, and nothing of the group is stored", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      let driver!: Driver
      const layer = Sqlite.layer({ folder }, (file) => driver = connect(file))
      const store = Context.get(yield* Layer.build(layer), EventStore)
      yield* stored(store, append(long, 0, "first"))
      // Through the store's own connection, so that what it remembers is wrong and it cannot know.
      run(driver, "INSERT INTO new_places VALUES (1, 2, 77)")
      const error = yield* Effect.flip(store.commit([append(short, 0, "c"), append(long, 1, "second")]))
      assert.strictEqual(`${error._tag} ${error.reason}`, "StoreUnavailable corrupt")
      assert.strictEqual((yield* store.head(short)).version, 0)
      run(driver, "DELETE FROM new_places")
      yield* stored(store, append(long, 1, "second"))
    }))
})
