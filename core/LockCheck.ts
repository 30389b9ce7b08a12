/**
 * An application against its lock: what is new, what changed and whether stored events still fit, what is gone.
 *
 * Every locked revision of every version counts, not the newest alone: all of them stand in stores for ever. Each
 * finding says what, why, and how to mend it.
 * @module
 */
import { Result } from "effect"
import * as Compatibility from "../schemas/Compatibility.ts"
import type { Difference } from "../schemas/Difference.ts"
import type { Locked } from "../schemas/Lock.ts"
import * as Subject from "../schemas/Subject.ts"
import type { App } from "./App.ts"
import type { Declared } from "./Declared.ts"

export type Kind =
  | "event-new"
  | "event-changed"
  | "event-incompatible"
  | "event-removed"
  | "aggregate-removed"
  | "schema-unusable"
  | "upcaster-missing"
  | "fold-new"
  | "fold-raised"
  | "fold-extended"
  | "fold-changed"
  | "fold-lowered"
  | "fold-unseen"

export interface Finding {
  readonly kind: string
  /** A subject (`Order.OrderPlaced.v2`), an aggregate, or a file. */
  readonly about: string
  /** `stale`: `nexus schemas generate` mends it. `broken`: a person has to, and nothing is generated before. */
  readonly severity: "stale" | "broken"
  readonly what: string
  readonly why: string
  readonly repair: string
  readonly differences?: ReadonlyArray<Difference>
}

/** What the source of an aggregate's fold says; where no source is at hand, its revision alone. */
export interface Fold {
  readonly revision: number
  /** Of all handlers. */
  readonly hash?: string
  /** Of the handlers of these event types alone. */
  readonly hashOf?: (types: ReadonlySet<string>) => string
  /** Why there is no hash. */
  readonly unseen?: string
}

/** In a lock instead of a hash: somebody vouches for a fold whose source cannot be followed. */
export const vouched = "0".repeat(64)

export const generate = "run `nexus schemas generate` and commit what it writes"
const frozen = "events of this version are stored, and stay as they are for ever"

export const foldsOf = (app: App): ReadonlyMap<string, Fold> =>
  new Map(Object.values(app.aggregates).map(({ contract, revision }) => [contract.aggregate, { revision }]))

const unusable = (subject: string, rule: string): Finding => ({
  kind: "schema-unusable",
  about: subject,
  severity: "broken",
  what: `the schema of ${subject} cannot be registered`,
  why: rule,
  repair: "write the field with a schema that JSON Schema has words for",
})

const eventFindings = (locked: Locked, one: Declared): ReadonlyArray<Finding> => {
  const { draft07, hash2020, newest, schema, subject, type, version } = one
  const history = locked.revisions.filter((line) => line.subject === subject)
  const found: Array<Finding> = []
  if (Result.isFailure(draft07)) found.push(unusable(subject, `draft-07 cannot say it: ${draft07.failure.rule}`))
  if (!one.upcast) {
    found.push({
      kind: "upcaster-missing",
      about: subject,
      severity: "broken",
      what: `nothing leads from ${type} v${version} to v${version + 1}`,
      why: frozen,
      repair: `write the upcaster: .v${version + 1}(fields, (old) => …)`,
    })
  }
  const earlier = history.filter((line) => line.hash2020 !== hash2020)
  const report = Compatibility.check({ candidate: schema, earlier, mode: "BACKWARD_TRANSITIVE", subject })
  if (Result.isFailure(report)) {
    return [...found, unusable(subject, `${report.failure.pointer} ${report.failure.rule}`.trim())]
  }
  const revisions = history.map(({ revision }) => revision)
  if (report.success.length > 0) {
    const next = newest ? `or leave v${version} as it was and add .v${version + 1}(fields, upcaster)` : ""
    return [...found, {
      kind: "event-incompatible",
      about: subject,
      severity: "broken",
      what: `the schema of ${subject} breaks with revision ${
        [...new Set(report.success.flatMap(({ revisions }) => revisions))].toSorted((a, b) => a - b).join(", ")
      } of the lock`,
      why: newest ? frozen : `v${version} is no longer written, but ${frozen}`,
      repair: newest ? `mend each difference, ${next}` : `write v${version} again as it was`,
      differences: report.success,
    }]
  }
  if (history.length === 0) {
    found.push({
      kind: "event-new",
      about: subject,
      severity: "stale",
      what: `${subject} is not in the lock`,
      why: "only events whose schema is locked and registered may be stored",
      repair: generate,
    })
  } else if (earlier.length === history.length) {
    found.push({
      kind: "event-changed",
      about: subject,
      severity: "stale",
      what: `the schema of ${subject} changed compatibly: it becomes revision ${Math.max(...revisions) + 1}`,
      why: "the lock holds every schema that was ever in use",
      repair: generate,
    })
  }
  return found
}

const removed = (locked: Locked, declared: ReadonlyArray<Declared>, folds: ReadonlyMap<string, Fold>) => {
  const known = new Set(declared.map(({ subject }) => subject))
  const gone = [...new Set(locked.revisions.map(({ subject }) => subject))].filter((subject) => !known.has(subject))
  const aggregates = new Set(gone.map((subject) => Subject.parse(subject)?.aggregate ?? subject))
  for (const { aggregate } of locked.folds) if (!folds.has(aggregate)) aggregates.add(aggregate)
  const repair = (lines: string) =>
    `put it back; only if it was never stored anywhere, delete ${lines} from events.lock, then ${generate}`
  return [...aggregates].flatMap((aggregate): ReadonlyArray<Finding> => {
    if (!folds.has(aggregate)) {
      return [{
        kind: "aggregate-removed",
        about: aggregate,
        severity: "broken",
        what: `the application has no aggregate ${aggregate} any more, but the lock has its events`,
        why: "stored events of it could not be read",
        repair: repair("its lines"),
      }]
    }
    return gone.filter((subject) => Subject.parse(subject)?.aggregate === aggregate).map((subject) => ({
      kind: "event-removed",
      about: subject,
      severity: "broken",
      what: `${subject} is in the lock, but no longer in the contract`,
      why: "stored events of it could not be read: their streams would stop with newer-event",
      repair: repair(`the lines of ${subject}`),
    }))
  })
}

/**
 * The types that the locked hash may be of: all that are locked, or all but one or two. Of two branches that were merged
 * each had locked its events without the other's, and one line stayed.
 */
const candidatesOf = (types: ReadonlyArray<string>): ReadonlyArray<ReadonlySet<string>> => {
  const without = (...gone: ReadonlyArray<string>) => new Set(types.filter((type) => !gone.includes(type)))
  const pairs = types.length > pairsOfMax ? [] : types.flatMap((a, i) => types.slice(i + 1).map((b) => without(a, b)))
  return [without(), ...types.map((type) => without(type)), ...pairs]
}
const pairsOfMax = 20

const foldFinding = (locked: Locked, aggregate: string, fold: Fold): ReadonlyArray<Finding> => {
  const line = locked.folds.find((one) => one.aggregate === aggregate)
  const accept = `\`nexus schemas accept-evolve ${aggregate}\``
  const found = (kind: Kind, severity: Finding["severity"], what: string, why: string, repair: string) => [
    { kind, about: aggregate, severity, what, why, repair },
  ]
  const snapshots = "snapshots of old code would be taken for its own"
  if (fold.unseen !== undefined && (line?.evolve !== vouched || line.revision !== fold.revision)) {
    const repair = `make it visible, or vouch for it with ${accept}`
    return found(
      "fold-unseen",
      "broken",
      `the source of evolve of ${aggregate} cannot be followed`,
      fold.unseen,
      repair,
    )
  }
  if (line === undefined) {
    return found("fold-new", "stale", `the fold of ${aggregate} is not in the lock`, "its changes must show", generate)
  }
  if (fold.revision < line.revision) {
    const repair = `raise revision of ${aggregate} to ${line.revision + 1}`
    const what = `${aggregate} has revision ${fold.revision}, the lock ${line.revision}`
    return found("fold-lowered", "broken", what, `a revision is used once: ${snapshots}`, repair)
  }
  if (fold.revision > line.revision) {
    const what = `${aggregate} has the new revision ${fold.revision}`
    return found("fold-raised", "stale", what, "the lock says which fold a revision is", generate)
  }
  if (fold.hash === undefined || fold.hash === line.evolve || line.evolve === vouched && fold.unseen !== undefined) {
    return []
  }
  const types = locked.revisions.flatMap(({ subject }) => Subject.parse(subject) ?? [])
    .filter((one) => one.aggregate === aggregate).map(({ type }) => type)
  const { hashOf } = fold
  if (hashOf !== undefined && candidatesOf([...new Set(types)]).some((some) => hashOf(some) === line.evolve)) {
    const what = `evolve of ${aggregate} handles events more, the others as before`
    return found("fold-extended", "stale", what, "the lock says what evolve means", generate)
  }
  return found(
    "fold-changed",
    "broken",
    `evolve of ${aggregate} changed, its revision ${fold.revision} did not`,
    snapshots,
    `set revision: ${fold.revision + 1} in Aggregate.make, or say with ${accept} that it folds as before`,
  )
}

/** All findings; none where the lock covers the application as it is. */
export const check = (
  locked: Locked,
  declared: ReadonlyArray<Declared>,
  folds: ReadonlyMap<string, Fold>,
): ReadonlyArray<Finding> => [
  ...declared.flatMap((one) => eventFindings(locked, one)),
  ...removed(locked, declared, folds),
  ...[...folds].flatMap(([aggregate, fold]) => foldFinding(locked, aggregate, fold)),
]

/** The lock as it is once `findings` that are stale are settled; what is not declared any more stays. */
export const settled = (
  locked: Locked,
  declared: ReadonlyArray<Declared>,
  folds: ReadonlyMap<string, Fold>,
): Locked => {
  const revisions = declared.flatMap((one) => {
    const history = locked.revisions.filter(({ subject }) => subject === one.subject)
    if (Result.isFailure(one.draft07) || history.some(({ hash2020 }) => hash2020 === one.hash2020)) return []
    return [{
      subject: one.subject,
      revision: history.length + 1,
      hash2020: one.hash2020,
      hash07: one.draft07.success.hash,
      registryVersion: null,
      schema: one.schema,
    }]
  })
  return {
    revisions: [...locked.revisions, ...revisions],
    folds: [...folds].map(([aggregate, { hash, revision }]) => ({ aggregate, revision, evolve: hash ?? vouched })),
  }
}
