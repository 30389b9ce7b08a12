/**
 * Planted bugs, so that the tests that kill and trace the server can show that they find one.
 * @module
 */
import { DatabaseSync } from "node:sqlite"

/** Commits without their fsync: they survive a killed process, but not a lost power supply. */
export const unsynced = "unsynced"
/** Answers before the commit, which comes up to 300 ms later: a killed process loses what it acknowledged. */
export const late = "late"
export type Bug = typeof unsynced | typeof late

const { prepare } = DatabaseSync.prototype
const nothing = { changes: 0, lastInsertRowid: 0 }

type Prepare = (this: DatabaseSync, ...args: Parameters<typeof prepare>) => ReturnType<typeof prepare>
const plants: Readonly<Record<Bug, Prepare>> = {
  unsynced(sql, options) {
    return prepare.call(this, sql.replace("synchronous = FULL", "synchronous = NORMAL"), options)
  },
  late(sql, options) {
    const statement = prepare.call(this, sql, options)
    const run = statement.run.bind(statement)
    if (sql === "BEGIN IMMEDIATE") statement.run = () => this.isTransaction ? nothing : run()
    if (sql === "COMMIT") {
      setInterval(() => this.isTransaction && run(), 300)
      statement.run = () => nothing
    }
    return statement
  },
}

/** Gives every connection that this process opens from here on the bug; nothing where there is no such bug. */
export const plant = (bug: string | undefined): void => {
  const planted = plants[bug as Bug]
  if (planted !== undefined) DatabaseSync.prototype.prepare = planted
}
