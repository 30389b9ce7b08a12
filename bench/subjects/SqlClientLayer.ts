/**
 * A small `effect/sql` client over `node:sqlite`, for the Effect Cluster entity: the published driver does not load.
 *
 * One connection and statements only: `node:sqlite` is synchronous, so no statement ever meets another one half done.
 * @module
 */
import { Effect, Layer, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

type Rows = ReadonlyArray<Record<string, unknown>>
type Transform = Parameters<SqlConnection.Connection["execute"]>[2]

const failed = (cause: unknown) =>
  new SqlError.SqlError({ reason: SqlError.classifySqliteError(cause, { message: "statement failed" }) })

const make = (path: string) =>
  Effect.gen(function* () {
    const db = yield* Effect.acquireRelease(
      Effect.sync(() => new DatabaseSync(path)),
      (opened) => Effect.sync(() => opened.close()),
    )
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    const prepared = new Map<string, StatementSync>()
    const statement = (sql: string): StatementSync => {
      const known = prepared.get(sql)
      if (known !== undefined) return known
      const fresh = db.prepare(sql)
      prepared.set(sql, fresh)
      return fresh
    }
    const all = (sql: string, values: ReadonlyArray<unknown>) =>
      Effect.try({ try: (): Rows => statement(sql).all(...values as ReadonlyArray<SQLInputValue>), catch: failed })
    const execute = (sql: string, values: ReadonlyArray<unknown>, transform?: Transform) =>
      Effect.map(all(sql, values), (rows) => transform === undefined ? rows : transform(rows))
    const valuesOf = (sql: string, values: ReadonlyArray<unknown>) =>
      Effect.map(all(sql, values), (rows) => rows.map((row) => Object.values(row)))
    const connection: SqlConnection.Connection = {
      execute,
      executeRaw: all,
      executeUnprepared: execute,
      executeValues: valuesOf,
      executeValuesUnprepared: valuesOf,
      executeStream: () => Stream.die(new Error("the bench streams nothing")),
    }
    return yield* SqlClient.make({
      driver: "node:sqlite",
      acquirer: Effect.succeed(connection),
      borrower: (use) => use(connection),
      compiler: Statement.makeCompilerSqlite(),
      spanAttributes: [],
    })
  })

export const layer = (path: string): Layer.Layer<SqlClient.SqlClient> =>
  Layer.effect(SqlClient.SqlClient, make(path)).pipe(Layer.provide(Reactivity.layer))
