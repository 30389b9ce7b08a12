import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { append, fence, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { draft07, object } from "../../../core/laws/schemas.ts"
import { embeddedLaws, laws, reopened } from "../../../core/SchemaRegistry.laws.ts"
import { type JsonSchema, SchemaRegistry, type Shape } from "../../../core/SchemaRegistry.ts"
import { codes, connect, run } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { type Around, sqliteError, watched } from "./testDriver.ts"
import { freshFolder } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))
const open = (folder: string, around: Around = (_, go) => go()) =>
  Effect.map(
    Layer.build(Layer.fresh(Sqlite.layer({ folder }, watched(around)))),
    Context.get(SchemaRegistry),
  )

/** Two openings of one file that take turns: neither may believe what it remembers. */
const takingTurns = Layer.effect(
  SchemaRegistry,
  Effect.gen(function* () {
    const folder = yield* freshFolder
    const registries = [yield* open(folder), yield* open(folder)]
    let turn = 0
    const next = () => registries[turn++ % 2]!
    return SchemaRegistry.of({
      register: (...args) => next().register(...args),
      get: (...args) => next().get(...args),
      revisions: (...args) => next().revisions(...args),
      subjects: (...args) => next().subjects(...args),
      check: (...args) => next().check(...args),
      setMode: (...args) => next().setMode(...args),
    })
  }),
)

describe("the SQLite schema registry", () => {
  const all = [...laws, ...embeddedLaws]
  for (const { name, law } of all) it.effect(name, () => Effect.provide(law, fresh), 20_000)
  for (const { name, law } of all) {
    it.effect(`two connections: ${name}`, () => Effect.provide(law, takingTurns), 20_000)
  }
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
})

const subject = "Order.Placed.v1"
const schema = (...names: ReadonlyArray<string>): JsonSchema =>
  object(Object.fromEntries(names.map((name) => [name, { type: "string" }])))
const reasonOf = (registry: Shape, one: JsonSchema) =>
  Effect.map(
    Effect.flip(registry.register(subject, one)),
    (error) => error._tag === "RegistryUnavailable" ? error.reason : error._tag,
  )
const elsewhere = (folder: string) =>
  Effect.acquireRelease(
    Effect.sync(() => connect(`${folder}/nexus.db`)),
    (driver) => Effect.sync(() => driver.close()),
  )

describe("a rival between comparing and storing", () => {
  it.effect("has its schema looked at too", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const rival = yield* open(folder)
      let come = true
      const registry = yield* open(folder, (sql, go) => {
        if (sql === "BEGIN IMMEDIATE" && come) {
          come = false
          Effect.runSync(rival.register(subject, schema("a", "b?")))
        }
        return go()
      })
      // Alone it would fit: as an open first one. Behind the rival's it does not.
      assert.strictEqual(yield* reasonOf(registry, schema("a", "c?")), "IncompatibleSchema")
      assert.strictEqual((yield* registry.revisions(subject)).length, 1)
      come = true
      assert.strictEqual((yield* rival.register(subject, schema("a", "b?"))).revision, 1)
    }))

  it.effect("has its mode kept", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const rival = yield* open(folder)
      yield* rival.register(subject, schema("a"))
      yield* rival.setMode(subject, "NONE")
      let come = true
      const registry = yield* open(folder, (sql, go) => {
        if (sql === "BEGIN IMMEDIATE" && come) {
          come = false
          Effect.runSync(rival.setMode(subject, "FULL"))
        }
        return go()
      })
      assert.strictEqual(yield* reasonOf(registry, schema("b")), "IncompatibleSchema")
    }))

  it.effect("that always comes is given up on", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const rival = yield* open(folder)
      yield* rival.register(subject, schema("a"))
      let turn = 0
      const registry = yield* open(folder, (sql, go) => {
        if (sql === "BEGIN IMMEDIATE") Effect.runSync(rival.setMode(subject, turn++ % 2 === 0 ? "NONE" : "BACKWARD"))
        return go()
      })
      assert.strictEqual(yield* reasonOf(registry, schema("a", "b?")), "contended")
    }))
})

describe("the rows of revisions", () => {
  it.effect("are never changed nor deleted, and lost guards and gaps are found", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const registry = yield* open(folder)
      for (const one of [schema("a"), schema("a", "b?"), schema("a", "b?", "c?")]) {
        yield* registry.register(subject, one)
      }
      const driver = yield* elsewhere(folder)
      assert.throws(() => run(driver, "UPDATE schema_revisions SET hash = ''"), /a schema is never changed/)
      assert.throws(() => run(driver, "DELETE FROM schema_revisions"), /a schema is never deleted/)
      assert.deepEqual(yield* Sqlite.check({ folder }), [])
      run(driver, "DROP TRIGGER schemas_are_not_deleted")
      run(driver, "DELETE FROM schema_revisions WHERE revision = 2")
      const problems = (yield* Sqlite.check({ folder })).map(({ problem }) => problem)
      assert.deepEqual(problems, [
        `the schema ${subject} 3 is no JSON text, or the revision before it is missing`,
        "the trigger schemas_are_not_deleted is missing",
      ])
    }))

  it.effect("that were tampered with have another hash", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const registry = yield* open(folder)
      const { hash } = yield* registry.register(subject, schema("a"))
      const driver = yield* elsewhere(folder)
      run(driver, "DROP TRIGGER schemas_are_not_updated")
      run(driver, `UPDATE schema_revisions SET schema = '{"$schema":"${draft07}"}'`)
      assert.notStrictEqual((yield* registry.get(subject, 1)).hash, hash)
    }))

  it.effect("that are no schema any more are said to be corrupt", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const registry = yield* open(folder)
      yield* registry.register(subject, schema("a"))
      const driver = yield* elsewhere(folder)
      run(driver, "DROP TRIGGER schemas_are_not_updated")
      for (const text of ["{", "null", "[]"]) {
        run(driver, `UPDATE schema_revisions SET schema = '${text}'`)
        assert.strictEqual(yield* reasonOf(registry, schema("a", "b?")), "corrupt")
        assert.deepInclude(yield* Effect.flip(registry.get(subject, 1)), { reason: "corrupt" })
        assert.deepInclude(yield* Effect.flip(registry.revisions(subject)), { reason: "corrupt" })
      }
    }))

  it.effect("leave what the event store knows as it is", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const context = yield* Layer.build(Layer.fresh(Sqlite.layer({ folder })))
      const [store, registry] = [Context.get(context, EventStore), Context.get(context, SchemaRegistry)]
      yield* stored(store, append(streamOf("t", "a"), 0, "c"))
      yield* registry.register(subject, schema("a"))
      yield* stored(store, fence(streamOf("t", "a"), 1))
      yield* stored(store, append(streamOf("t", "a"), 1, "d"))
    }))
})

describe("a file that fails", () => {
  it.live("is unavailable while another process holds it, reads on, and is whole again afterwards", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const registry = yield* open(folder)
      yield* registry.register(subject, schema("a"))
      const driver = yield* elsewhere(folder)
      run(driver, "BEGIN IMMEDIATE")
      assert.strictEqual(yield* reasonOf(registry, schema("a", "b?")), "locked")
      assert.strictEqual((yield* registry.register(subject, schema("a"))).revision, 1)
      assert.strictEqual((yield* registry.get(subject, "latest")).revision, 1)
      run(driver, "ROLLBACK")
      assert.strictEqual((yield* registry.register(subject, schema("a", "b?"))).revision, 2)
    }).pipe(Effect.scoped))

  for (
    const [reason, sql, undo] of [
      ["read-only", "PRAGMA query_only = 1", "PRAGMA query_only = 0"],
      ["disk-full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"],
    ] as const
  ) {
    it.effect(`is unavailable where it is ${reason}, reads on, and takes schemas afterwards`, () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        let driver!: ReturnType<typeof connect>
        const layer = Sqlite.layer({ folder }, (file) => driver = connect(file))
        const registry = Context.get(yield* Layer.build(layer), SchemaRegistry)
        yield* registry.register(subject, schema("a"))
        run(driver, sql)
        const large = object({ a: { type: "string" }, "b?": { type: "string", description: "x".repeat(100_000) } })
        assert.strictEqual(yield* reasonOf(registry, large), reason)
        assert.strictEqual((yield* registry.revisions(subject)).length, 1)
        run(driver, undo)
        assert.strictEqual((yield* registry.register(subject, large)).revision, 2)
      }))
  }

  for (const done of [true, false]) {
    it.live(`knows what a COMMIT of unknown outcome has stored: ${done ? "all" : "nothing"}`, () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        let fails = false
        const registry = yield* open(folder, (sql, go) => {
          if (sql !== "COMMIT" || !fails) return go()
          fails = false
          if (done) go()
          throw sqliteError(codes.io | (4 << 8), "disk I/O error")
        })
        yield* registry.register(subject, schema("a"))
        fails = true
        assert.strictEqual((yield* registry.register(subject, schema("a", "b?"))).revision, 2)
        assert.isFalse(fails)
        assert.strictEqual((yield* registry.revisions(subject)).length, 2)
      }).pipe(Effect.scoped))
  }

  it.effect("is unavailable once it was closed", () =>
    Effect.gen(function* () {
      const registry = yield* Effect.scoped(open(yield* freshFolder))
      assert.strictEqual(yield* reasonOf(registry, schema("a")), "closed")
      assert.strictEqual((yield* Effect.flip(registry.get(subject, 1)))._tag, "RegistryUnavailable")
      assert.strictEqual((yield* Effect.flip(registry.subjects(undefined, 1)))._tag, "RegistryUnavailable")
    }))
})
