/**
 * A schema registry that others keep, as ours: what is there is read, compared here, and only then is anything sent.
 *
 * Their own check comes behind ours and may only refuse more. What they hold is draft-07, which all of them take: a
 * schema of 2020-12 is registered in that dialect, and hashes are those of the draft-07 document.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import { bytesOf } from "../core/bytes.ts"
import * as Fingerprint from "../core/Fingerprint.ts"
import { Limits } from "../core/Limits.ts"
import * as Registration from "../core/Registration.ts"
import {
  IncompatibleSchema,
  type JsonSchema,
  RegistryUnavailable,
  type Revision,
  SchemaInvalid,
  SchemaNotRegistered,
  SchemaRegistry,
  type Shape,
} from "../core/SchemaRegistry.ts"
import { isObject } from "../schemas/compatibility/json.ts"
import type { Mode } from "../schemas/Difference.ts"
import * as Draft07 from "../schemas/Draft07.ts"
import type { Standalone } from "../schemas/JsonSchemas.ts"
import * as Subject from "../schemas/Subject.ts"
import { parse, Unusable } from "./exchange.ts"

/** What a registry holds: its number and the text of the schema. */
export interface Version {
  readonly version: number
  readonly text: string
}

/** The registry compared it itself and says no, though we would not. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}

/** What a registry can be asked; names are subjects, numbers whole and above 0. */
export interface Remote {
  /** The numbers of a subject's versions, in any order; none where there is no such subject. */
  readonly versions: (subject: string) => Effect.Effect<ReadonlyArray<number>, RegistryUnavailable>
  /** Nothing where it is not there. */
  readonly version: (
    subject: string,
    version: number | "latest",
  ) => Effect.Effect<Version | undefined, RegistryUnavailable>
  /** As set for this subject; nothing where it was not. */
  readonly mode: (subject: string) => Effect.Effect<Mode | undefined, RegistryUnavailable>
  readonly setMode: (subject: string, mode: Mode) => Effect.Effect<void, RegistryUnavailable>
  /** Idempotent. Gives the version as it stands there now. */
  readonly add: (addition: Addition) => Effect.Effect<Version, Refused | SchemaInvalid | RegistryUnavailable>
  /** All names, in any order. */
  readonly subjects: Effect.Effect<ReadonlyArray<string>, RegistryUnavailable>
  /** Bytes of a schema that it takes, where that is less than we do. */
  readonly schemaBytesMax?: number
}

export interface Addition {
  readonly subject: string
  readonly text: string
  readonly mode: Mode
  /** Whether the subject is new. */
  readonly isFirst: boolean
  /** Whether the mode stands there already, and is not just what we take for it. */
  readonly isModeSet: boolean
}

export const unavailable = (reason: string, retryAfterSeconds = 1): RegistryUnavailable =>
  new RegistryUnavailable({ reason, retryAfterSeconds })

/** What a promise of `exchange` rejects with. */
export const fromUnusable = (error: unknown): RegistryUnavailable =>
  unavailable(error instanceof Unusable ? error.reason : "unreachable")

/** Versions read at once. */
const readsMax = 16
/** Schemas have up to 32 levels, each two of JSON and some. */
export const depthMax = 128
const versionMax = 2 ** 31 - 1

const draft07 = /^https?:\/\/json-schema\.org\/draft-07\//

const convert = (schema: JsonSchema): Result.Result<JsonSchema, SchemaInvalid> =>
  draft07.test(`${schema["$schema"]}`) ? Result.succeed(schema) : Result.mapBoth(Draft07.make(schema as Standalone), {
    onSuccess: (converted) => converted as JsonSchema,
    onFailure: ({ rule }) => new SchemaInvalid({ pointer: "", rule }),
  })

export const make = (remote: Remote): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    const bounds = { ...limits, schemaBytes: Math.min(limits.schemaBytes, remote.schemaBytesMax ?? Infinity) }
    const inTime = Effect.timeoutOrElse({
      duration: limits.registryTimeoutMs,
      orElse: () => Effect.fail(unavailable("no answer in time")),
    })

    /** Bounded like what is sent: it was not necessarily us who wrote it. */
    const revisionOf = (subject: string, { text, version }: Version) =>
      Effect.try({
        try: (): Revision => {
          if (bytesOf(text) > limits.schemaBytes) throw new Unusable("too-large")
          const schema = parse(text, depthMax)
          if (!isObject(schema)) throw new Unusable("not-a-schema")
          return { subject, revision: version, schema, hash: Fingerprint.digest(Fingerprint.canonical(schema)) }
        },
        catch: fromUnusable,
      })

    const earlierOf = Effect.fnUntraced(function* (subject: string) {
      const versions = (yield* remote.versions(subject)).toSorted((a, b) => a - b)
      if (versions.length > limits.revisions) return yield* unavailable("too many revisions")
      const found = yield* Effect.forEach(
        versions,
        (version) =>
          Effect.flatMap(
            remote.version(subject, version),
            (one) => one === undefined ? Effect.undefined : revisionOf(subject, one),
          ),
        { concurrency: readsMax },
      )
      return found.filter((one) => one !== undefined)
    })

    /** First as it came, so that what is said of it fits what the caller wrote. */
    const candidateOf = (subject: string, schema: JsonSchema) =>
      Result.flatMap(
        Registration.candidate(subject, schema, limits),
        () =>
          Result.flatMap(
            convert(schema),
            (converted) => Registration.candidate(subject, converted, bounds),
          ),
      )

    /** What stands there now. */
    const standing = (subject: string) =>
      Effect.all([earlierOf(subject), remote.mode(subject)], { concurrency: "unbounded" })

    const register = Effect.fnUntraced(function* (subject: string, given: JsonSchema) {
      const candidate = yield* Effect.fromResult(candidateOf(subject, given))
      const [earlier, ownMode] = yield* standing(subject)
      const mode = ownMode ?? Registration.defaultMode
      const { isNew, revision } = yield* Effect.fromResult(Registration.next(candidate, earlier, mode, bounds))
      if (!isNew) return revision
      const added = yield* remote.add({
        subject,
        text: Fingerprint.canonical(candidate.schema),
        mode,
        isFirst: earlier.length === 0,
        isModeSet: ownMode !== undefined,
      }).pipe(Effect.catchTag("Refused", ({ message }) => Effect.fail(refusal(subject, mode, earlier, message))))
      const there = yield* revisionOf(subject, added)
      // Were it believed, the gate would look for a schema that nobody holds.
      return there.hash === candidate.hash ? there : yield* unavailable("the registry changed the schema")
    })

    return SchemaRegistry.of({
      register: (subject, schema) => inTime(register(subject, schema)),
      get: Effect.fnUntraced(function* (subject, revision) {
        const isAsked = Subject.parse(subject) !== undefined &&
          (revision === "latest" || (Number.isInteger(revision) && revision >= 1 && revision <= versionMax))
        const found = isAsked ? yield* remote.version(subject, revision) : undefined
        return found === undefined
          ? yield* SchemaNotRegistered.of(subject, revision)
          : yield* revisionOf(subject, found)
      }, inTime),
      revisions: Effect.fnUntraced(function* (subject) {
        const found = Subject.parse(subject) === undefined ? [] : yield* earlierOf(subject)
        return found.length === 0 ? yield* new SchemaNotRegistered({ subject }) : found
      }, inTime),
      subjects: (after = "", limit) =>
        inTime(Effect.map(
          remote.subjects,
          (all) => all.filter((name) => name > after && Subject.parse(name) !== undefined).sort().slice(0, limit),
        )),
      check: Effect.fnUntraced(function* (subject, schema) {
        const candidate = yield* Effect.fromResult(candidateOf(subject, schema))
        const [earlier, mode = Registration.defaultMode] = yield* standing(subject)
        return yield* Effect.fromResult(Registration.report(candidate, earlier, mode, bounds))
      }, inTime),
      setMode: Effect.fnUntraced(function* (subject, mode) {
        const versions = Subject.parse(subject) === undefined ? [] : yield* remote.versions(subject)
        if (versions.length === 0) return yield* new SchemaNotRegistered({ subject })
        yield* remote.setMode(subject, mode)
      }, inTime),
    })
  })

/** Printable, and a line of it: it is somebody else's text. */
export const quoted = (message: string): string => message.replaceAll(/[^\x20-\x7e]+/g, " ").slice(0, 300)

const refusal = (subject: string, mode: Mode, earlier: ReadonlyArray<Revision>, message: string) =>
  new IncompatibleSchema({
    subject,
    mode,
    differences: [{
      direction: mode.startsWith("FORWARD") ? "forward" : "backward",
      pointer: "",
      rule: "refused-by-registry",
      revisions: earlier.map(({ revision }) => revision),
      repair: `the registry's own check refuses it, ours does not: ${
        quoted(message)
      }; make the next version of the event`,
    }],
  })
