/**
 * Why a file cannot be opened, and what mends it.
 * @module
 */
import { Schema } from "effect"
import { existsSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { codeOf, codes, NoSqlite } from "./driver.ts"
import { ForeignDatabase, NewerSchema } from "./migrations.ts"

/** The event store cannot be opened; the message says why and what to do. Nothing was written. */
export class CannotOpen extends Schema.TaggedError<CannotOpen>()("CannotOpen", {
  file: Schema.String,
  reason: Schema.Literals([
    "missing",
    "folder-missing",
    "not-writable",
    "read-only",
    "locked",
    "disk-full",
    "not-a-database",
    "foreign-database",
    "newer-schema",
    "older-schema",
    "corrupt",
    "io-error",
    "no-sqlite",
  ]),
  repair: Schema.String,
}) {
  override get message(): string {
    return `cannot open ${this.file}: ${this.reason}. ${this.repair}`
  }
}

/** There is no such file. */
export const missing = (file: string): CannotOpen =>
  new CannotOpen({ file, reason: "missing", repair: "Name the folder or file of a store." })

type Reason = CannotOpen["reason"]
const byCode: { readonly [code: number]: readonly [Reason, repair: string] } = {
  [codes.busy]: ["locked", "Another process holds the file: stop it, or wait until it has finished."],
  [codes.locked]: ["locked", "Another process holds the file: stop it, or wait until it has finished."],
  [codes.readOnly]: [
    "read-only",
    "Make the file and its folder writable for this user, or mount the disk for writing.",
  ],
  [codes.full]: ["disk-full", "Free some space on the disk, then start again."],
  [codes.corrupt]: ["corrupt", "Restore the file from a copy; `nexus verify` names the first bad place."],
  [codes.constraint]: ["corrupt", "Rows that its older layout needs are missing: restore the file from a copy."],
  [codes.notADatabase]: ["not-a-database", "The file holds something else: name another file, or move this one away."],
}

/** The typed refusal of an error thrown while `file` was opened; nothing where the error is no refusal but a bug. */
export const cannotOpen = (file: string, error: unknown): CannotOpen | undefined => {
  const make = (reason: Reason, repair: string) => new CannotOpen({ file, reason, repair })
  if (error instanceof NewerSchema) {
    const { found, known } = error
    return make("newer-schema", `It has schema ${found}, this program knows ${known}: run the newer program.`)
  }
  if (error instanceof ForeignDatabase) {
    return make("foreign-database", "It is the database of another program: name another file.")
  }
  if (error instanceof NoSqlite) {
    return make("no-sqlite", "This runtime has no SQLite of its own: run with Deno, or with Node 24 or newer.")
  }
  const code = codeOf(error)
  if (code === undefined) return undefined
  if (code === codes.cannotOpen) {
    if (!existsSync(dirname(file))) {
      return make("folder-missing", `Create the folder ${dirname(file)}, or name another.`)
    }
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
      return make("not-a-database", "It is a folder: name a file, or give the folder as `folder`.")
    }
    return make("not-writable", "Make the file and its folder writable for this user.")
  }
  const known = byCode[code]
  if (known !== undefined) return make(...known)
  return make("io-error", `The disk failed (${error instanceof Error ? error.message : ""}): look at the system's log.`)
}
