/**
 * The routes of the schema registry: what is registered, what registering would say, and registering itself.
 *
 * Schemas belong to the application, so every tenant sees the same. The body of a question is the JSON Schema itself.
 * @module
 */
import { Clock, Effect, Schema } from "effect"
import type { Limits } from "../core/Limits.ts"
import { type JsonSchema, type Report, type Revision, SchemaRegistry } from "../core/SchemaRegistry.ts"
import { elapsedMs } from "../runtime/Host.ts"
import { Difference, Mode } from "../schemas/Difference.ts"
import * as Subject from "../schemas/Subject.ts"
import * as body from "./body.ts"
import { badCursor, bounded, cursorOf, limitOf, pageOf } from "./page.ts"
import * as query from "./query.ts"
import * as rate from "./rate.ts"
import { RateLimited, SchemaInvalid, SchemaNotFound, UnsupportedMediaType } from "./refusals.ts"
import { type Call, ok, type Operation, type Parameter, type Route, unlessKnown } from "./route.ts"

const path = "/v1/schemas"
const reading = ["schemas:read"]
const json = { mediaType: "application/json" } as const

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))
const Hash = Schema.String.annotate({ description: "SHA-256 of the schema's canonical JSON." })
const Document = Schema.Record(Schema.String, Schema.Json).annotate({
  description: "A JSON Schema: draft 2020-12, or draft-07 where `$schema` says so.",
})
const registered = { subject: Schema.String, revision: Count, hash: Hash }

const SubjectsBody = Schema.Struct({
  subjects: Schema.Array(Schema.String),
  cursor: Schema.NullOr(Schema.String).annotate({ description: "Continues the listing; null at the end." }),
})
const RevisionsBody = Schema.Struct({
  subject: Schema.String,
  revisions: Schema.Array(Schema.Struct({ revision: Count, hash: Hash })),
})
const RevisionBody = Schema.Struct({ ...registered, schema: Document })
const RegisteredBody = Schema.Struct(registered)
const ReportBody = Schema.Struct({
  subject: Schema.String,
  mode: Mode,
  compatible: Schema.Boolean,
  same: Schema.NullOr(Count).annotate({ description: "The revision that has this very schema already." }),
  differences: Schema.Array(Difference),
})

const subjectOf: Parameter = {
  name: "subject",
  in: "path",
  description: "`Order.OrderPlaced.v2`: aggregate, event type, version of the contract.",
  schema: Schema.String.pipe(Schema.check(Schema.isPattern(Subject.pattern))),
}
const revisionOf: Parameter = {
  name: "revision",
  in: "path",
  description: "From 1, or `latest`.",
  schema: Schema.String.pipe(Schema.check(Schema.isPattern(/^(latest|[1-9]\d{0,8})$/))),
}
const knownOf: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "The entity tag of a revision already known; 304 where it is the one.",
  schema: Schema.String,
}

/** A revision never changes; which one is the latest does. For the caller's own cache, by token. */
const keep = { "cache-control": "private, max-age=86400, immutable", "vary": "authorization" }
const ask = { "cache-control": "private, no-cache", "vary": "authorization" }

const absent = new SchemaNotFound()
const slow = new RateLimited({ retryAfterSeconds: 1 })
const noSchema = new SchemaInvalid({ pointer: "", rule: "Expected an object" })
const notFound = () => Effect.fail(absent)

const answered = ({ hash, revision, subject }: Revision): string => JSON.stringify({ subject, revision, hash })
const reported = (subject: string, { differences, mode, same }: Report): string =>
  JSON.stringify({ subject, mode, compatible: differences.length === 0, same: same ?? null, differences })

const get = (
  at: string,
  operation: Omit<Operation, "errors" | "ok"> & { readonly schema: Schema.Constraint; readonly etag?: boolean },
  limits: Limits,
  handle: Route["handle"],
  errors: ReadonlyArray<string> = ["SchemaNotFound"],
): Route => {
  const { etag = false, schema, ...rest } = operation
  return {
    method: "GET",
    path: at,
    scopes: reading,
    operation: {
      ...rest,
      errors: [...errors, "RegistryUnavailable", "TimedOut"],
      ok: { ...json, description: rest.summary, schema, etag },
    },
    handle: (call) => bounded(limits)(handle(call)),
  }
}

const subjects = (limits: Limits): Route =>
  get(
    path,
    {
      operationId: "schemas.subjects",
      summary: "The subjects that are registered, in order",
      parameters: [limitOf(limits), cursorOf],
      schema: SubjectsBody,
    },
    limits,
    Effect.fnUntraced(function* (call) {
      const limit = yield* query.integer(call.query, "limit", pageOf(limits))
      const cursor = call.query.get("cursor")
      if (cursor !== undefined && Subject.parse(cursor) === undefined) {
        return yield* badCursor()
      }
      const registry = yield* SchemaRegistry
      const found = yield* registry.subjects(cursor, limit + 1)
      const page = found.slice(0, limit)
      return ok(JSON.stringify({ subjects: page, cursor: found.length > limit ? page.at(-1) : null }))
    }),
    [],
  )

const revisions = (limits: Limits): Route =>
  get(
    `${path}/:subject/revisions`,
    {
      operationId: "schemas.revisions",
      summary: "The revisions of a subject, ascending",
      parameters: [subjectOf],
      schema: RevisionsBody,
    },
    limits,
    ({ id: subject }) =>
      Effect.flatMap(SchemaRegistry, (registry) => registry.revisions(subject)).pipe(
        Effect.map((all) =>
          ok(JSON.stringify({ subject, revisions: all.map(({ hash, revision }) => ({ revision, hash })) }))
        ),
        Effect.catchTag("SchemaNotRegistered", notFound),
      ),
  )

const revision = (limits: Limits): Route =>
  get(
    `${path}/:subject/revisions/:revision`,
    {
      operationId: "schemas.revision",
      summary: "One revision of a subject, with its schema",
      parameters: [subjectOf, revisionOf, knownOf],
      schema: RevisionBody,
      etag: true,
    },
    limits,
    Effect.fnUntraced(function* (call) {
      const { id: subject, part } = call
      const wanted = part === "latest" ? part : /^[1-9]\d{0,8}$/.test(part) ? Number(part) : undefined
      if (wanted === undefined) return yield* absent
      const registry = yield* SchemaRegistry
      const found = yield* Effect.catchTag(registry.get(subject, wanted), "SchemaNotRegistered", notFound)
      const { hash, revision, schema } = found
      const answer = ok(JSON.stringify({ subject, revision, hash, schema }), hash)
      const cached = { ...answer.headers, ...wanted === "latest" ? ask : keep }
      return unlessKnown(call, { ...answer, headers: cached })
    }),
  )

/** Both read a schema and compare it: a subject's whole history may have to be looked at, so their rate is bounded. */
const posts = (limits: Limits): ReadonlyArray<Route> => {
  const take = rate.make(limits.schemaChecksPerSecond, limits.rateBuckets)
  // Text with white space in it is longer than what the registry measures. It says more of depth than the reader can.
  const wide = { ...limits, bodyBytes: 2 * limits.schemaBytes, jsonDepth: 4 * limits.jsonDepth }

  const schemaOf = Effect.fnUntraced(function* ({ principal, request }: Call) {
    const now = elapsedMs(yield* Clock.Clock)
    if (!take(`${principal.tenant}/${principal.subject}`, now)) return yield* slow
    if (!body.isJson(request)) return yield* new UnsupportedMediaType()
    const schema = yield* body.json(request, wide)
    if (typeof schema !== "object" || schema === null) return yield* noSchema
    return schema as JsonSchema
  })
  const operation = (operationId: string, summary: string, schema: Schema.Constraint, errors: Operation["errors"]) => ({
    operationId,
    summary,
    parameters: [subjectOf],
    body: Document,
    errors: [
      ...["RateLimited", "UnsupportedMediaType", "JsonInvalid", "BodyTooLarge", "BodyTimeout", "SchemaInvalid"],
      ...[...errors, "RegistryUnavailable", "TimedOut", "InvalidId"],
    ],
    ok: { ...json, description: summary, schema },
  })
  return [
    {
      method: "POST",
      path: `${path}/:subject/compatibility`,
      scopes: reading,
      asks: { action: "read" },
      operation: operation(
        "schemas.check",
        "What registering a schema would say; nothing is registered",
        ReportBody,
        [],
      ),
      handle: Effect.fnUntraced(function* (call: Call) {
        const schema = yield* schemaOf(call)
        const registry = yield* SchemaRegistry
        return ok(reported(call.id, yield* registry.check(call.id, schema)))
      }, bounded(limits)),
    },
    {
      method: "POST",
      path: `${path}/:subject/revisions`,
      scopes: ["schemas:write"],
      operation: operation(
        "schemas.register",
        "Registers a schema as the next revision, or finds the one that has it",
        RegisteredBody,
        ["IncompatibleSchema"],
      ),
      handle: Effect.fnUntraced(function* (call: Call) {
        const schema = yield* schemaOf(call)
        const registry = yield* SchemaRegistry
        return ok(answered(yield* registry.register(call.id, schema)))
      }, bounded(limits)),
    },
  ]
}

export const routes = (limits: Limits): ReadonlyArray<Route> => [
  subjects(limits),
  revisions(limits),
  revision(limits),
  ...posts(limits),
]
