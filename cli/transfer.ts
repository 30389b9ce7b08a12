/**
 * `nexus export` and `nexus import`: a store as lines of JSON, and back. Both are started again where they were cut off.
 * @module
 */
import { Effect, Layer, Logger, Result } from "effect"
import { createHash } from "node:crypto"
import { closeSync, existsSync, fsyncSync, openSync, truncateSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import type { Archive } from "../core/Archive.ts"
import type { EventStore } from "../core/EventStore.ts"
import { defaults } from "../core/Limits.ts"
import type { SchemaRegistry } from "../core/SchemaRegistry.ts"
import { idPattern } from "../core/Stream.ts"
import * as locked from "../edge/locked.ts"
import * as ArchiveFile from "../runtime/ArchiveFile.ts"
import type * as ArchiveLine from "../runtime/ArchiveLine.ts"
import { CachedRegistry } from "../runtime/CachedRegistry.ts"
import * as Export from "../runtime/Export.ts"
import * as Import from "../runtime/Import.ts"
import { type FileLine, linesOf } from "./lines.ts"
import * as Project from "./schemas/Project.ts"
import { application, data, failed, Failure, folderOf, type Input, progress, type Verb, wrong } from "./Verb.ts"
import { plural } from "./schemas/text.ts"

/** The store in a folder; the entry chooses the adapter. */
export type Open = (
  folder: string,
) => Layer.Layer<Archive | EventStore, { readonly _tag: string; readonly message: string }>

/** Errors of a store have a reason, all others a sentence. */
const failedBy = (error: { readonly _tag?: string; readonly message: string; readonly reason?: string }): Failure =>
  error instanceof Failure
    ? error
    : error._tag === "RegistryUnavailable"
    ? failed(`the schema registry does not answer: ${error.reason}; try again later`)
    : failed(/^Store/.test(error._tag ?? "") ? `the store cannot be used: ${error.reason}` : error.message)

const attempt = <A>(what: string, f: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: f, catch: (error) => failed(`${what}: ${(error as Error).message}`) })

const digest = (): ArchiveFile.Digest => {
  const hash = createHash("sha256")
  return { update: (text) => void hash.update(text), hex: () => hash.copy().digest("hex") }
}

const every = 2_000
/** Goes through the lines, and gives the loop back now and then. */
const each = Effect.fnUntraced(function* (file: string, take: (line: FileLine) => Effect.Effect<void, Failure>) {
  const lines = linesOf(file, defaults.exportLineBytes)
  for (let count = 1;; count++) {
    const next = yield* attempt(`cannot read ${file}`, () => lines.next())
    if (next.done === true) return
    yield* take(next.value)
    if (count % every === 0) yield* Effect.yieldNow
  }
})

const taken = (
  scan: ArchiveFile.Scan,
  { text }: FileLine,
): Result.Result<ArchiveLine.Line, ArchiveFile.BadFile> =>
  text === undefined
    ? Result.fail(new ArchiveFile.BadFile({ line: scan.lines + 1, reason: "it is no UTF-8, or too long for a line" }))
    : scan.take(text)

/** What is cut within its first line is ours iff it can become a header. */
const headerStart = '{"line":"header",'
const canBeHeader = (text = "no UTF-8"): boolean => headerStart.startsWith(text) || text.startsWith(headerStart)

/** What a file that broke off holds; all behind its last whole event is cut away. */
const begun = Effect.fnUntraced(function* (file: string, tenant: string | undefined, sum: ArchiveFile.Digest) {
  const scan = ArchiveFile.scan(digest())
  let keep = 0
  yield* each(file, (line) => {
    if (!line.whole && (scan.header !== undefined || canBeHeader(line.text))) return Effect.void
    const read = taken(scan, line)
    if (Result.isFailure(read)) {
      return failed(`${file}, ${read.failure.message}: this is no export to go on with, name a new file`)
    }
    if (read.success._tag !== "Header" && read.success._tag !== "Event") return Effect.void
    keep = line.end
    sum.update(`${line.text}\n`)
    return Effect.void
  })
  if (scan.ended) return yield* failed(`${file} is a whole export: name a new file`)
  if (scan.header !== undefined && scan.header.tenant !== tenant) {
    return yield* failed(`${file} was begun with ${scan.header.tenant === undefined ? "no" : "another"} --tenant`)
  }
  yield* attempt(`cannot write ${file}`, () => truncateSync(file, keep))
  return scan.header && { announced: scan.header.events, events: scan.events, last: scan.last }
})

/** The verb; without a file, `out` takes the lines. */
export const exportVerb = (open: Open, out: (text: string) => Effect.Effect<void, Failure>): Verb => ({
  name: "export",
  help: "Write all events and receipts as lines of JSON; a file that broke off is continued",
  stopped: (option) => option("FILE") && "the file is not whole: the same command goes on with it",
  optionalOperands: { FILE: "The new file, or one to go on with; standard output where absent" },
  options: { ...data, tenant: { help: "Only the events of one tenant", value: "TENANT" }, ...progress },
  run: (input) =>
    Effect.scoped(Effect.gen(function* () {
      const [file, tenant] = [input.option("FILE"), input.option("tenant")]
      if (tenant !== undefined && !idPattern.test(tenant)) {
        return yield* wrong("--tenant is not an id")
      }
      const sum = digest()
      const counts = yield* Effect.gen(function* () {
        const before = file === undefined || !existsSync(file) ? undefined : yield* begun(file, tenant, sum)
        const { end, write } = file === undefined ? { end: Effect.void, write: out } : yield* appendTo(file)
        const options = { tenant, digest: sum, progress: said(input, "exporting"), begun: before, write }
        const counts = yield* Export.run(options)
        if (counts === undefined) {
          return yield* failed(
            before === undefined
              ? "the store holds fewer events than it counts: `nexus verify` tells more"
              : `${file} was begun with another store: name a new file`,
          )
        }
        yield* end
        return counts
      }).pipe(Effect.provide(open(folderOf(input))), Effect.mapError(failedBy))
      if (file === undefined) return 0
      const { events, receipts } = counts
      yield* input.print(`wrote ${file}: ${plural(events, "event")}, ${plural(receipts, "receipt")}`, {
        file,
        events,
        receipts,
      })
      return 0
    })),
})

/** It holds everybody's data, so a new one is its owner's alone. */
const appendTo = Effect.fnUntraced(function* (file: string) {
  const cannot = `cannot write ${file}`
  const handle = yield* Effect.acquireRelease(
    attempt(cannot, () => openSync(file, "a", 0o600)),
    (handle) => Effect.sync(() => closeSync(handle)),
  )
  return {
    write: (text: string) => attempt(cannot, () => writeAll(handle, text)),
    end: attempt(cannot, () => (fsyncSync(handle), syncFolder(dirname(file)))),
  }
})

const writeAll = (handle: number, text: string): void => {
  const bytes = new TextEncoder().encode(text)
  for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done)
}

const syncFolder = (folder: string): void => {
  const handle = openSync(folder, "r")
  fsyncSync(handle)
  closeSync(handle)
}

const said = ({ progress }: Input, step: string) => ({ events }: Export.Counts, total: number) =>
  progress(step, events, total, "events")

/** Where a store is imported to. */
export interface Into {
  /** Made where it is missing; with the registry that the environment names. */
  readonly open: Reach<Archive | SchemaRegistry>
  /** The same registry, but in memory where the folder has none yet: a file that is refused leaves nothing behind. */
  readonly rehearse: Reach<SchemaRegistry>
}
type Reach<A> = (input: Input, folder: string) => Layer.Layer<A, { readonly message: string }>

/** Registers what the application's lock covers, what it declares where it has none: as a server in development does. */
const register = Effect.fnUntraced(function* (input: Input, project: Project.Project) {
  const { app, locked: lock, present } = project
  const mode = { production: input.env["NEXUS_ENV"] === "production", writes: true }
  yield* locked.prepare(app, present ? lock : undefined, mode).pipe(
    Effect.mapError(({ lines }) => failed(["its schemas cannot be registered", ...lines].join("\n       "))),
  )
})

export const importVerb = ({ open, rehearse }: Into): Verb => ({
  name: "import",
  help: "Store what `nexus export` wrote, with its ids, versions and times; what is there already is compared",
  stopped: () => "what was stored stays: the same command goes on",
  operands: { FILE: "A whole export" },
  options: { ...application, ...data, ...progress },
  notes: "The schemas that the application's lock covers are registered first; an event that fits none is refused.",
  run: Effect.fnUntraced(function* (input) {
    const [file, folder] = [input.option("FILE")!, folderOf(input)]
    const project = yield* Project.open(input)
    // All of it is looked through first: of a bad file nothing is stored.
    const scan = ArchiveFile.scan(digest())
    yield* Effect.gen(function* () {
      yield* register(input, project)
      const govern = yield* Import.governed
      yield* each(file, (line) => {
        const read = taken(scan, line)
        if (Result.isFailure(read) && !line.whole) return Effect.fail(badFile(file, scan.missing() ?? read.failure))
        if (Result.isFailure(read)) return Effect.fail(badFile(file, read.failure))
        input.progress("checking", scan.events, scan.header?.events, "events")
        return read.success._tag === "Event"
          ? Effect.mapError(govern(read.success.event, scan.lines), named(file))
          : Effect.void
      })
    }).pipe(Effect.provide(remembered(rehearse(input, folder))), Effect.mapError(failedBy))
    const missing = scan.missing()
    if (missing !== undefined) return yield* badFile(file, missing)
    const counts = yield* Effect.gen(function* () {
      yield* register(input, project)
      const importing = yield* Import.make
      const again = ArchiveFile.scan(digest())
      yield* each(file, (line) => {
        const read = taken(again, line)
        if (Result.isFailure(read)) return Effect.fail(badFile(file, read.failure))
        input.progress("importing", again.events, scan.events, "events")
        return Effect.mapError(importing.take(read.success, again.lines), named(file))
      })
      const missing = again.missing()
      // Somebody has cut it since it was looked through.
      if (missing !== undefined) return yield* badFile(file, missing)
      return yield* Effect.mapError(importing.finish, named(file))
    }).pipe(Effect.provide(remembered(open(input, folder))), Effect.mapError(failedBy))
    const { present, skipped, stored } = counts
    const { events, receipts } = scan
    yield* input.print(
      `imported ${file}: ${plural(events, "event")} and ${plural(receipts, "receipt")}; ` +
        `${stored} appends and receipts stored now, ${present} were there, ${skipped} of no use here`,
      { file, events, receipts, stored, present, skipped },
    )
    return 0
  }),
})

/** A registry is asked once for what stands in many lines; what it logs would stand among the results. */
const remembered = <A, E>(layer: Layer.Layer<A | SchemaRegistry, E>) =>
  CachedRegistry.layer.pipe(Layer.provideMerge(layer), Layer.provideMerge(Logger.layer([])))

/** What is wrong from the first line on is no export at all. */
const badFile = (file: string, { line, message }: ArchiveFile.BadFile): Failure =>
  failed(`${file}, ${message}${line === 1 ? "; name a file that \`nexus export\` wrote" : ""}`)
const named = (file: string) => (error: Effect.Error<Import.Import["finish"]>): Failure =>
  error._tag === "BadFile" ? badFile(file, error) : failedBy(error)
