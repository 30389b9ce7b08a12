/**
 * The schema registry as the processes see it: one that all share, which fails, hangs, breaks, lies, loses revisions and
 * finds them again, and that learns of some subjects only in the middle of the run.
 * @module
 */
import { Effect } from "effect"
import type * as App from "../../core/App.ts"
import * as Declared from "../../core/Declared.ts"
import { canonical, digest } from "../../core/Fingerprint.ts"
import { type JsonSchema, RegistryUnavailable, type Revision, SchemaNotRegistered } from "../../core/SchemaRegistry.ts"
import { SchemaRegistry, type Shape } from "../../core/SchemaRegistry.ts"
import type { Faults } from "./Faults.ts"
import type { Process } from "./Process.ts"
import { call } from "./storeModel.ts"
import type { World } from "./World.ts"

/** What one process was told of one subject. */
export interface Reading {
  readonly who: string
  readonly subject: string
  /** Virtual milliseconds, and steps of the world. */
  readonly askedAt: number
  readonly answeredAt: number
  readonly answered: number
  /** Hashes of the revisions; none where the subject was called missing, nothing where no answer came. */
  readonly hashes: ReadonlySet<string> | undefined
  /** It was what the registry held. */
  readonly isTrue: boolean
}

/** The registry itself, past all faults. */
export interface Truth {
  /** Ascending revisions of each subject that is registered. */
  readonly revisions: Map<string, ReadonlyArray<Revision>>
  /** Subjects that are registered later. */
  readonly late: Map<string, ReadonlyArray<Revision>>
  /** The step at which each was; those that were there from the beginning are not in it. */
  readonly since: Map<string, number>
  readonly readings: Array<Reading>
  /** Until then nobody can read, in virtual milliseconds. */
  downUntil: number
}

/** Every event version of the releases, as a deployment registers it. */
export const declared = (apps: ReadonlyArray<App.App>): ReadonlyMap<string, ReadonlyArray<Revision>> => {
  const all = new Map<string, ReadonlyArray<Revision>>()
  for (const { hash2020: hash, schema, subject } of apps.flatMap(Declared.make)) {
    const earlier = all.get(subject) ?? []
    if (earlier.some((one) => one.hash === hash)) continue
    all.set(subject, [...earlier, { subject, revision: earlier.length + 1, schema, hash }])
  }
  return all
}

const lateChance = 0.4

/** What is registered when a run begins; where the fault exists, some of it comes later. */
export const begin = (faults: Faults, all: ReadonlyMap<string, ReadonlyArray<Revision>>): Truth => {
  const truth: Truth = { revisions: new Map(), late: new Map(), since: new Map(), readings: [], downUntil: 0 }
  for (const [subject, revisions] of all) {
    const isLate = faults.strikes("schema-late", "world", lateChance)
    ;(isLate ? truth.late : truth.revisions).set(subject, revisions)
  }
  return truth
}

/** Somebody registers what is missing: one subject, or all. */
export const register = (world: World, { late, revisions, since }: Truth, count = Infinity): void => {
  for (const [subject, of] of [...late].slice(0, count)) {
    late.delete(subject)
    revisions.set(subject, of)
    since.set(subject, world.step())
    world.note("registry", `${subject} is registered`)
  }
}

const downMaxMs = 60_000
const slowMs = 2_100
const slowMaxMs = 20_000

const revisionOf = (subject: string, revision: number, schema: JsonSchema): Revision => {
  return { subject, revision, schema, hash: digest(canonical(schema)) }
}

export const make = (world: World, process: Process, truth: Truth, faults: Faults): Shape => {
  const who = process.name
  const down = Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" }))

  /** What it says of a subject, and whether that is so. */
  const say = (subject: string): { readonly found: ReadonlyArray<Revision> | undefined; readonly isTrue: boolean } => {
    const found = truth.revisions.get(subject)
    if (faults.strikes("registry-lies", who)) {
      // A schema of somebody else under the number: no event of ours fits it.
      const schema = {
        type: "object",
        title: `${faults.amount(1e6)}`,
        required: ["other"],
        additionalProperties: false,
      }
      return { found: [revisionOf(subject, 1, schema), ...found?.slice(1) ?? []], isTrue: false }
    }
    if (found !== undefined && faults.strikes("registry-forgets", who)) return { found: undefined, isTrue: false }
    return { found, isTrue: true }
  }

  const read = Effect.fnUntraced(function* (subject: string) {
    if (faults.strikes("registry-down", who, 0.1)) truth.downUntil = world.now() + faults.amount(downMaxMs)
    if (!faults.hasEnded() && world.now() < truth.downUntil) return yield* down
    if (faults.strikes("registry-refuses", who)) return yield* down
    if (faults.strikes("registry-breaks", who)) return yield* Effect.die(new Error("unexpected token <"))
    const answer = yield* call(process, Effect.sync(() => say(subject)))
    if (faults.strikes("registry-slow", who)) yield* Effect.sleep(slowMs + faults.amount(slowMaxMs))
    return answer
  })

  const told = (subject: string, askedAt: number, found: ReadonlyArray<Revision> | undefined, isTrue: boolean) => {
    const hashes = new Set(found?.map(({ hash }) => hash))
    truth.readings.push({ who, subject, askedAt, answeredAt: world.now(), answered: world.step(), hashes, isTrue })
    world.note(who, `is told ${found?.length ?? "no"} revisions of ${subject}${isTrue ? "" : ", which is not so"}`)
  }

  const revisions: Shape["revisions"] = Effect.fnUntraced(function* (subject) {
    const askedAt = world.now()
    const { found, isTrue } = yield* Effect.tapCause(read(subject), () =>
      Effect.sync(() => {
        const [answeredAt, answered] = [world.now(), world.step()]
        truth.readings.push({ who, subject, askedAt, answeredAt, answered, hashes: undefined, isTrue: false })
        world.note(who, `cannot read ${subject}`)
      }))
    told(subject, askedAt, found, isTrue)
    return found ?? (yield* new SchemaNotRegistered({ subject }))
  })
  const unused = () => down
  return SchemaRegistry.of({
    ...{ revisions, get: unused, subjects: unused, register: unused, check: unused, setMode: unused },
  })
}
