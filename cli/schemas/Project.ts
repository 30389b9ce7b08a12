/**
 * An application with its lock and the files beside it: `events.lock`, every revision's schema in `generated/schemas/`,
 * and the module that entries import. They lie in the folder of the application's file.
 * @module
 */
import { Effect, Result } from "effect"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import type { App } from "../../core/App.ts"
import * as Declared from "../../core/Declared.ts"
import * as LockCheck from "../../core/LockCheck.ts"
import * as Draft07 from "../../schemas/Draft07.ts"
import type { Standalone } from "../../schemas/JsonSchemas.ts"
import * as Lock from "../../schemas/Lock.ts"
import * as Subject from "../../schemas/Subject.ts"
import * as Fold from "../evolve/Fold.ts"
import * as parser from "../evolve/parser.ts"
import { shown } from "../facts/files.ts"
import { failed, type Failure, type Input } from "../Verb.ts"
import { moduleOf } from "./module.ts"

export interface Project {
  readonly app: App
  readonly folder: string
  readonly declared: ReadonlyArray<Declared.Declared>
  readonly folds: ReadonlyMap<string, LockCheck.Fold>
  /** Of a subject or an aggregate, from `folder`: `Order.contract.ts:44`. */
  readonly place: (about: string) => string | undefined
  /** Without the revisions whose schema is lost. */
  readonly locked: Lock.Locked
  /** There is an `events.lock`. */
  readonly present: boolean
  /** Of files and of the application against them. */
  readonly findings: ReadonlyArray<LockCheck.Finding>
}

const lockFile = "events.lock"
const moduleFile = "generated/lock.ts"
const schemaFile = ({ revision, subject }: Lock.Revision): string => `generated/schemas/${subject}.r${revision}.json`

const readText = (path: string): string | undefined =>
  existsSync(path) && statSync(path).isFile() ? readFileSync(path, "utf8") : undefined

const finding = (
  kind: string,
  about: string,
  severity: LockCheck.Finding["severity"],
  [what, why, repair]: readonly [string, string, string],
): LockCheck.Finding => ({ kind, about, severity, what, why, repair })

/** As formatters leave it: quotes, commas and white space are theirs. */
const bareText = (text: string): string => text.replaceAll(/[\s,;'"]/g, "")

const parsed = (text: string): Standalone | undefined => {
  const json = Result.try((): unknown => JSON.parse(text))
  return Result.isSuccess(json) && typeof json.success === "object" && json.success !== null
    ? json.success as Standalone
    : undefined
}

interface Files extends Pick<Project, "locked" | "present" | "findings"> {
  /** Their history is not whole: nothing can be said of them. */
  readonly lost: ReadonlySet<string>
}

const schemasOf = (folder: string, lock: Lock.Lock, declared: ReadonlyArray<Declared.Declared>): Files => {
  const findings: Array<LockCheck.Finding> = []
  const lost = new Set<string>()
  const byHash = new Map(declared.map(({ hash2020, schema }) => [hash2020, schema]))
  const revisions = lock.revisions.flatMap((line) => {
    const path = schemaFile(line)
    const text = readText(join(folder, path))
    const read = text === undefined ? undefined : parsed(text)
    const whole = read !== undefined && Declared.hashOf(read) === line.hash2020
    const schema = whole ? read : byHash.get(line.hash2020)
    if (!whole) {
      const [kind, what] = text === undefined
        ? ["file-missing", "is missing"]
        : ["file-edited", "is not what the lock says"]
      const repair = schema === undefined ? `bring it back: git checkout -- ${shown(folder, path)}` : LockCheck.generate
      const why = "an event's history is checked against every schema it ever had; these files are never edited by hand"
      findings.push(finding(kind!, path, schema === undefined ? "broken" : "stale", [`${path} ${what}`, why, repair]))
    }
    if (schema === undefined) {
      lost.add(line.subject)
      return []
    }
    const old = Result.map(Draft07.make(schema), Declared.hashOf)
    if (Result.isSuccess(old) && old.success !== line.hash07) {
      const what = `${line.subject} revision ${line.revision} has another hash07 than its schema in draft-07`
      findings.push(
        finding("draft07-changed", line.subject, "stale", [what, "AWS Glue takes draft-07", LockCheck.generate]),
      )
      return [{ ...line, hash07: old.success, registryVersion: null, schema }]
    }
    return [{ ...line, schema }]
  })
  return { findings, lost, locked: { revisions, folds: lock.folds }, present: true }
}

const schemasFolder = "generated/schemas"
const strangersIn = (folder: string, { revisions }: Lock.Lock): ReadonlyArray<string> => {
  const known = new Set(revisions.map((line) => basename(schemaFile(line))))
  const path = join(folder, schemasFolder)
  const isOurs = (name: string) => Subject.parse(name.replace(/\.r\d+\.json$/, "")) !== undefined
  return !existsSync(path) ? [] : readdirSync(path).filter((name) => isOurs(name) && !known.has(name))
    .map((name) => `${schemasFolder}/${name}`)
}

const filesOf = (folder: string, declared: ReadonlyArray<Declared.Declared>): Files => {
  const text = readText(join(folder, lockFile))
  if (text === undefined) {
    return { findings: [], lost: new Set(), locked: { revisions: [], folds: [] }, present: false }
  }
  const lock = Lock.parse(text)
  if (Result.isFailure(lock)) {
    const why = "without it nobody knows which events are stored"
    const repair = `mend the line, or bring the file back: git checkout -- ${shown(folder, lockFile)}`
    const findings = lock.failure.map(({ line, rule }) =>
      finding("lock-unreadable", `${lockFile}:${line}`, "broken", [`line ${line} ${rule}`, why, repair])
    )
    const lost = new Set(declared.map(({ subject }) => subject))
    return { findings, lost, locked: { revisions: [], folds: [] }, present: true }
  }
  const files = schemasOf(folder, lock.success, declared)
  const stale = (kind: string, about: string, what: string, why: string) =>
    finding(kind, about, "stale", [`${about} ${what}`, why, LockCheck.generate])
  const ordered = text.replaceAll("\r\n", "\n") === Lock.render(lock.success)
  const module = readText(join(folder, moduleFile))
  const current = module !== undefined && bareText(module) === bareText(moduleOf(files.locked))
  return {
    ...files,
    findings: [
      ...files.findings,
      ...strangersIn(folder, lock.success).map((path) =>
        stale("file-foreign", path, "is not in the lock", "it would mislead")
      ),
      ...(ordered
        ? []
        : [stale("lock-unsorted", lockFile, "is not as it is written", "sorted lines merge by themselves")]),
      ...(current || files.lost.size > 0
        ? []
        : [stale("module-stale", moduleFile, "is not what the lock says", "entries serve with it")]),
    ],
  }
}

/** Reads it all; fails only where nothing can be said. */
export const open = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Project, Failure> {
  const app = yield* input.app
  const entry = resolve(input.option("app")!)
  const folder = dirname(entry)
  const parse = yield* Effect.mapError(parser.load("js"), failed)
  const aggregates = Object.values(app.aggregates)
  const upcasters = (one: (typeof aggregates)[number]) =>
    Object.values(one.contract.events).reduce((sum, event) => sum + event.upcasters.length, 0)
  const wanted = new Map(aggregates.map((one) => [one.contract.aggregate, { upcasters: upcasters(one) }]))
  const read = yield* Effect.try({
    try: () => Fold.read({ read: readText, parse }, entry, wanted),
    catch: (error) => failed((error as Error).message),
  })
  const folds = new Map(
    aggregates.map(({ contract: { aggregate }, revision }): [string, LockCheck.Fold] => {
      const fold = read.folds.get(aggregate)
      return [aggregate, fold === undefined ? { revision, unseen: read.unseen.get(aggregate)! } : { revision, ...fold }]
    }),
  )
  const declared = Declared.make(app)
  const files = filesOf(folder, declared)
  const unreadable = files.findings.some(({ kind }) => kind === "lock-unreadable")
  const isWhole = ({ subject }: { readonly subject: string }) => !files.lost.has(subject)
  const whole = { ...files.locked, revisions: files.locked.revisions.filter(isWhole) }
  const told = unreadable ? [] : LockCheck.check(whole, declared.filter(isWhole), folds)
  const place = (about: string): string | undefined => {
    const at = read.folds.get(about) ?? read.events.get(about.replace(/\.v\d+$/, ""))
    return at && `${relative(folder, at.file)}:${at.line}`
  }
  return { ...files, app, declared, folder, folds, findings: [...files.findings, ...told], place }
})

/** Writes what differs, the lock last; gives the paths that it wrote or took away. */
export const write = (folder: string, locked: Lock.Locked): ReadonlyArray<string> => {
  const touched: Array<string> = []
  const put = (path: string, text: string, isSame: (old: string) => boolean) => {
    const old = readText(join(folder, path))
    if (old !== undefined && isSame(old)) return
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
    touched.push(path)
  }
  for (const line of locked.revisions) {
    const isWhole = (old: string) => {
      const schema = parsed(old)
      return schema !== undefined && Declared.hashOf(schema) === line.hash2020
    }
    put(schemaFile(line), `${JSON.stringify(line.schema, null, 2)}\n`, isWhole)
  }
  for (const path of strangersIn(folder, locked)) {
    rmSync(join(folder, path))
    touched.push(path)
  }
  const module = moduleOf(locked)
  put(moduleFile, module, (old) => bareText(old) === bareText(module))
  const text = Lock.render(locked)
  put(lockFile, text, (old) => old === text)
  return touched
}
