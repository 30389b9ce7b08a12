/**
 * `nexus backup` and `nexus restore`: the store as one file, and back; both look through everything they write.
 * @module
 */
import { Effect, type Layer } from "effect"
import { statSync } from "node:fs"
import type { EventStore } from "../core/EventStore.ts"
import type { SnapshotStore } from "../core/SnapshotStore.ts"
import * as Verify from "../runtime/Verify.ts"
import { data, failed, type Failure, folderOf, type Input, progress, type Verb } from "./Verb.ts"
import { plural } from "./schemas/text.ts"

type Said = { readonly message: string }
/** Copies from one place to another; gives what `inspect` has found in the copy. */
type Copy = (
  from: string,
  to: string,
  inspect: (file: string) => Effect.Effect<Verify.Report, Failure>,
  pages: (done: number, total: number) => void,
) => Effect.Effect<Verify.Report, Said>

/** How the command line reaches a store that is a file; the entry chooses the adapter. */
export interface Files {
  readonly check: (file: string) => Effect.Effect<ReadonlyArray<Verify.Finding>, Said>
  readonly layer: (file: string) => Layer.Layer<EventStore | SnapshotStore, Said>
  /** From a folder to a file. */
  readonly backup: Copy
  /** From a file to a folder. */
  readonly restore: Copy
}

const bad = ([first]: ReadonlyArray<Verify.Finding>): Failure => {
  const { problem, stream, version } = first!
  const place = stream === undefined ? "" : version === undefined ? `${stream}: ` : `${stream} version ${version}: `
  return failed(`the copy is bad, nothing was written: ${place}${problem}. \`nexus verify\` tells more`)
}

/** What adapter and port see of the copy; gives what it holds. */
const verified = Effect.fnUntraced(function* (files: Files, file: string, input: Input) {
  const seen = yield* Effect.mapError(files.check(file), ({ message }) => failed(message))
  if (seen.length > 0) return yield* bad(seen)
  const said = ({ events }: Verify.Counts) => Effect.sync(() => input.progress("checking", events, undefined, "events"))
  const report = yield* Verify.verify(undefined, said).pipe(
    Effect.provide(files.layer(file)),
    Effect.catch((error) => failed(`the copy cannot be read: ${"reason" in error ? error.reason : error.message}`)),
  )
  if (report.findings.length > 0) return yield* bad(report.findings)
  return report
})

/** Copies, and says that what stands at `path` now was `done`. */
const copied = Effect.fnUntraced(function* (
  files: Files,
  input: Input,
  copy: Copy,
  places: { readonly from: string; readonly to: string; readonly path: string },
  done: string,
) {
  const { from, path, to } = places
  const { commands, events, streams } = yield* copy(
    from,
    to,
    (part) => verified(files, part, input),
    (done, total) => input.progress("copying", done, total, "pages"),
  ).pipe(Effect.mapError(({ message }) => failed(message)))
  const bytes = statSync(path).size
  yield* input.print(
    `${done} ${path}: ${plural(events, "event")} of ${plural(commands, "command")} in ${plural(streams, "stream")}, ` +
      `${bytes} bytes, verified`,
    { file: path, bytes, events, commands, streams, verified: true },
  )
  return 0
})

export const backup = (files: Files): Verb => ({
  name: "backup",
  help: "Copy the store to one file while servers go on writing, and verify the copy",
  stopped: () => "no copy was made",
  operands: { FILE: "The new file; an existing one is never written over" },
  options: { ...data, ...progress },
  run: (input) => {
    const file = input.option("FILE")!
    return copied(files, input, files.backup, { from: folderOf(input), to: file, path: file }, "wrote")
  },
})

export const restore = (files: Files): Verb => ({
  name: "restore",
  help: "Make a backup the store of a folder that has none",
  stopped: () => "nothing was restored",
  operands: { FILE: "A file that `nexus backup` wrote" },
  options: { ...data, ...progress },
  run: (input) => {
    const [file, folder] = [input.option("FILE")!, folderOf(input)]
    return copied(files, input, files.restore, { from: file, to: folder, path: `${folder}/nexus.db` }, "restored")
  },
})
