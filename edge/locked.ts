/**
 * What a process does about schemas before it serves: development registers what is new and compatible, production and CI
 * only look. Whatever breaks with what was locked or registered stops it, with the repair.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import type { App } from "../core/App.ts"
import * as Declared from "../core/Declared.ts"
import * as LockCheck from "../core/LockCheck.ts"
import { type RegistryUnavailable, SchemaRegistry } from "../core/SchemaRegistry.ts"
import type { Difference } from "../schemas/Difference.ts"
import type { Locked } from "../schemas/Lock.ts"

export interface Mode {
  readonly production: boolean
  /** Neither production nor CI. */
  readonly writes: boolean
}

/** The process must not serve; a text a reason, over several lines where it has parts. */
export class NotCovered
  extends Schema.TaggedError<NotCovered>()("NotCovered", { lines: Schema.Array(Schema.String) }) {}

const nothing: Locked = { revisions: [], folds: [] }
const noLock =
  "there is no lock: run `nexus schemas generate`, commit what it writes, and serve with serve(app, { lock })"

const differenceText = ({ pointer, repair, rule }: Difference): string => `${pointer || "(all)"} ${rule}: ${repair}`

/** One under the other: a start that is refused is read by a person. */
const reason = (...parts: ReadonlyArray<string>): string => parts.join("\n  ")

const reasonOf = ({ differences = [], repair, what, why }: LockCheck.Finding): string =>
  reason(what, why, ...differences.map(differenceText), repair)

/** What the start has to say; a warning where events will not be stored, or not deployed, until somebody acts. */
export interface Said {
  readonly level: "Info" | "Warn"
  readonly text: string
}
const info = (text: string): Said => ({ level: "Info", text })
const warning = (text: string): Said => ({ level: "Warn", text })

interface Wanted {
  readonly schema: Declared.Declared["schema"]
  /** In either dialect: a registry may hold it in the other one. */
  readonly hashes: ReadonlyArray<string>
}

/** What the registry is to hold of each subject, oldest first. */
const wantedOf = (locked: Locked, declared: ReadonlyArray<Declared.Declared>) =>
  declared.map(({ draft07, hash2020, schema, subject }) => {
    const history = locked.revisions.filter((line) => line.subject === subject)
      .toSorted((a, b) => a.revision - b.revision)
    const hashes = Result.isSuccess(draft07) ? [hash2020, draft07.success.hash] : [hash2020]
    const newest = history.some((line) => line.hash2020 === hash2020) ? [] : [{ schema, hashes }]
    const before = history.map((line): Wanted => ({ schema: line.schema, hashes: [line.hash2020, line.hash07] }))
    return { subject, revisions: [...before, ...newest] }
  })

const unread = ({ reason }: RegistryUnavailable) =>
  `the schema registry does not answer: ${reason}. Events are stored once it does; what it lacks, register with ` +
  "`nexus schemas register`"

const breaks = (subject: string, mode: string, differences: ReadonlyArray<Difference>): string =>
  reason(
    `${subject} breaks with what is registered (${mode})`,
    ...differences.map(differenceText),
    "in development an empty data folder is the other way out",
  )

/** Those of the wanted that the registry lacks; nothing is written. */
const lacking = Effect.fnUntraced(function* (subject: string, wanted: ReadonlyArray<Wanted>) {
  const registry = yield* SchemaRegistry
  const held = yield* Effect.catchTag(registry.revisions(subject), "SchemaNotRegistered", () => Effect.succeed([]))
  const known = new Set(held.map(({ hash }) => hash))
  return wanted.filter(({ hashes }) => !hashes.some((hash) => known.has(hash)))
})

/** Gives why it does not agree with its history; nothing where all of it is registered now. */
const register = Effect.fnUntraced(function* (subject: string, missing: ReadonlyArray<Wanted>) {
  const registry = yield* SchemaRegistry
  for (const { schema } of missing) {
    const made = yield* Effect.result(registry.register(subject, schema))
    if (Result.isSuccess(made)) continue
    const { failure } = made
    if (failure._tag === "RegistryUnavailable") return yield* failure
    if (failure._tag === "IncompatibleSchema") return breaks(subject, failure.mode, failure.differences)
    return `${subject} cannot be registered: ${failure.pointer} ${failure.rule}`
  }
  return undefined
})

/** Subjects of which something was missing; with `writes` it is there now. */
const settle = Effect.fnUntraced(
  function* (
    wanted: ReturnType<typeof wantedOf>,
    writes: boolean,
  ): Effect.fn.Return<ReadonlyArray<string>, NotCovered | RegistryUnavailable, SchemaRegistry> {
    const outcomes = yield* Effect.forEach(
      wanted,
      Effect.fnUntraced(function* ({ revisions, subject }) {
        const missing = yield* lacking(subject, revisions)
        const fault = writes && missing.length > 0 ? yield* register(subject, missing) : undefined
        return { subject, fault, touched: missing.length > 0 }
      }),
      { concurrency: 8 },
    )
    const lines = outcomes.flatMap(({ fault }) => fault ?? [])
    if (lines.length > 0) return yield* new NotCovered({ lines })
    return outcomes.filter(({ touched }) => touched).map(({ subject }) => subject)
  },
)

const namedMax = 5
const list = (subjects: ReadonlyArray<string>): string => {
  const all = [...new Set(subjects)]
  const more = all.length - namedMax
  return more > 0 ? `${all.slice(0, namedMax).join(", ")} and ${more} more` : all.join(", ")
}

/** Gives what to say; the registry being away stops nobody, for what is cached there goes on. */
export const prepare = Effect.fnUntraced(function* (
  app: App,
  lock: Locked | undefined,
  { production, writes }: Mode,
): Effect.fn.Return<ReadonlyArray<Said>, NotCovered, SchemaRegistry> {
  const declared = Declared.make(app)
  if (lock === undefined && production) return yield* new NotCovered({ lines: [noLock] })
  const findings = lock === undefined ? [] : LockCheck.check(lock, declared, LockCheck.foldsOf(app))
  const grave = findings.filter(({ severity }) => production || severity === "broken")
  if (grave.length > 0) return yield* new NotCovered({ lines: grave.map(reasonOf) })
  const told = [
    ...(lock === undefined ? [info(`${noLock}; production needs it`)] : []),
    ...(findings.length > 0
      ? [info(`the lock is behind (${list(findings.map(({ about }) => about))}): ${LockCheck.generate}`)]
      : []),
  ]
  const settled = Effect.map(settle(wantedOf(lock ?? nothing, declared), writes), (subjects) => {
    if (subjects.length === 0) return []
    const names = list(subjects)
    return [
      writes
        ? info(`registered: ${names}`)
        : warning(`the registry lacks ${names}: none of them is stored before \`nexus schemas register\` has run`),
    ]
  })
  const said = yield* Effect.catchTag(
    settled,
    "RegistryUnavailable",
    (error) => Effect.succeed([warning(unread(error))]),
  )
  return [...told, ...said]
})
