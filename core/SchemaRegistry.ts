/**
 * The port to the registry of event schemas: subjects with revisions, each revision checked against those before it.
 *
 * Schemas belong to the application, not to a tenant. The laws (`SchemaRegistry.laws.ts`) are run by every adapter; the
 * memory layer is the specification.
 * @module
 */
import { Context, type Effect, Schema } from "effect"
import { Difference, type Mode } from "../schemas/Difference.ts"

/** A JSON Schema document, as parsed JSON: draft 2020-12, or draft-07 where `$schema` says so. */
export type JsonSchema = { readonly [key: string]: Schema.Json }

export interface Revision {
  /** `Order.OrderPlaced.v2`. */
  readonly subject: string
  /** From 1, without a gap, per subject. */
  readonly revision: number
  readonly schema: JsonSchema
  /**
   * SHA-256 in lower-case hexadecimal of the canonical JSON of `schema`, the dialect in which it was registered. Made of
   * what the registry holds now: that is how a schema that was changed under its number is noticed.
   */
  readonly hash: string
}

/** Nothing is registered under this subject and revision: register it, `nexus schemas register` does. */
export class SchemaNotRegistered extends Schema.TaggedError<SchemaNotRegistered>()("SchemaNotRegistered", {
  subject: Schema.String,
  revision: Schema.optionalKey(Schema.Int),
}) {
  /** Whatever was asked for, 1.5 too. */
  static readonly of = (subject: string, revision: number | "latest"): SchemaNotRegistered =>
    new SchemaNotRegistered({ subject, ...Number.isSafeInteger(revision) ? { revision: Number(revision) } : {} })
}
/** The schema breaks with earlier revisions; nothing was registered. Each difference says how to mend it. */
export class IncompatibleSchema extends Schema.TaggedError<IncompatibleSchema>()("IncompatibleSchema", {
  subject: Schema.String,
  mode: Schema.String,
  differences: Schema.Array(Difference),
}) {}
/** This is no schema, or none that we take (too large, too deep, a remote reference): mend what the rule says. */
export class SchemaInvalid extends Schema.TaggedError<SchemaInvalid>()("SchemaInvalid", {
  /** Where in the schema, as a JSON pointer. */
  pointer: Schema.String,
  rule: Schema.String,
}) {}
/** The registry does not answer, or not with what it should: try again later. A registration may have taken place. */
export class RegistryUnavailable extends Schema.TaggedError<RegistryUnavailable>()("RegistryUnavailable", {
  retryAfterSeconds: Schema.Int,
  reason: Schema.String,
}) {}

/** What a schema would be as the next revision of a subject. */
export interface Report {
  readonly mode: Mode
  /** Empty where it may be registered. */
  readonly differences: ReadonlyArray<Difference>
  /** The revision that has this very schema already. */
  readonly same: number | undefined
}

export interface Shape {
  /**
   * Adds a revision, or gives the one that has this very schema already. Of rivals each gets a revision of its own, and
   * is checked against all before it. `SchemaInvalid` at `""` also says that the text is no subject, or that the subject
   * has `Limits.revisions`.
   */
  readonly register: (
    subject: string,
    schema: JsonSchema,
  ) => Effect.Effect<Revision, IncompatibleSchema | SchemaInvalid | RegistryUnavailable>
  readonly get: (
    subject: string,
    revision: number | "latest",
  ) => Effect.Effect<Revision, SchemaNotRegistered | RegistryUnavailable>
  /** All revisions of a subject, ascending; at most `Limits.revisions`. */
  readonly revisions: (
    subject: string,
  ) => Effect.Effect<ReadonlyArray<Revision>, SchemaNotRegistered | RegistryUnavailable>
  /**
   * Up to `limit` subjects above `after` in order of their code units. A registry that others share may hold names that
   * are no subjects: they are left out.
   */
  readonly subjects: (
    after: string | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<string>, RegistryUnavailable>
  /** What registering would say; writes nothing. A subject without revisions takes any schema. */
  readonly check: (
    subject: string,
    schema: JsonSchema,
  ) => Effect.Effect<Report, SchemaInvalid | RegistryUnavailable>
  /** `BACKWARD_TRANSITIVE` until it is set. */
  readonly setMode: (subject: string, mode: Mode) => Effect.Effect<void, SchemaNotRegistered | RegistryUnavailable>
}

export class SchemaRegistry extends Context.Service<SchemaRegistry, Shape>()("nexus/core/SchemaRegistry") {}
