/**
 * Marks a field whose value must appear in no problem, listing, log or trace.
 *
 * The mark survives whatever is built around the schema: checks, `NullOr`, arrays and structs of it are marked too.
 * @module
 */
import { Schema, type SchemaAST } from "effect"
import type { Fields } from "./Fields.ts"

const annotation = "nexus/redacted"

/** The same schema, kept out of every answer but the state and the events themselves. */
export const redacted = <S extends Schema.Top>(schema: S): S["Rebuild"] =>
  schema.annotate({ [annotation]: true } as never) as S["Rebuild"]

/** Whether any part of a field of a definition is redacted; the whole field is then kept out. */
export const isRedacted = (schema: Schema.Constraint): boolean => holdsMark(schema.ast, new Set())

/** The members that may be shown; a member without a field of its own is not shown either. */
export const visible = (fields: Fields, members: unknown): { readonly [field: string]: unknown } =>
  Object.fromEntries(
    Object.entries((members ?? {}) as object).filter(([key]) =>
      Object.hasOwn(fields, key) && !isRedacted(fields[key]!)
    ),
  )

/** Stands where a value is kept out. */
export const redactedText = "[redacted]"

/** A JSON value of the schema without what is redacted; where a mark cannot be told from its surroundings, without both. */
export const masked = (schema: Schema.Constraint, json: unknown): unknown => mask(schema.ast, json)

const mask = (ast: SchemaAST.AST, value: unknown): unknown => {
  if (!holdsMark(ast, new Set())) return value
  const here = isMarked(ast.annotations) || (ast.checks ?? []).some(isMarkedCheck) || ast.encoding !== undefined
  if (here) return redactedText
  if (ast._tag === "Suspend") return mask(ast.thunk(), value)
  // Whichever member it is of: what one of them marks is kept out.
  if (ast._tag === "Union") return ast.types.reduce((rest: unknown, type) => mask(type, rest), value)
  if (typeof value !== "object" || value === null) return value
  if (ast._tag === "Arrays" && Array.isArray(value)) {
    return value.map((item) => partsOf(ast).reduce((rest: unknown, type) => mask(type, rest), item))
  }
  if (ast._tag !== "Objects" || Array.isArray(value)) return ast._tag === "Declaration" ? redactedText : value
  // The keys of a record may be what is redacted.
  if (ast.indexSignatures.some(({ parameter }) => holdsMark(parameter, new Set()))) return redactedText
  const named = new Map(ast.propertySignatures.map((property) => [property.name as string, property.type]))
  const others = ast.indexSignatures.map(({ type }) => type)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const types = named.has(key) ? [named.get(key)!] : others
      return [key, types.reduce((rest: unknown, type) => mask(type, rest), item)]
    }),
  )
}

const isMarked = (annotations: object | undefined): boolean =>
  (annotations as { readonly [key: string]: unknown } | undefined)?.[annotation] === true

/** A schema annotated after a check carries the mark on that check, and a later check would hide it. */
const isMarkedCheck = (check: SchemaAST.Check<never>): boolean =>
  isMarked(check.annotations) || (check._tag === "FilterGroup" && check.checks.some(isMarkedCheck))

/** `seen` ends the walk through a recursive schema. */
const holdsMark = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  return isMarked(ast.annotations) || (ast.checks ?? []).some(isMarkedCheck) ||
    [...(ast.encoding ?? []).map((link) => link.to), ...partsOf(ast)].some((part) => holdsMark(part, seen))
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Declaration":
      return ast.typeParameters
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Objects":
      return [
        ...ast.propertySignatures.map((property) => property.type),
        ...ast.indexSignatures.flatMap(({ parameter, type }) => [parameter, type]),
      ]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}
