import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { EventStore } from "../../../core/EventStore.ts"
import { append, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { connect, type Driver, run } from "./driver.ts"
import { applicationId, migrate, migrations } from "./migrations.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder, protect, smallDisk } from "./testFolder.ts"

const opened = (where: Sqlite.Where) =>
  Effect.map(Layer.build(Sqlite.layer(where)), (context) => Context.get(context, EventStore))
const refusal = (where: Sqlite.Where) => Effect.flip(opened(where))
const inFile = (file: string, ...statements: ReadonlyArray<string>): void => {
  const driver = connect(file)
  for (const sql of statements) run(driver, sql)
  driver.close()
}

describe("opening refuses, and says what to do,", () => {
  /** What the file is made of, and what is said of it. */
  const cases: Readonly<Record<string, readonly [make: (file: string) => void, reason: string, repair: RegExp]>> = {
    "a text file": [
      (file) => writeFileSync(file, "not a database, ".repeat(500)),
      "not-a-database",
      /name another file/,
    ],
    "a short text file": [(file) => writeFileSync(file, "hello"), "not-a-database", /name another file/],
    "a folder in the file's place": [(file) => mkdirSync(file), "not-a-database", /It is a folder/],
    "the database of another program": [
      (file) => inFile(file, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')"),
      "foreign-database",
      /another program/,
    ],
    "a database that another program has marked": [
      (file) => inFile(file, "PRAGMA application_id = 7"),
      "foreign-database",
      /another program/,
    ],
    "a newer schema": [
      (file) => inFile(file, `PRAGMA application_id = ${applicationId}`, "PRAGMA user_version = 99"),
      "newer-schema",
      new RegExp(`schema 99, this program knows ${migrations.length}`),
    ],
  }
  for (const [what, [make, reason, repair]] of Object.entries(cases)) {
    it.effect(what, () =>
      Effect.gen(function* () {
        const file = `${yield* freshFolder}/nexus.db`
        make(file)
        const before = contentOf(file)
        const error = yield* refusal({ file })
        assert.strictEqual(error._tag, "CannotOpen")
        assert.strictEqual(error.reason, reason)
        assert.match(error.message, repair)
        assert.include(error.message, file)
        assert.strictEqual(contentOf(file), before, "the file was changed")
      }))
  }

  it.effect("a missing folder", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const error = yield* refusal({ file: `${folder}/absent/nexus.db` })
      assert.strictEqual(error.reason, "folder-missing")
      assert.include(error.message, `Create the folder ${folder}/absent`)
      assert.isFalse(existsSync(`${folder}/absent`))
    }))

  it.effect("a disk that is mounted for reading only", (context) =>
    Effect.gen(function* () {
      const folder = yield* smallDisk
      if (folder === undefined) return context.skip("needs the right to mount")
      yield* Effect.scoped(
        Effect.flatMap(opened({ folder }), (store) => stored(store, append(streamOf("t", "a"), 0, "c"))),
      )
      assert.isTrue(protect(folder))
      assert.oneOf((yield* refusal({ folder })).reason, ["read-only", "not-writable"])
      assert.oneOf((yield* refusal({ file: `${folder}/new.db` })).reason, ["read-only", "not-writable"])
    }))

  it.effect("a file in the folder's place", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      writeFileSync(`${folder}/data`, "")
      assert.strictEqual((yield* refusal({ folder: `${folder}/data` })).reason, "not-writable")
    }))

  it.live("a file whose write lock another process holds while its layout must be made", () =>
    Effect.gen(function* () {
      const file = `${yield* freshFolder}/nexus.db`
      const other = connect(file)
      for (const sql of ["PRAGMA journal_mode = WAL", "BEGIN IMMEDIATE"]) run(other, sql)
      assert.strictEqual((yield* refusal({ file })).reason, "locked")
      other.close()
      yield* opened({ file })
    }), 20_000)
})

const contentOf = (file: string): string => {
  try {
    return readFileSync(file, "latin1")
  } catch {
    return ""
  }
}

describe("migrations", () => {
  const versionOf = (driver: Driver) =>
    (run(driver, "PRAGMA user_version") as { readonly user_version: number }).user_version
  const more = "CREATE TABLE later (a TEXT) STRICT;\nINSERT INTO later VALUES ('x; y');\n"

  it.effect("bring an older file to the newest layout and keep what it holds", () =>
    Effect.gen(function* () {
      const file = `${yield* freshFolder}/nexus.db`
      yield* Effect.scoped(
        Effect.flatMap(opened({ file }), (store) => stored(store, append(streamOf("t", "a"), 0, "c", 2))),
      )
      const driver = connect(file)
      migrate(driver, [...migrations, more])
      assert.strictEqual(versionOf(driver), migrations.length + 1)
      assert.deepEqual({ ...run(driver, "SELECT a, (SELECT count(*) FROM events) AS n FROM later") as object }, {
        a: "x; y",
        n: 2,
      })
      migrate(driver, [...migrations, more])
      assert.throws(() => migrate(driver), /this program knows/)
      driver.close()
      assert.strictEqual((yield* refusal({ file })).reason, "newer-schema")
    }))

  it.effect("are done whole or not at all", () =>
    Effect.gen(function* () {
      const driver = connect(`${yield* freshFolder}/nexus.db`)
      migrate(driver)
      assert.throws(() => migrate(driver, [...migrations, `${more}CREATE TABLE events (a TEXT);\n`]), /already exists/)
      assert.strictEqual(versionOf(driver), migrations.length)
      assert.strictEqual(run(driver, "SELECT name FROM sqlite_schema WHERE name = 'later'"), undefined)
      assert.isFalse(driver.isTransaction)
      driver.close()
    }))

  it.effect("leave a file that is already new untouched", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const file = `${folder}/nexus.db`
      yield* Effect.scoped(
        Effect.flatMap(opened({ file }), (store) => stored(store, append(streamOf("t", "a"), 0, "c"))),
      )
      copyFileSync(file, `${folder}/copy.db`)
      const store = yield* opened({ file: `${folder}/copy.db` })
      assert.strictEqual((yield* store.read(streamOf("t", "a"), 0, 9)).length, 1)
    }))
})
