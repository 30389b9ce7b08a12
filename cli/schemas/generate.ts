/**
 * `nexus schemas generate`: locks what is new and what changed compatibly; `nexus schemas accept-evolve`: records that a
 * fold means what it meant. Both write the lock, the schemas and the module; neither writes where something is broken.
 * @module
 */
import { Effect } from "effect"
import * as LockCheck from "../../core/LockCheck.ts"
import { shown } from "../facts/files.ts"
import { colored, plain } from "../paint.ts"
import { application, failed, type Input, type Verb, wrong } from "../Verb.ts"
import { open, type Project, write } from "./Project.ts"
import { findingsText, plural, summary, told } from "./text.ts"

const put = (folder: string, locked: Project["locked"]) =>
  Effect.try({ try: () => write(folder, locked), catch: (error) => failed((error as Error).message) })

/** Says what stands in the way. */
const refuse = Effect.fnUntraced(function* (input: Input, project: Project, broken: Project["findings"]) {
  const findings = findingsText(project, broken, input.color ? colored : plain)
  yield* input.print(`${findings}\n\nnothing is written: ${plural(broken.length, "finding")} in the way`, {
    ok: false,
    written: [],
    findings: broken.map((one) => told(project, one)),
  })
  return 1
})

/** Schemas may be many. */
const toldOf = (folder: string, all: ReadonlyArray<string>): string => {
  const paths = all.map((path) => shown(folder, path))
  const isSchema = (path: string) => path.endsWith(".json")
  const schemas = paths.filter(isSchema)
  return [...paths.filter((path) => !isSchema(path)), ...(schemas.length > 3 ? [`${schemas.length} schemas`] : schemas)]
    .join(", ")
}

const written = Effect.fnUntraced(function* (input: Input, project: Project, locked: Project["locked"]) {
  const paths = yield* put(project.folder, locked)
  const what = summary({ ...project, locked })
  const text = paths.length === 0 ? `nothing to do: ${what} are locked` : [
    ...project.findings.filter(({ severity }) => severity === "stale").map(({ what }) => `  ${what}`),
    `wrote ${toldOf(project.folder, paths)}: ${what} are locked; commit them`,
  ].join("\n")
  yield* input.print(text, { ok: true, written: paths })
  return 0
})

export const generate: Verb = {
  name: "schemas generate",
  help: "Write events.lock, generated/schemas/ and generated/lock.ts for what is new or changed compatibly",
  options: { ...application },
  run: Effect.fnUntraced(function* (input) {
    const project = yield* open(input)
    const broken = project.findings.filter(({ severity }) => severity === "broken")
    if (broken.length > 0) return yield* refuse(input, project, broken)
    return yield* written(input, project, LockCheck.settled(project.locked, project.declared, project.folds))
  }),
}

const isFold = ({ kind }: LockCheck.Finding): boolean => kind === "fold-changed" || kind === "fold-unseen"

export const acceptEvolve: Verb = {
  name: "schemas accept-evolve",
  help: "Record that a changed evolve folds every stored event as before, so that snapshots stay good",
  optionalOperands: { AGGREGATE: "The aggregate; all whose evolve changed where absent" },
  options: { ...application },
  notes: "Where the fold is not the same, raise `revision` in Aggregate.make instead: old snapshots are then ignored.",
  run: Effect.fnUntraced(function* (input) {
    const project = yield* open(input)
    const { findings, folds, locked } = project
    const name = input.option("AGGREGATE")
    if (name !== undefined && !folds.has(name)) {
      const known = [...folds.keys()].join(", ")
      return yield* wrong(`the application has no aggregate ${name}: it has ${known}`)
    }
    const inTheWay = findings.filter(({ kind }) => /^(lock|file)-/.test(kind) && kind !== "lock-unsorted")
    if (inTheWay.length > 0) return yield* refuse(input, project, inTheWay)
    const accepted = new Set(
      findings.filter((one) => isFold(one) && (name === undefined || one.about === name)).map(({ about }) => about),
    )
    if (accepted.size === 0) {
      const which = name === undefined ? "no evolve" : `evolve of ${name} has not`
      yield* input.print(`nothing to accept: ${which} changed under its revision`, {
        ok: true,
        accepted: [],
        written: [],
      })
      return 0
    }
    const lines = [...accepted].map((aggregate) => {
      const { hash, revision } = folds.get(aggregate)!
      return { aggregate, revision, evolve: hash ?? LockCheck.vouched }
    })
    const kept = locked.folds.filter(({ aggregate }) => !accepted.has(aggregate))
    const paths = yield* put(project.folder, { ...locked, folds: [...kept, ...lines] })
    const text = `accepted: evolve of ${[...accepted].join(", ")} folds as before; wrote ${
      toldOf(project.folder, paths)
    }`
    yield* input.print(text, { ok: true, accepted: [...accepted], written: paths })
    return 0
  }),
}
