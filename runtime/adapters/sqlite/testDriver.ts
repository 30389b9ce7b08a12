/**
 * A driver whose statements can be counted and made to fail, for tests.
 * @module
 */
import { type Connect, connect, type Driver, type Statement } from "./driver.ts"

/** Stands around each run of a statement; `sql` has its white space folded. */
export type Around = <A>(sql: string, run: () => A) => A

export const watched = (around: Around): Connect => (file) => {
  const driver = connect(file)
  return {
    get isTransaction() {
      return driver.isTransaction
    },
    close: () => around("close", () => driver.close()),
    prepare: (sql) => watch(driver, sql, around),
  } satisfies Driver
}

const watch = (driver: Driver, sql: string, around: Around): Statement => {
  const [statement, name] = [driver.prepare(sql), sql.trim().replaceAll(/\s+/g, " ")]
  return {
    run: (...values) => around(name, () => statement.run(...values)),
    get: (...values) => around(name, () => statement.get(...values)),
    all: (...values) => around(name, () => statement.all(...values)),
    setReturnArrays: (on) => statement.setReturnArrays(on),
  }
}

/** An error as `node:sqlite` throws it. */
export const sqliteError = (errcode: number, message: string): Error =>
  Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode, errstr: message })
