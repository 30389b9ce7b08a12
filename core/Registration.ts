/**
 * What registering a schema comes to, as a pure function: an adapter gives what is registered, and stores the outcome.
 * @module
 */
import { Effect, Result } from "effect"
import * as Compatibility from "../schemas/Compatibility.ts"
import { isObject } from "../schemas/compatibility/json.ts"
import type { Mode } from "../schemas/Difference.ts"
import * as Subject from "../schemas/Subject.ts"
import { bytesOf } from "./bytes.ts"
import * as Fingerprint from "./Fingerprint.ts"
import type { Limits } from "./Limits.ts"
import {
  IncompatibleSchema,
  type JsonSchema,
  RegistryUnavailable,
  type Report,
  type Revision,
  SchemaInvalid,
} from "./SchemaRegistry.ts"

export const defaultMode: Mode = "BACKWARD_TRANSITIVE"

export type Bounds = Pick<Limits, "revisions" | "schemaBytes">

/** A schema that we take. */
export interface Candidate {
  readonly subject: string
  /** A copy, for the caller's may change. */
  readonly schema: JsonSchema
  readonly hash: string
}

const invalid = (rule: string) => Result.fail(new SchemaInvalid({ pointer: "", rule }))

/** Whether a registry may be asked about it at all: name, size, depth, and keywords as the compatibility engine knows them. */
export const candidate = (
  subject: string,
  schema: JsonSchema,
  { schemaBytes }: Bounds,
): Result.Result<Candidate, SchemaInvalid> => {
  if (Subject.parse(subject) === undefined) return invalid("Expected a subject: Aggregate.EventType.v1")
  const usable = differencesOf(subject, schema, [], defaultMode)
  if (Result.isFailure(usable)) return Result.fail(usable.failure)
  const text = Fingerprint.canonical(schema)
  if (bytesOf(text) > schemaBytes) return invalid(`Expected at most ${schemaBytes} bytes`)
  return Result.succeed({ subject, schema: JSON.parse(JSON.stringify(schema)), hash: Fingerprint.digest(text) })
}

/** The candidate was looked at before: what cannot be compared is a revision that others registered. */
const standing = (earlier: ReadonlyArray<Revision>) => ({ pointer, rule }: SchemaInvalid): SchemaInvalid => {
  const at = earlier.find(({ schema }) => {
    const read = Compatibility.check({ candidate: schema, earlier: [], mode: "NONE" })
    return Result.isFailure(read) && read.failure.pointer === pointer && read.failure.rule === rule
  })
  const where = `${pointer} ${rule}`.trim()
  return new SchemaInvalid({
    pointer: "",
    rule:
      `Revision ${at?.revision}, which is registered, cannot be compared (${where}): make the next version of the event`,
  })
}

const differencesOf = (subject: string, schema: JsonSchema, earlier: ReadonlyArray<Revision>, mode: Mode) =>
  Result.mapError(
    Compatibility.check({ subject, candidate: schema, earlier, mode }),
    ({ pointer, rule }) => new SchemaInvalid({ pointer, rule }),
  )

/** What registering it would say; `earlier` are all revisions of the subject, ascending. */
export const report = (
  { hash, schema, subject }: Candidate,
  earlier: ReadonlyArray<Revision>,
  mode: Mode,
  { revisions }: Bounds,
): Result.Result<Report, SchemaInvalid> => {
  const same = earlier.find((one) => one.hash === hash)?.revision
  if (same !== undefined) return Result.succeed({ mode, differences: [], same })
  if (earlier.length >= revisions) {
    return invalid(`Expected at most ${revisions} revisions: make the next version of the event`)
  }
  return Result.mapBoth(differencesOf(subject, schema, earlier, mode), {
    onSuccess: (differences) => ({ mode, differences, same }),
    onFailure: standing(earlier),
  })
}

export interface Next {
  readonly revision: Revision
  readonly isNew: boolean
}

/** The revision to add, or the one that has this schema already. */
export const next = (
  of: Candidate,
  earlier: ReadonlyArray<Revision>,
  mode: Mode,
  bounds: Bounds,
): Result.Result<Next, IncompatibleSchema | SchemaInvalid> =>
  Result.flatMap(
    report(of, earlier, mode, bounds),
    ({ differences, same }): Result.Result<Next, IncompatibleSchema> => {
      const { hash, schema, subject } = of
      if (same !== undefined) {
        return Result.succeed({ revision: earlier.find(({ revision }) => revision === same)!, isNew: false })
      }
      if (differences.length > 0) return Result.fail(new IncompatibleSchema({ subject, mode, differences }))
      const revision = (earlier.at(-1)?.revision ?? 0) + 1
      return Result.succeed({ revision: { subject, revision, schema, hash }, isNew: true })
    },
  )

/** Of a text that a store keeps, unless it is no schema; the hash shows where the text was tampered with. */
export const stored = (subject: string, revision: number, text: string): Revision | undefined => {
  const schema = Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
  if (!isObject(schema)) return undefined
  return { subject, revision, schema, hash: Fingerprint.digest(Fingerprint.canonical(schema)) }
}

/** A registry is away when its store is. */
export const unavailable = ({ reason }: Pick<RegistryUnavailable, "reason">): RegistryUnavailable =>
  new RegistryUnavailable({ retryAfterSeconds: 1, reason })

/** Rivals that may come between reading and storing, before a registration gives up. */
const rivalsMax = 64

/** Tries until no rival came in between, which `attempt` says by giving nothing. */
export const amongRivals = Effect.fnUntraced(function* <A, E>(
  attempt: Effect.Effect<A | undefined, E>,
): Effect.fn.Return<A, E | RegistryUnavailable> {
  for (let i = 0; i < rivalsMax; i++) {
    const done = yield* attempt
    if (done !== undefined) return done
  }
  return yield* unavailable({ reason: "contended" })
})
