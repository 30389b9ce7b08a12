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
