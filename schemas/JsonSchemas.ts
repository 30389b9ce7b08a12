/**
 * JSON Schema (draft 2020-12) of every command and event version of a contract, closed.
 * @module
 */
import { type JsonSchema, Schema } from "effect"
import type { AnyCommand } from "./Command.ts"
import type * as Contract from "./Contract.ts"
import type { Versions } from "./Event.ts"
import { type Fields, struct } from "./Fields.ts"
import type { AnyRejection } from "./Rejection.ts"

export type Document = JsonSchema.Document<"draft-2020-12">

/** One document a version. A type of its own, because only over a parameter does a mapped tuple stay a tuple. */
type Documents<V extends Versions> = { readonly [I in keyof V]: Document }

export interface JsonSchemas<C extends Contract.Any> {
  /** `events.OrderPlaced[0]` is version 1. */
  readonly events: {
    readonly [T in keyof C["events"]]: Documents<C["events"][T]["versions"]>
  }
  readonly commands: { readonly [T in keyof C["commands"]]: Document }
}

/** Of the JSON form, not the decoded one: what travels is what is described. */
export const document = (schema: Schema.Constraint): Document =>
  Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })

/** A schema that stands alone, as parsed JSON: draft 2020-12, or draft-07 where `$schema` says so. */
export type Standalone = { readonly [key: string]: Schema.Json }

/** By what their values are: schemas by name, schemas in a row, one schema. Anything else holds no schema. */
const kinds: { readonly [keyword: string]: "map" | "list" | "one" } = {
  ...Object.fromEntries(["properties", "patternProperties", "$defs", "dependentSchemas"].map((key) => [key, "map"])),
  ...Object.fromEntries(["allOf", "anyOf", "oneOf", "prefixItems"].map((key) => [key, "list"])),
  ...Object.fromEntries(
    ["not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"].map((
      key,
    ) => [key, "one"]),
  ),
}

/** Fields may be declared in any order: what is required is a set, so it is written sorted. */
const ordered = (schema: unknown): unknown => {
  if (typeof schema !== "object" || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
      if (key === "required" && Array.isArray(value)) return [key, value.toSorted()]
      if (kind === "map") return [key, Object.fromEntries(Object.entries(value).map(([k, v]) => [k, ordered(v)]))]
      if (kind === "list") return [key, value.map(ordered)]
      return [key, kind === "one" ? ordered(value) : value]
    }),
  )
}

/** The document as one schema that says its dialect: this, in canonical JSON, is what is registered, hashed and locked. */
export const standalone = ({ definitions, schema }: Document): Standalone =>
  ordered({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...schema,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  }) as Standalone

export const ofFields = (fields: Fields): Document => document(struct(fields))
export const command = (self: AnyCommand): Document => ofFields(self.fields)
export const rejection = (self: AnyRejection): Document => ofFields(self.members)

const mapValues = <A, B>(record: { readonly [key: string]: A }, f: (value: A) => B): { readonly [key: string]: B } =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]))

export const make = <C extends Contract.Any>(contract: C): JsonSchemas<C> =>
  ({
    events: mapValues(contract.events, (event) => event.versions.map(ofFields)),
    commands: mapValues(contract.commands, command),
  }) as unknown as JsonSchemas<C>
