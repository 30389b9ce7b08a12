/**
 * `nexus backup` and `nexus restore`: the store as one file, and back; both look through everything they write.
 * @module
 */
import { Effect, type Layer } from "effect"
import { statSync } from "node:fs"
import type { EventStore } from "../core/EventStore.ts"
import type { SnapshotStore } from "../core/SnapshotStore.ts"
import * as Verify from "../runtime/Verify.ts"
import { data, Failure, folderOf, type Input, progress, type Verb } from "./Verb.ts"

type Said = { readonly message: string }
type Inspect = (file: string) => Effect.Effect<void, Failure>
type Pages = (done: number, total: number) => void

/** How the command line reaches a store that is a file; the entry chooses the adapter. */
export interface Files {
  readonly check: (file: string) => Effect.Effect<ReadonlyArray<Verify.Finding>, Said>
  readonly layer: (file: string) => Layer.Layer<EventStore | SnapshotStore, Said>
  readonly backup: (folder: string, file: string, inspect: Inspect, pages: Pages) => Effect.Effect<void, Said>
  readonly restore: (
    file: string,
    folder: string,
    inspect: Inspect,
    pages: Pages,
  ) => Effect.Effect<void, Said>
}

const failed = ({ message }: Said) => new Failure({ message, exitCode: 1 })

const bad = (what: string, [first]: ReadonlyArray<Verify.Finding>): Failure => {
  const { problem, stream, version } = first!
  const place = stream === undefined ? "" : version === undefined ? `${stream}: ` : `${stream} version ${version}: `
  return failed({ message: `${what} is bad, nothing was written: ${place}${problem}. \`nexus verify\` tells more` })
}

/** What adapter and port see of the copy; gives what it holds. */
const verified = Effect.fnUntraced(function* (files: Files, what: string, file: string, input: Input) {
  const seen = yield* Effect.mapError(files.check(file), failed)
  if (seen.length > 0) return yield* bad(what, seen)
  const said = ({ events }: Verify.Counts) => Effect.sync(() => input.progress("checking", events, undefined, "events"))
  const report = yield* Verify.verify(undefined, said).pipe(
    Effect.provide(files.layer(file)),
    Effect.catch((error) =>
      failed({ message: `${what} cannot be read: ${"reason" in error ? error.reason : error.message}` })
    ),
  )
  if (report.findings.length > 0) return yield* bad(what, report.findings)
  return report
})

const result = (verb: string, path: string, report: Verify.Report | undefined) => {
  const { commands, events, streams } = report!
  const bytes = statSync(path).size
  const text =
    `${verb} ${path}: ${events} events of ${commands} commands in ${streams} streams, ${bytes} bytes, verified`
  return [text, { file: path, bytes, events, commands, streams, verified: true }] as const
}

export const backup = (files: Files): Verb => ({
  name: "backup",
  help: "Copy the store to one file while servers go on writing, and verify the copy",
  stopped: () => "no copy was made",
  operands: { FILE: "The new file; an existing one is never written over" },
  options: { ...data, ...progress },
  run: Effect.fnUntraced(function* (input) {
    const file = input.option("FILE")!
    let report: Verify.Report | undefined
    const inspect: Inspect = (part) =>
      Effect.map(verified(files, "the copy", part, input), (found) => void (report = found))
    yield* files.backup(
      folderOf(input),
      file,
      inspect,
      (done, total) => input.progress("copying", done, total, "pages"),
    )
      .pipe(Effect.mapError(failed))
    yield* input.print(...result("wrote", file, report))
    return 0
  }),
})

export const restore = (files: Files): Verb => ({
  name: "restore",
  help: "Make a backup the store of a folder that has none",
  stopped: () => "nothing was restored",
  operands: { FILE: "A file that `nexus backup` wrote" },
  options: { ...data, ...progress },
  run: Effect.fnUntraced(function* (input) {
    const file = input.option("FILE")!
    const folder = folderOf(input)
    let report: Verify.Report | undefined
    const inspect: Inspect = (part) =>
      Effect.map(verified(files, "the copy", part, input), (found) => void (report = found))
    yield* files.restore(file, folder, inspect, (done, total) => input.progress("copying", done, total, "pages"))
      .pipe(Effect.mapError(failed))
    yield* input.print(...result("restored", `${folder}/nexus.db`, report))
    return 0
  }),
})
