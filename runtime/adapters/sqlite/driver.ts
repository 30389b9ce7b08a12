/**
 * The part of `node:sqlite` that the adapter uses, and how its errors are read.
 *
 * Everything runs through prepared statements, `BEGIN` and `COMMIT` included: only their errors carry a code on every
 * runtime.
 * @module
 */
import process from "node:process"

export type Value = string | number | null
export interface Statement {
  run(...values: ReadonlyArray<Value>): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint }
  get(...values: ReadonlyArray<Value>): unknown
  all(...values: ReadonlyArray<Value>): ReadonlyArray<unknown>
  /** Rows come as arrays in the order of the columns: half the price of objects. */
  setReturnArrays(on: boolean): void
}
/** One connection to one file. */
export interface Driver {
  readonly isTransaction: boolean
  prepare(sql: string): Statement
  close(): void
}
export type Connect = (file: string) => Driver

/** This runtime has no SQLite of its own. Asked for when a file is opened, so that importing the adapter never fails. */
export class NoSqlite extends Error {}

/** What the adapter uses of the module, in words of its own: a user's compiler may not know Node's types. */
interface Builtin {
  readonly DatabaseSync: new (file: string, options?: { readonly readOnly: boolean }) => Driver
  readonly backup: (
    driver: Driver,
    to: string,
    options: {
      readonly rate: number
      readonly progress: (step: { readonly totalPages: number; readonly remainingPages: number }) => void
    },
  ) => Promise<number>
}

/** The runtime's SQLite. */
export const builtin = (): Builtin => {
  const sqlite = process.getBuiltinModule("node:sqlite")
  if (sqlite === undefined) throw new NoSqlite()
  return sqlite as unknown as Builtin
}

export const connect: Connect = (file) => new (builtin().DatabaseSync)(file)
/** Never writes to the file, nor holds up who does. */
export const connectReadOnly: Connect = (file) => new (builtin().DatabaseSync)(file, { readOnly: true })

/** Runs one statement that is needed once. */
export const run = (driver: Driver, sql: string): unknown => driver.prepare(sql).get()

export const codes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const

const texts: ReadonlyArray<readonly [part: string, code: number]> = [
  ["database is locked", codes.busy],
  ["readonly database", codes.readOnly],
  ["disk I/O error", codes.io],
  ["malformed", codes.corrupt],
  ["disk is full", codes.full],
  ["unable to open", codes.cannotOpen],
  ["constraint failed", codes.constraint],
  ["not a database", codes.notADatabase],
]

/** The primary result code of an error of SQLite; nothing for other errors. Deno gives none where it opens a file. */
export const codeOf = (error: unknown): number | undefined => {
  const { code, errcode, message } = (error ?? {}) as { code?: unknown; errcode?: unknown; message?: unknown }
  if (code !== "ERR_SQLITE_ERROR") return undefined
  if (typeof errcode === "number") return errcode & 0xff
  return texts.find(([part]) => String(message).includes(part))?.[1] ?? 1
}
