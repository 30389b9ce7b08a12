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

/** The process must not serve; a line a reason. */
export class NotCovered
  extends Schema.TaggedError<NotCovered>()("NotCovered", { lines: Schema.Array(Schema.String) }) {}

const nothing: Locked = { revisions: [], folds: [] }
const noLock =
  "there is no lock: run `nexus schemas generate`, commit what it writes, and serve with serve(app, { lock })"

const differenceText = ({ pointer, repair, rule }: Difference): string => `${pointer || "(all)"} ${rule}: ${repair}`

const lineOf = ({ differences = [], repair, what, why }: LockCheck.Finding): string =>
  [what, why, ...differences.map(differenceText), repair].join("; ")

/** What the registry is to hold of a subject, oldest first. */
interface Wanted {
  readonly subject: string
  readonly schema: Declared.Declared["schema"]
}

const wantedOf = (locked: Locked, declared: ReadonlyArray<Declared.Declared>): ReadonlyArray<Wanted> =>
  declared.flatMap(({ hash2020, schema, subject }) => {
    const history = locked.revisions.filter((line) => line.subject === subject)
      .toSorted((a, b) => a.revision - b.revision)
    return history.some((line) => line.hash2020 === hash2020) ? history : [...history, { subject, schema }]
  })

const unread = ({ reason }: RegistryUnavailable) => `the schema registry does not answer: ${reason}`

const breaks = (subject: string, mode: string, differences: ReadonlyArray<Difference>): string =>
  [
    `${subject} breaks with what is registered (${mode})`,
    ...differences.map(differenceText),
    "in development an empty data folder is the other way out",
  ].join("; ")

/** Registers what is missing and gives the subjects; fails on what does not agree with its history. */
const register = Effect.fnUntraced(
  function* (wanted: ReadonlyArray<Wanted>): Effect.fn.Return<
    ReadonlyArray<string>,
    NotCovered | RegistryUnavailable,
    SchemaRegistry
  > {
    const registry = yield* SchemaRegistry
    const faults: Array<string> = []
    const added: Array<string> = []
    for (const { schema, subject } of wanted) {
      const { same } = yield* registry.check(subject, schema).pipe(
        Effect.catchTag("SchemaInvalid", () => Effect.succeed({ same: undefined })),
      )
      if (same !== undefined) continue
      const made = yield* Effect.result(registry.register(subject, schema))
      if (Result.isSuccess(made)) added.push(subject)
      else if (made.failure._tag === "RegistryUnavailable") return yield* made.failure
      else if (made.failure._tag === "SchemaInvalid") {
        faults.push(`${subject} cannot be registered: ${made.failure.pointer} ${made.failure.rule}`)
      } else faults.push(breaks(subject, made.failure.mode, made.failure.differences))
    }
    if (faults.length > 0) return yield* new NotCovered({ lines: faults })
    return added
  },
)

/** Locked subjects whose newest schema the registry lacks: commands that need them answer 503 until they are there. */
const lacking = Effect.fnUntraced(function* (wanted: ReadonlyArray<Wanted>) {
  const registry = yield* SchemaRegistry
  const missing: Array<string> = []
  for (const { schema, subject } of wanted) {
    const { same } = yield* Effect.catchTag(
      registry.check(subject, schema),
      "SchemaInvalid",
      () => Effect.succeed({ same: undefined }),
    )
    if (same === undefined) missing.push(subject)
  }
  return missing
})

const list = (subjects: ReadonlyArray<string>): string => [...new Set(subjects)].join(", ")

/** Gives what to say, a line each; the registry being away stops nobody, for what is cached there goes on. */
export const prepare = Effect.fnUntraced(function* (
  app: App,
  lock: Locked | undefined,
  { production, writes }: Mode,
): Effect.fn.Return<ReadonlyArray<string>, NotCovered, SchemaRegistry> {
  const declared = Declared.make(app)
  if (lock === undefined && production) return yield* new NotCovered({ lines: [noLock] })
  const findings = lock === undefined ? [] : LockCheck.check(lock, declared, LockCheck.foldsOf(app))
  const grave = findings.filter(({ severity }) => production || severity === "broken")
  if (grave.length > 0) return yield* new NotCovered({ lines: grave.map(lineOf) })
  const told = [
    ...(lock === undefined ? [`${noLock}; production needs it`] : []),
    ...(findings.length > 0
      ? [`the lock is behind (${list(findings.map(({ about }) => about))}): ${LockCheck.generate}`]
      : []),
  ]
  const wanted = wantedOf(lock ?? nothing, declared)
  const looked = writes
    ? Effect.map(
      register(wanted),
      (added) => added.length === 0 ? [] : [`registered: ${list(added)}`],
    )
    : Effect.map(
      lacking(wanted),
      (missing) => missing.length === 0 ? [] : [`the registry lacks ${list(missing)}: run \`nexus schemas register\``],
    )
  const said = yield* Effect.catchTag(looked, "RegistryUnavailable", (error) => Effect.succeed([unread(error)]))
  return [...told, ...said]
})
