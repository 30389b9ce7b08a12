/**
 * One opening of the file: the connection, its statements, and what is known while no other connection writes.
 * @module
 */
import { StoreOutcomeUnknown, StoreUnavailable } from "../../../core/EventStore.ts"
import { codeOf, codes, type Connect, type Driver, run } from "./driver.ts"
import * as Heads from "./heads.ts"
import { check, migrate } from "./migrations.ts"
import * as Places from "./places.ts"
import { prepare, type Statements } from "./statements.ts"

export interface Session {
  readonly driver: Driver
  readonly statements: Statements
  readonly heads: Heads.Heads
  /** Numbers of tenant and aggregate, which never change. */
  readonly kinds: Map<string, number>
  /** `PRAGMA data_version` when `heads` and the two below were true. */
  dataVersion: number
  lastPosition: number
  /** Rows of the table of that name. */
  newPlaces: number
  movedTo: Places.Key
}

const headsMax = 10_000
/** Blocks the whole process, so a busy file is rather asked again in the next tick. */
const busyMs = 5
/** At start nothing else waits, and another process may be making the file. */
const startBusyMs = 2_000

/** Why a file is opened: at start, anew after a failure, or anew to `settle` what a failed COMMIT has left. */
export type Why = "start" | "again" | "settle"

/** Opens the file, brings it to the newest layout, and throws what SQLite throws where it cannot. */
export const open = (file: string, connect: Connect, why: Why): Session => {
  const driver = connect(file)
  try {
    run(driver, `PRAGMA busy_timeout = ${why === "start" ? startBusyMs : busyMs}`)
    check(driver)
    run(driver, "PRAGMA foreign_keys = OFF")
    run(driver, "PRAGMA journal_mode = WAL")
    run(driver, "PRAGMA synchronous = FULL")
    // 40 MB of log: a checkpoint is rare, and the 99th percentile of commits never meets one.
    run(driver, "PRAGMA wal_autocheckpoint = 10000")
    run(driver, "PRAGMA cache_size = -65536")
    migrate(driver)
    if (why === "settle") settleLog(driver)
    run(driver, `PRAGMA busy_timeout = ${busyMs}`)
    const heads = Heads.make(headsMax)
    return {
      driver,
      statements: prepare(driver),
      heads,
      kinds: new Map(),
      dataVersion: -1,
      lastPosition: 0,
      newPlaces: 0,
      movedTo: Places.start,
    }
  } catch (error) {
    driver.close()
    throw error
  }
}

/** Drops what is held in memory: it may come from a transaction that was rolled back. `refresh` drops the rest. */
export const forget = (session: Session): void => {
  session.kinds.clear()
  session.dataVersion = -1
}

/**
 * Behind a failed COMMIT nobody knows what of the log reached the disk. All that counts is moved into the file and
 * fsynced, the rest is cut off, before anything is read: what a receipt says then is final.
 */
const settleLog = (driver: Driver): void => {
  const { busy } = run(driver, "PRAGMA wal_checkpoint(TRUNCATE)") as { readonly busy: number }
  if (busy !== 0) throw new StoreUnavailable({ reason: "locked" })
}

const reasons: { readonly [code: number]: string } = {
  [codes.busy]: "locked",
  [codes.locked]: "locked",
  [codes.readOnly]: "read-only",
  [codes.io]: "io-error",
  [codes.corrupt]: "corrupt",
  [codes.full]: "disk-full",
  [codes.cannotOpen]: "cannot-open",
  [codes.notADatabase]: "not-a-database",
  // A key refused what heads read under the lock allowed.
  [codes.constraint]: "corrupt",
}

/** What the port says of an error of the driver; nothing where it is no error of SQLite but a bug. */
export const unavailable = (error: unknown): StoreUnavailable | undefined => {
  if (error instanceof StoreUnavailable) return error
  const code = codeOf(error)
  return code === undefined ? undefined : new StoreUnavailable({ reason: reasons[code] ?? "refused", cause: error })
}

/** Errors after which the connection is as good as before; behind all others it is opened anew. */
export const isHarmless = (error: unknown): boolean => {
  const code = codeOf(error instanceof StoreUnavailable ? error.cause : error)
  return code === codes.busy || code === codes.full || code === codes.readOnly
}

/**
 * Runs `f` in one transaction that holds the write lock. Throws `StoreOutcomeUnknown` where COMMIT itself failed and may
 * have been done; whatever else is thrown, nothing was stored.
 */
export const transact = <A>({ driver, statements }: Session, f: () => A): A => {
  statements.begin.run()
  let result: A
  try {
    result = f()
  } catch (error) {
    // A full disk has rolled back by itself.
    if (driver.isTransaction) statements.rollback.run()
    throw error
  }
  try {
    statements.commit.run()
  } catch (error) {
    const code = codeOf(error)
    // Both are said before the commit mark is whole in the log, so what they leave is rolled back for good.
    if (code !== codes.busy && code !== codes.full) {
      throw new StoreOutcomeUnknown({ reason: reasons[code ?? 0] ?? "commit-failed", cause: error })
    }
    if (driver.isTransaction) statements.rollback.run()
    throw error
  }
  return result
}
