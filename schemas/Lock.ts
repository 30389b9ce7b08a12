/**
 * `events.lock` as data: a line for every revision of every event schema that was ever agreed on, and a line an aggregate
 * for what its `evolve` means.
 *
 * JSON lines, sorted, one fact each, so that branches that add events merge by themselves. Schemas stand beside it in
 * files; `Locked` is both together, as the generated module carries them to where no file is read.
 * @module
 */
import { Result, Schema } from "effect"
import { namePattern } from "./Fields.ts"
import type { Standalone } from "./JsonSchemas.ts"
import * as Subject from "./Subject.ts"

/** Lower-case hexadecimal SHA-256. */
const Hash = Schema.String.pipe(Schema.check(Schema.isPattern(/^[0-9a-f]{64}$/)))
const Count = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })))

/** A schema of an event, once agreed on: its line never changes but for `registryVersion`. */
export const Revision = Schema.Struct({
  subject: Schema.String,
  /** From 1, without a gap, per subject: 2 is the first compatible edit. */
  revision: Count,
  hash2020: Hash,
  hash07: Hash,
  /** What the registry calls it; null until `nexus schemas register` has said so. */
  registryVersion: Schema.NullOr(Count),
})
export type Revision = typeof Revision.Type

/** What an aggregate's fold means: initial state, upcasters and `evolve`, as they are written. */
export const Fold = Schema.Struct({ aggregate: Schema.String, revision: Count, evolve: Hash })
export type Fold = typeof Fold.Type

export interface Lock {
  readonly revisions: ReadonlyArray<Revision>
  readonly folds: ReadonlyArray<Fold>
}

/** A lock with its schemas. */
export interface Locked {
  readonly revisions: ReadonlyArray<Revision & { readonly schema: Standalone }>
  readonly folds: ReadonlyArray<Fold>
}

export const empty: Lock = { revisions: [], folds: [] }

/** `line` counts from 1. */
export interface Fault {
  readonly line: number
  readonly rule: string
}

const compareText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** By aggregate, type, version and revision; numbers as numbers, so that v10 follows v9. */
export const order = (a: Revision, b: Revision): number => {
  const [left, right] = [Subject.parse(a.subject), Subject.parse(b.subject)]
  if (left === undefined || right === undefined) return compareText(a.subject, b.subject)
  return compareText(left.aggregate, right.aggregate) || compareText(left.type, right.type) ||
    left.version - right.version || a.revision - b.revision
}

/** The one text of a lock: folds first, each kind sorted, members in one order. */
export const render = ({ folds, revisions }: Lock): string =>
  [
    ...folds.toSorted((a, b) => compareText(a.aggregate, b.aggregate))
      .map(({ aggregate, evolve, revision }) => ({ aggregate, revision, evolve })),
    ...revisions.toSorted(order).map(({ hash07, hash2020, registryVersion, revision, subject }) => ({
      subject,
      revision,
      hash2020,
      hash07,
      registryVersion,
    })),
  ].map((line) => `${JSON.stringify(line)}\n`).join("")

const decodeRevision = Schema.decodeUnknownResult(Revision, { onExcessProperty: "error" })
const decodeFold = Schema.decodeUnknownResult(Fold, { onExcessProperty: "error" })

type Line = { readonly key: string; readonly revision: Revision } | { readonly key: string; readonly fold: Fold }

const lineOf = (text: string): Result.Result<Line, string> => {
  const parsed = Result.try((): unknown => JSON.parse(text))
  if (Result.isFailure(parsed)) return Result.fail("is no JSON: every line is one object")
  const json = parsed.success
  if (typeof json !== "object" || json === null) return Result.fail("is no JSON object")
  if ("aggregate" in json) {
    const fold = decodeFold(json)
    if (Result.isFailure(fold) || !namePattern.test(fold.success.aggregate)) {
      return Result.fail("is not { aggregate, revision, evolve }: a name, a number from 1 and a SHA-256")
    }
    return Result.succeed({ key: fold.success.aggregate, fold: fold.success })
  }
  const revision = decodeRevision(json)
  if (Result.isFailure(revision)) {
    return Result.fail("is not { subject, revision, hash2020, hash07, registryVersion }: numbers from 1, two SHA-256")
  }
  const { revision: number, subject } = revision.success
  return Subject.parse(subject) === undefined
    ? Result.fail(`names no subject such as Order.OrderPlaced.v1: ${JSON.stringify(subject)}`)
    : Result.succeed({ key: `${subject} revision ${number}`, revision: revision.success })
}

const conflict = "holds a merge conflict: keep the lines of both sides, then run `nexus schemas generate`"

/** Lines may stand in any order; what is wrong is said of every line that is. */
export const parse = (text: string): Result.Result<Lock, ReadonlyArray<Fault>> => {
  const lines = text.split(/\r?\n/).map((text, index) => ({ text, line: index + 1 })).filter(({ text }) => text !== "")
  const marker = lines.find(({ text }) => /^(<{7}|={7}|>{7}|\|{7})( |$)/.test(text))
  if (marker !== undefined) return Result.fail([{ line: marker.line, rule: conflict }])
  const faults: Array<Fault> = []
  const [revisions, folds]: [Array<Revision>, Array<Fold>] = [[], []]
  const seen = new Map<string, number>()
  for (const { line, text } of lines) {
    const read = lineOf(text)
    if (Result.isFailure(read)) {
      faults.push({ line, rule: read.failure })
      continue
    }
    const { key } = read.success
    const before = seen.get(key)
    if (before !== undefined) {
      faults.push({
        line,
        rule: `says ${key} again, as line ${before} does: keep one, then run \`nexus schemas generate\``,
      })
    }
    seen.set(key, line)
    if ("fold" in read.success) folds.push(read.success.fold)
    else revisions.push(read.success.revision)
  }
  for (const { revision, subject } of revisions) {
    if (revision > 1 && !seen.has(`${subject} revision ${revision - 1}`)) {
      const line = seen.get(`${subject} revision ${revision}`)!
      faults.push({ line, rule: `is ${subject} revision ${revision}, but revision ${revision - 1} is missing` })
    }
  }
  return faults.length > 0
    ? Result.fail(faults.toSorted((a, b) => a.line - b.line))
    : Result.succeed({ revisions, folds })
}
