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

const ofFields = (fields: Fields): Document => document(struct(fields))
export const command = (self: AnyCommand): Document => ofFields(self.fields)
export const rejection = (self: AnyRejection): Document => ofFields(self.members)

const mapValues = <A, B>(record: { readonly [key: string]: A }, f: (value: A) => B): { readonly [key: string]: B } =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]))

export const make = <C extends Contract.Any>(contract: C): JsonSchemas<C> =>
  ({
    events: mapValues(contract.events, (event) => event.versions.map(ofFields)),
    commands: mapValues(contract.commands, command),
  }) as unknown as JsonSchemas<C>
