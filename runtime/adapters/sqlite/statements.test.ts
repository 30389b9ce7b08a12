import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { type Append, EventStore, type Shape } from "../../../core/EventStore.ts"
import { append, commitOne, fence, noop, refused, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { connect, run, type Value } from "./driver.ts"
import { open } from "./session.ts"
import * as Sqlite from "./Sqlite.ts"
import { rowsAtOnce, spanColumns, type Statements } from "./statements.ts"
import { freshFolder } from "./testFolder.ts"
import { watched } from "./testDriver.ts"

const setUp = Effect.gen(function* () {
  const ran: Array<string> = []
  const folder = yield* freshFolder
  const layer = Sqlite.layer({ folder }, watched((sql, run) => (ran.push(sql), run())))
  const store = Context.get(yield* Layer.build(layer), EventStore)
  yield* stored(store, append(streamOf("t", "warm"), 0, "first", 2))
  yield* stored(store, append(streamOf("t", "warm"), 2, "second"))
  yield* stored(store, append(streamOf("t", "other"), 0, "first"))
  return { store, ran }
})

const transaction = ["BEGIN IMMEDIATE", "PRAGMA data_version", "COMMIT"]
const isTransaction = (sql: string) => transaction.includes(sql)
const short = (sql: string) => sql.replace(" OR ROLLBACK", "").split(" ").slice(0, 3).join(" ").replace(/ \(.*/, "")

/** The statements of one call, those of the transaction apart. */
const costOf = (store: Shape, ran: Array<string>, one: Append) =>
  Effect.map(Effect.andThen(Effect.sync(() => ran.splice(0)), commitOne(store, one)), ({ _tag }) => ({
    _tag,
    transaction: ran.filter(isTransaction),
    statements: ran.filter((sql) => !isTransaction(sql)).map(short),
  }))

const [warm, cold] = [streamOf("t", "warm"), streamOf("t", "cold")]
const given = { given: true }
const generated = { given: false }
/** By version and by time. */
const listed = ["INSERT INTO new_places", "INSERT INTO spans"]
const costs: ReadonlyArray<readonly [what: string, one: Append, tag: string, statements: ReadonlyArray<string>]> = [
  ["accepted on a warm stream, id generated", append(warm, 3, "c", 1, generated), "Committed", [
    "INSERT INTO events",
    ...listed,
  ]],
  ["accepted on a warm stream, id given", append(warm, 3, "c", 1, given), "Committed", [
    "SELECT position, version,",
    "SELECT version, fingerprint,",
    "INSERT INTO events",
    ...listed,
  ]],
  ["three events", append(warm, 3, "c", 3, generated), "Committed", [
    ...Array(3).fill("INSERT INTO events"),
    ...listed,
  ]],
  ["accepted on a new stream, id generated", append(cold, 0, "c", 1, generated), "Committed", [
    "SELECT s.position AS",
    "INSERT INTO events",
    "INSERT INTO spans",
  ]],
  ["an accepted no-op", noop(warm, 3, "c"), "Committed", [
    "SELECT position, version,",
    "SELECT version, fingerprint,",
    "REPLACE INTO receipts",
    "DELETE FROM receipts",
  ]],
  ["a refusal", refused(warm, 3, "c"), "Committed", [
    "SELECT position, version,",
    "SELECT version, fingerprint,",
    "REPLACE INTO receipts",
    "DELETE FROM receipts",
  ]],
  ["a repeat", append(warm, 0, "first"), "Duplicate", ["SELECT position, version,"]],
  ["a conflict, id generated", append(warm, 1, "c", 1, generated), "Conflict", [
    "SELECT position, version,",
    "SELECT version, fingerprint,",
  ]],
]

describe("what a command costs", () => {
  for (const [what, one, tag, statements] of costs) {
    it.effect(`${what}: ${statements.length} statements and one transaction`, () =>
      Effect.gen(function* () {
        const { store, ran } = yield* setUp
        assert.deepStrictEqual(
          yield* costOf(store, ran, one),
          { _tag: tag, transaction: transaction.slice(), statements: [...statements] } as never,
        )
      }))
  }

  it.effect("a read that is fenced: no transaction and no statement but the look for other writers", () =>
    Effect.gen(function* () {
      const { store, ran } = yield* setUp
      const cost = yield* costOf(store, ran, fence(warm, 3))
      assert.deepStrictEqual(cost, { _tag: "Committed", transaction: ["PRAGMA data_version"], statements: [] } as never)
    }))

  it.effect("a group shares one transaction", () =>
    Effect.gen(function* () {
      const { store, ran } = yield* setUp
      ran.length = 0
      yield* store.commit(Array.from({ length: 200 }, (_, i) => append(warm, 3 + i, `c-${i}`, 1, generated)))
      assert.deepStrictEqual(ran.filter(isTransaction), transaction)
      // Sixteen rows a statement, then one by one.
      assert.strictEqual(ran.length, transaction.length + 12 + 8 + listed.length)
    }))
})

describe("a row that a key refuses", () => {
  const session = Effect.map(freshFolder, (folder) => open(`${folder}/nexus.db`, connect, "start"))
  const row = (position: number) => [position, position, 2, null, null, 0, "E", 1, "e", "c", "{}", "{}"]
  const many = Array.from({ length: rowsAtOnce }, () => row(1)).flat()
  const inserts: ReadonlyArray<readonly [name: keyof Statements, ...values: ReadonlyArray<Value>]> = [
    ["insertEvent", ...row(1)],
    ["insertEvents", ...many],
    ["insertPlaces", 0],
    ["movePlaces", 0, 0, 9, 9],
    ["insertSpan", 1, 1, 1, 1],
    ["insertSpans", ...many.slice(0, rowsAtOnce * spanColumns).map(() => 1)],
  ]
  for (const [name, ...values] of inserts) {
    it.effect(`${name} ends the transaction, so that no statement has to be undone alone`, () =>
      Effect.gen(function* () {
        const { driver, statements } = yield* session
        statements.begin.run()
        for (const position of [1, 2]) statements.insertEvent.run(...row(position))
        for (const table of ["new_places", "places"]) run(driver, `INSERT INTO ${table} VALUES (1, 2, 1), (2, 2, 2)`)
        statements.insertSpan.run(1, 1, 1, 1)
        assert.throws(() => statements[name].run(...values))
        assert.isFalse(driver.isTransaction)
        assert.strictEqual((statements.last.get() as { readonly position: number | null }).position, null)
        driver.close()
      }))
  }
})
