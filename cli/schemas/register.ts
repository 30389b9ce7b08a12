/**
 * `nexus schemas register`: brings every locked schema into the registry, oldest first, and notes in the lock what the
 * registry calls it. All of them are compared before the first is registered.
 * @module
 */
import { Effect, type Layer } from "effect"
import { type RegistryUnavailable, SchemaRegistry } from "../../core/SchemaRegistry.ts"
import type { Difference } from "../../schemas/Difference.ts"
import * as Lock from "../../schemas/Lock.ts"
import { shown } from "../facts/files.ts"
import { colored, plain } from "../paint.ts"
import { anyStore, application, failed, Failure, type Input, progress, type Verb } from "../Verb.ts"
import { open, write } from "./Project.ts"
import { differenceLines, findingsText, plural, told as toldOf } from "./text.ts"

/** Reaches the registry that the environment names; the embedded one lies in the store. */
export type OpenRegistry = (input: Input) => Layer.Layer<SchemaRegistry, { readonly message: string }>

type Outcome = "registered" | "there already" | "would be registered" | "incompatible" | "refused"

interface Told {
  readonly subject: string
  /** In the lock. */
  readonly revision: number
  readonly outcome: Outcome
  readonly registryVersion: number | null
  readonly differences?: ReadonlyArray<Difference>
  readonly rule?: string
}

const away = ({ reason }: RegistryUnavailable) =>
  failed(`the schema registry does not answer: ${reason}; try again later`)

type Line = Lock.Locked["revisions"][number]

const isFault = ({ outcome }: Told) => outcome === "incompatible" || outcome === "refused"

/** What the registry would say; it may hold more than the lock, but nothing that breaks with it. */
const compare = Effect.fnUntraced(function* ({ revision, schema, subject }: Line) {
  const registry = yield* SchemaRegistry
  const head = { subject, revision }
  return yield* registry.check(subject, schema).pipe(
    Effect.map(({ differences, same }): Told =>
      same !== undefined
        ? { ...head, outcome: "there already", registryVersion: same }
        : differences.length > 0
        ? { ...head, outcome: "incompatible", registryVersion: null, differences }
        : { ...head, outcome: "would be registered", registryVersion: null }
    ),
    Effect.catchTag(
      "SchemaInvalid",
      ({ pointer, rule }) =>
        Effect.succeed<Told>({ ...head, outcome: "refused", registryVersion: null, rule: `${pointer} ${rule}`.trim() }),
    ),
    Effect.mapError(away),
  )
})

const add = Effect.fnUntraced(function* ({ revision, schema, subject }: Line) {
  const registry = yield* SchemaRegistry
  const head = { subject, revision, registryVersion: null }
  return yield* registry.register(subject, schema).pipe(
    Effect.map((made): Told => ({ ...head, outcome: "registered", registryVersion: made.revision })),
    // Somebody else has registered something meanwhile.
    Effect.catchTags({
      IncompatibleSchema: ({ differences }) => Effect.succeed<Told>({ ...head, outcome: "incompatible", differences }),
      SchemaInvalid: ({ pointer, rule }) =>
        Effect.succeed<Told>({ ...head, outcome: "refused", rule: `${pointer} ${rule}`.trim() }),
    }),
    Effect.mapError(away),
  )
})

export const register = (openRegistry: OpenRegistry): Verb => ({
  name: "schemas register",
  help: "Register every locked schema in the schema registry",
  options: {
    ...application,
    ...anyStore,
    "dry-run": { help: "Say what would be registered, and write nothing" },
    ...progress,
  },
  notes: "In CI (CI=true) and production (NEXUS_ENV=production) the registry alone is written, events.lock is not.",
  run: Effect.fnUntraced(function* (input) {
    const project = yield* open(input)
    const { findings, folder, locked, present } = project
    const paint = input.color ? colored : plain
    if (!present) return yield* failed("there is no events.lock: run `nexus schemas generate` first")
    if (findings.length > 0) {
      const text = `${
        findingsText(project, findings, paint)
      }\n\nnothing is registered: the lock does not cover the application`
      yield* input.print(text, { ok: false, revisions: [], findings: findings.map((one) => toldOf(project, one)) })
      return 1
    }
    const dry = input.option("dry-run") !== undefined
    const lines = locked.revisions.toSorted(Lock.order)
    const all = yield* Effect.gen(function* () {
      const compared: Array<Told> = []
      for (const line of lines) {
        compared.push(yield* compare(line))
        input.progress("comparing", compared.length, lines.length, "schemas")
      }
      if (dry || compared.some(isFault)) return compared
      const done: Array<Told> = []
      for (const [index, line] of lines.entries()) {
        const known = compared[index]!
        done.push(known.outcome === "there already" ? known : yield* add(line))
        input.progress("registering", done.length, lines.length, "schemas")
      }
      return done
    }).pipe(
      Effect.provide(openRegistry(input)),
      Effect.mapError((error) => error instanceof Failure ? error : failed(error.message)),
    )
    const ok = !all.some(isFault)
    const numbered = locked.revisions.map((line) => {
      const number = all.find((one) => one.subject === line.subject && one.revision === line.revision)?.registryVersion
      return number === undefined || number === null ? line : { ...line, registryVersion: number }
    })
    const unchanged = !ok && !all.some(({ outcome }) => outcome === "registered")
    const reads = input.env["NEXUS_ENV"] === "production" || ["true", "1"].includes(input.env["CI"] ?? "")
    const written = dry || reads || unchanged ? [] : yield* Effect.try({
      try: () => write(folder, { ...locked, revisions: numbered }),
      catch: (error) => failed((error as Error).message),
    })
    // Most are there already, and their names say nothing.
    const told = all.filter(({ outcome }) => outcome !== "there already")
    const known = all.length - told.length
    const text = told.flatMap(({ differences = [], outcome, registryVersion, revision, rule, subject }) => [
      `${subject} revision ${revision}: ${outcome}${registryVersion === null ? "" : ` as ${registryVersion}`}${
        rule === undefined ? "" : `, ${rule}`
      }`,
      ...differences.flatMap((one) => differenceLines(one, paint)),
    ])
    const end = !ok
      ? all.some(({ outcome }) => outcome === "incompatible")
        ? "the registry has schemas that these break with: nothing more is registered"
        : "the registry does not take these: nothing more is registered"
      : dry
      ? "dry run: nothing is written"
      : written.length > 0
      ? `wrote ${written.map((path) => shown(folder, path)).join(", ")}: commit them`
      : "the registry has every schema of the lock"
    const there = known === 0 ? [] : [`${plural(known, "schema")} there already`]
    yield* input.print([...text, ...there, end].join("\n"), { ok, dryRun: dry, revisions: all, written })
    return ok ? 0 : 1
  }),
})
