/**
 * Copies of a store's file: taken while servers write, put back where there is none; looked through before they count.
 *
 * The copy is made by SQLite's online backup over a connection that holds one read transaction, so it shows one moment
 * and never starts again, whoever writes meanwhile. Writers go on; only the log grows until the copy is done.
 * @module
 */
import { Effect, Schema } from "effect"
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { kill, pid } from "node:process"
import { CannotOpen, cannotOpen, missing } from "./CannotOpen.ts"
import { builtin, connect, connectReadOnly, run } from "./driver.ts"
import { check as checkLayout, ForeignDatabase } from "./migrations.ts"

/** No copy was made, and nothing is left of it; the message says what to do. */
export class CannotCopy extends Schema.TaggedError<CannotCopy>()("CannotCopy", { message: Schema.String }) {}

/** Pages copied so far, of all. */
export type Progress = (done: number, total: number) => void
/** Looks through the copy, and gives what it holds; its failure gives the copy up. */
export type Inspect<A, E, R> = (file: string) => Effect.Effect<A, E, R>

/** 16 MiB a step: often enough to say how far it is. */
const pagesPerStep = 4_096

/** Copies the store in `folder` to `file`, which may not exist; it is there once it is whole, inspected and on the disk. */
export const backup = Effect.fn("Backup.backup")(function* <A, E, R>(
  folder: string,
  file: string,
  inspect: Inspect<A, E, R>,
  progress: Progress = () => {},
) {
  if (existsSync(file)) return yield* new CannotCopy({ message: `${file} exists: name a new file` })
  return yield* copy(join(folder, "nexus.db"), file, inspect, progress)
})

/**
 * Puts a backup back as the store of `folder`, which may hold none. SQLite looks through the backup first, and never
 * writes to it; the copy, brought to the newest layout, is inspected.
 */
export const restore = Effect.fn("Backup.restore")(function* <A, E, R>(
  file: string,
  folder: string,
  inspect: Inspect<A, E, R>,
  progress: Progress = () => {},
) {
  const target = join(folder, "nexus.db")
  // A log without its file is what a running server has left whose file was removed: SQLite would mix the two.
  const held = ["", "-wal", "-shm", "-journal"].map((suffix) => target + suffix).find((path) => existsSync(path))
  if (held !== undefined) {
    return yield* new CannotCopy({
      message: `${held} exists: stop the servers on ${folder}, and restore into another folder or move its store away`,
    })
  }
  return yield* copy(file, target, inspect, progress, true)
})

const copy = Effect.fnUntraced(function* <A, E, R>(
  from: string,
  to: string,
  inspect: Inspect<A, E, R>,
  progress: Progress,
  checkFirst = false,
): Effect.fn.Return<A, E | CannotOpen | CannotCopy, R> {
  const part = `${to}.part-${pid}`
  return yield* Effect.gen(function* () {
    yield* attempt(to, () => prepare(to, part))
    yield* copyFile(from, part, progress, checkFirst)
    const found = yield* inspect(part)
    yield* attempt(to, () => publish(part, to))
    return found
  }).pipe(Effect.ensuring(Effect.ignore(attempt(to, () => remove(part)))))
})

const attempt = (file: string, f: () => void): Effect.Effect<void, CannotCopy> =>
  Effect.try({
    try: f,
    catch: (error) => new CannotCopy({ message: `cannot write ${file}: ${(error as Error).message}` }),
  })

/**
 * Makes the folder, removes what crashed copies to the same place have left, and makes the file: it holds everybody's
 * data, so it is its owner's alone.
 */
const prepare = (to: string, part: string): void => {
  const folder = dirname(to)
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (made !== undefined) sync(dirname(made))
  remove(part)
  const parts = readdirSync(folder).map((name) => join(folder, name)).filter((path) => path.startsWith(`${to}.part-`))
  for (const path of parts) {
    const [, owner] = /^\.part-(\d+)(?:-wal|-shm|-journal)?$/.exec(path.slice(to.length)) ?? []
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(path, { force: true })
  }
  closeSync(openSync(part, "wx", 0o600))
}

const isAlive = (owner: number): boolean => {
  try {
    return kill(owner, 0)
  } catch (error) {
    return (error as { readonly code?: unknown }).code === "EPERM"
  }
}

/** Interrupted it ends with the step under way, for only then nobody writes to `part` any more. */
const copyFile = (
  from: string,
  part: string,
  progress: Progress,
  checkFirst: boolean,
): Effect.Effect<void, CannotOpen | CannotCopy> =>
  Effect.callback((resume, signal) => {
    const copying = copyPages(from, part, checkFirst, (done, total) => {
      signal.throwIfAborted()
      progress(done, total)
    })
    copying.then(() => resume(Effect.void), (error) => resume(refusal(from, error)))
    return Effect.promise(() => copying.catch(() => {}))
  })

const refusal = (from: string, error: unknown): Effect.Effect<never, CannotOpen | CannotCopy> => {
  if (error instanceof CannotOpen || error instanceof CannotCopy) return Effect.fail(error)
  const known = cannotOpen(from, error)
  return known === undefined ? Effect.die(error) : Effect.fail(known)
}

const copyPages = async (from: string, part: string, checkFirst: boolean, progress: Progress): Promise<void> => {
  if (!existsSync(from)) throw missing(from)
  const driver = connectReadOnly(from)
  try {
    run(driver, "PRAGMA busy_timeout = 5000")
    if (checkLayout(driver) === 0) throw new ForeignDatabase()
    if (checkFirst) {
      const { integrity_check: found } = run(driver, "PRAGMA integrity_check(1)") as {
        readonly integrity_check: string
      }
      if (found !== "ok") throw new CannotCopy({ message: `${from} is damaged, nothing was written: ${found}` })
    }
    run(driver, "BEGIN")
    // The moment that is copied: a transaction begins with its first read.
    run(driver, "SELECT count(*) FROM sqlite_schema")
    const pages = await builtin().backup(driver, part, {
      rate: pagesPerStep,
      progress: ({ remainingPages, totalPages }) => progress(totalPages - remainingPages, totalPages),
    })
    // Said of a last step by nobody else.
    progress(pages, pages)
  } finally {
    driver.close()
  }
}

/** Makes the copy one file without a log, brings it to the disk, and gives it its name iff nobody has it. */
const publish = (part: string, to: string): void => {
  const driver = connect(part)
  run(driver, "PRAGMA journal_mode = DELETE")
  driver.close()
  sync(part)
  try {
    linkSync(part, to)
    unlinkSync(part)
  } catch (error) {
    // Some disks know no links.
    if ((error as { readonly code?: unknown }).code === "EEXIST" || existsSync(to)) throw error
    renameSync(part, to)
  }
  sync(dirname(to))
}

const sync = (path: string): void => {
  const handle = openSync(path, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const remove = (part: string): void => {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(part + suffix, { force: true })
}
