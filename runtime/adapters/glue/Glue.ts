/**
 * AWS Glue's schema registry: a subject is a schema of one registry, its revisions are that schema's versions.
 *
 * Numbers are Glue's: a version that Glue itself refused after it was sent keeps its number, so there may be a gap. Glue
 * lists versions only in pages without their text; all are read by their numbers instead, up to its latest.
 * Source: AWS Glue API reference, "Schema registry".
 * @module
 */
import { Effect, Layer, type Scope } from "effect"
import { Limits } from "../../../core/Limits.ts"
import { type RegistryUnavailable, SchemaInvalid, SchemaRegistry, type Shape } from "../../../core/SchemaRegistry.ts"
import type { Mode } from "../../../schemas/Difference.ts"
import { type Addition, make as fromRemote, quoted, Refused, unavailable, type Version } from "../../RemoteRegistry.ts"
import * as calls from "./calls.ts"

export type Settings = calls.Settings

const levels = {
  NONE: "NONE",
  BACKWARD: "BACKWARD",
  BACKWARD_TRANSITIVE: "BACKWARD_ALL",
  FORWARD: "FORWARD",
  FORWARD_TRANSITIVE: "FORWARD_ALL",
  FULL: "FULL",
  FULL_TRANSITIVE: "FULL_ALL",
} as const satisfies Readonly<Record<Mode, string>>
const modes = new Map(Object.entries(levels).map(([mode, level]) => [level as string, mode as Mode]))

/** What a schema was not taken for. */
const refusalOf = ({ code, message }: calls.Failed): Refused | SchemaInvalid | RegistryUnavailable =>
  code !== "InvalidInputException"
    ? unavailable(quoted(code))
    : /compatib/i.test(message)
    ? new Refused({ message })
    : new SchemaInvalid({ pointer: "", rule: `The registry takes it for no schema: ${quoted(message)}` })

interface Found {
  readonly DataFormat?: string | undefined
  readonly SchemaDefinition?: string | undefined
  readonly Status?: string | undefined
  readonly VersionNumber?: number | undefined
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1

const versionOf = (found: Found): Effect.Effect<Version, RegistryUnavailable> => {
  const { DataFormat, SchemaDefinition: text, VersionNumber: version } = found
  if (typeof text !== "string" || !isCount(version)) return Effect.fail(unavailable("not its words"))
  return DataFormat === "JSON" ? Effect.succeed({ version, text }) : Effect.fail(unavailable("not a JSON Schema"))
}

/** Glue's own. */
const schemaBytesMax = 170_000
/** Of 100 schemas each. */
const pagesMax = 100
/** Between two looks at a version that Glue still compares. */
const pendingPause = "100 millis"

const make = (settings: Settings): Effect.Effect<Shape, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { revisions, schemaBytes } = yield* Limits
    // A schema comes as a string within JSON: each of its quotes and backslashes takes two bytes there.
    const ask = yield* calls.make(settings, 2 * schemaBytes + 4 * 1024)
    const RegistryId = { RegistryName: settings.registry }
    const idOf = (SchemaName: string) => ({ ...RegistryId, SchemaName })

    const schemaOf = (subject: string) =>
      calls.orNothing(ask((client, signal) => client.getSchema({ SchemaId: idOf(subject) }, signal)))

    /** What was refused, is being compared or deleted is not there. */
    const available = Effect.fnUntraced(function* (subject: string, number: number | "latest") {
      const SchemaVersionNumber = number === "latest" ? { LatestVersion: true } : { VersionNumber: number }
      const found = yield* calls.orNothing(
        ask((client, signal) => client.getSchemaVersion({ SchemaId: idOf(subject), SchemaVersionNumber }, signal)),
      )
      if (found === undefined) return undefined
      const version = yield* versionOf(found)
      if (found.Status !== "AVAILABLE") return undefined
      return number === "latest" || version.version === number ? version : yield* unavailable("not what was asked for")
    })

    const latestOf = (subject: string) =>
      Effect.flatMap(schemaOf(subject), (schema) => {
        const latest = schema === undefined ? 0 : schema.LatestSchemaVersion
        if (latest !== 0 && !isCount(latest)) return Effect.fail(unavailable("not its words"))
        // Each is asked for by its number.
        return latest > revisions ? Effect.fail(unavailable("too many revisions")) : Effect.succeed(latest)
      })

    /** The newest that is there, where Glue's latest is not. */
    const newest = Effect.fnUntraced(function* (subject: string) {
      for (let number = yield* latestOf(subject); number > 0; number--) {
        const version = yield* available(subject, number)
        if (version !== undefined) {
          return version
        }
      }
      return undefined
    })

    const create = ({ mode, subject: SchemaName, text: SchemaDefinition }: Addition) =>
      ask((client, signal) =>
        client.createSchema(
          { RegistryId, SchemaName, SchemaDefinition, DataFormat: "JSON", Compatibility: levels[mode] },
          signal,
        )
      )
    const append = ({ subject, text: SchemaDefinition }: Addition) =>
      ask((client, signal) => client.registerSchemaVersion({ SchemaId: idOf(subject), SchemaDefinition }, signal))

    const sent = (addition: Addition): calls.Asked<{ readonly SchemaVersionId?: string | undefined }> =>
      addition.isFirst
        ? Effect.catchIf(
          create(addition),
          // Somebody else was first.
          (error) => error._tag === "Failed" && error.code === "AlreadyExistsException",
          () => append(addition),
        )
        : append(addition)

    /** As it stands once Glue has compared it too. */
    const add = Effect.fnUntraced(function* (addition: Addition) {
      const { SchemaVersionId } = yield* sent(addition)
      if (SchemaVersionId === undefined) return yield* unavailable("not its words")
      const look = ask((client, signal) => client.getSchemaVersion({ SchemaVersionId }, signal))
      let found = yield* look
      while (found.Status === "PENDING") {
        yield* Effect.sleep(pendingPause)
        found = yield* look
      }
      if (found.Status !== "AVAILABLE") return yield* new Refused({ message: `the version is ${found.Status}` })
      return yield* versionOf(found)
    })

    const subjects = Effect.fnUntraced(function* () {
      const names: Array<string> = []
      let NextToken: string | undefined
      for (let page = 0; page < pagesMax; page++) {
        const from = NextToken === undefined ? {} : { NextToken }
        const { NextToken: next, Schemas } = yield* calls.orUnavailable(
          ask((client, signal) => client.listSchemas({ RegistryId, MaxResults: 100, ...from }, signal)),
        )
        if (Schemas === undefined) return yield* unavailable("not its words")
        names.push(...Schemas.flatMap(({ SchemaName, SchemaStatus }) =>
          SchemaName === undefined || SchemaStatus === "DELETING" ? [] : [SchemaName]
        ))
        if (next === undefined || next === "") {
          return names
        }
        NextToken = next
      }
      return yield* unavailable("too many subjects")
    })

    return yield* fromRemote({
      schemaBytesMax,
      versions: (subject) =>
        Effect.map(latestOf(subject), (latest) =>
          Array.from({ length: latest }, (_, index) => index + 1)),
      version: (subject, number) =>
        Effect.flatMap(available(subject, number), (one) =>
          one === undefined && number === "latest" ? newest(subject) : Effect.succeed(one)),
      mode: (subject) =>
        Effect.flatMap(schemaOf(subject), (schema) => {
          if (schema === undefined) {
            return Effect.undefined
          }
          const mode = modes.get(`${schema.Compatibility}`)
          // It may also be DISABLED: then nothing is taken behind the first version.
          return mode === undefined ? Effect.fail(unavailable("no mode that we know")) : Effect.succeed(mode)
        }),
      setMode: (subject, mode) =>
        Effect.asVoid(calls.orUnavailable(ask((client, signal) =>
          client.updateSchema(
            {
              ...{ SchemaId: idOf(subject), Compatibility: levels[mode] },
              SchemaVersionNumber: { LatestVersion: true },
            },
            signal,
          )
        ))),
      add: (addition) =>
        Effect.catchTag(add(addition), "Failed", (failed) =>
          Effect.fail(refusalOf(failed))),
      subjects: subjects(),
    })
  })

export const layer = (settings: Settings): Layer.Layer<SchemaRegistry> => Layer.effect(SchemaRegistry, make(settings))
