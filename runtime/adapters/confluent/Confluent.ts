/**
 * A schema registry that speaks Confluent's REST API (Confluent Platform and Cloud, Apicurio, Karapace), by `fetch` alone.
 *
 * The level of compatibility is set for each subject, so the one that the registry has for all does not matter.
 * Source: Confluent's "Schema Registry API Reference".
 * @module
 */
import { Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { Limits } from "../../../core/Limits.ts"
import { RegistryUnavailable, SchemaInvalid, SchemaRegistry, type Shape } from "../../../core/SchemaRegistry.ts"
import { Mode } from "../../../schemas/Difference.ts"
import { make as fromRemote, quoted, Refused, unavailable } from "../../RemoteRegistry.ts"
import * as rest from "./rest.ts"

export type Settings = rest.Settings

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }))
const words = {
  version: Schema.decodeUnknownOption(Schema.Struct({
    subject: Schema.String,
    version: Count,
    schema: Schema.String,
    schemaType: Schema.optionalKey(Schema.String),
  })),
  numbers: Schema.decodeUnknownOption(Schema.Array(Count)),
  names: Schema.decodeUnknownOption(Schema.Array(Schema.String)),
  level: Schema.decodeUnknownOption(Schema.Struct({ compatibilityLevel: Mode })),
}

type Asked<A> = Effect.Effect<A, rest.Failed | RegistryUnavailable>

const read = <A>(asked: Asked<unknown>, decode: (body: unknown) => Option.Option<A>): Asked<A> =>
  Effect.flatMap(asked, (body) =>
    Option.match(decode(body), {
      onNone: () => Effect.fail(unavailable("not its words")),
      onSome: (value) => Effect.succeed(value),
    }))

/** Subject, version, schema and level of a subject, in this order. */
const notFound = new Set([40401, 40402, 40403, 40408])

const orNothing = <A>(asked: Asked<A>): Effect.Effect<A | undefined, RegistryUnavailable> =>
  Effect.catchTag(
    asked,
    "Failed",
    ({ code }) => notFound.has(code) ? Effect.undefined : Effect.fail(unavailable(`error ${code}`)),
  )
const orUnavailable = <A>(asked: Asked<A>): Effect.Effect<A, RegistryUnavailable> =>
  Effect.catchTag(asked, "Failed", ({ code }) => Effect.fail(unavailable(`error ${code}`)))

/** What a schema was not taken for. */
const refusalOf = ({ code, message }: rest.Failed): Refused | SchemaInvalid | RegistryUnavailable =>
  code === 409
    ? new Refused({ message })
    : code === 42201 || code === 422
    ? new SchemaInvalid({ pointer: "", rule: `The registry takes it for no schema: ${quoted(message)}` })
    : unavailable(`error ${code}`)

const make = (settings: Settings): Effect.Effect<Shape> =>
  Effect.gen(function* () {
    const { schemaBytes } = yield* Limits
    // A schema comes as a string within JSON: each of its quotes and backslashes takes two bytes there.
    const call = rest.make(settings, yield* FetchHttpClient.Fetch, 2 * schemaBytes + 4 * 1024)

    /** Of another subject or number it would be another schema, and without a type it is Avro. */
    const versionOf = (subject: string, wanted: number | "latest", asked: Asked<unknown>) =>
      Effect.flatMap(read(asked, words.version), ({ schema: text, schemaType, version, ...found }) => {
        const isAsked = found.subject === subject && (wanted === "latest" || version === wanted)
        if (!isAsked) return Effect.fail(unavailable("not what was asked for"))
        return schemaType === "JSON" ? Effect.succeed({ version, text }) : Effect.fail(unavailable("not a JSON Schema"))
      })

    const setMode = (subject: string, mode: Mode) =>
      Effect.asVoid(orUnavailable(call("PUT", ["config", subject], { compatibility: mode })))

    const add = Effect.fnUntraced(function* (subject: string, schema: string) {
      const asked = { schemaType: "JSON", schema }
      yield* call("POST", ["subjects", subject, "versions"], asked)
      // The answer names an id over all subjects; the number in this one is asked for by the schema.
      const { version } = yield* read(call("POST", ["subjects", subject], asked), words.version)
      return yield* versionOf(subject, version, call("GET", ["subjects", subject, "versions", `${version}`]))
    })

    return yield* fromRemote({
      versions: (subject) =>
        Effect.map(
          orNothing(read(call("GET", ["subjects", subject, "versions"]), words.numbers)),
          (all) => all ?? [],
        ),
      version: (subject, wanted) =>
        orNothing(versionOf(subject, wanted, call("GET", ["subjects", subject, "versions", `${wanted}`]))),
      mode: (subject) =>
        Effect.map(orNothing(read(call("GET", ["config", subject]), words.level)), (own) => own?.compatibilityLevel),
      setMode,
      add: ({ isModeSet, mode, subject, text }) =>
        // The mode first, so that a rival that comes between is held to it too.
        Effect.andThen(
          isModeSet ? Effect.void : setMode(subject, mode),
          Effect.catchTag(add(subject, text), "Failed", (failed) => Effect.fail(refusalOf(failed))),
        ),
      subjects: orUnavailable(read(call("GET", ["subjects"]), words.names)),
    })
  })

export const layer = (settings: Settings): Layer.Layer<SchemaRegistry> => Layer.effect(SchemaRegistry, make(settings))
