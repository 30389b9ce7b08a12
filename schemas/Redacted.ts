/**
 * Marks a field whose value must appear in no problem, listing, log or trace.
 * @module
 */
import { Schema } from "effect"
import type { Fields } from "./Fields.ts"

const annotation = "nexus/redacted"

/** The same schema, kept out of every answer but the state and the events themselves. */
export const redacted = <S extends Schema.Top>(schema: S): S["Rebuild"] =>
  schema.annotate({ [annotation]: true } as never) as S["Rebuild"]

/** Whether a field of a definition is redacted. */
export const isRedacted = (schema: Schema.Constraint): boolean =>
  (Schema.resolveAnnotations(schema) as { readonly [key: string]: unknown } | undefined)?.[annotation] === true

/** The members that may be shown; a member without a field of its own is not shown either. */
export const visible = (fields: Fields, members: unknown): { readonly [field: string]: unknown } =>
  Object.fromEntries(
    Object.entries((members ?? {}) as object).filter(([key]) => key in fields && !isRedacted(fields[key]!)),
  )
