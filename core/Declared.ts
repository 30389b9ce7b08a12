/**
 * What an application declares about its events: every version of each with its schema and the hashes by which registry,
 * lock and host know it.
 * @module
 */
import { Result } from "effect"
import type * as Contract from "../schemas/Contract.ts"
import * as Draft07 from "../schemas/Draft07.ts"
import type { AnyEvent } from "../schemas/Event.ts"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import * as Subject from "../schemas/Subject.ts"
import type { App } from "./App.ts"
import { canonical, digest } from "./Fingerprint.ts"

export interface Declared extends Subject.Subject {
  /** `Order.OrderPlaced.v2`. */
  readonly subject: string
  /** The version that is written; older ones are only read. */
  readonly newest: boolean
  /** A function leads from this version to the next one, or there is no next one. */
  readonly upcast: boolean
  readonly schema: JsonSchemas.Standalone
  readonly hash2020: string
  readonly draft07: Result.Result<{ readonly schema: JsonSchemas.Standalone; readonly hash: string }, Draft07.NoDraft07>
}

/** How a schema is known everywhere: lower-case hexadecimal SHA-256 of its canonical JSON. */
export const hashOf = (schema: JsonSchemas.Standalone): string => digest(canonical(schema))

const versions = (aggregate: string, { tag: type, upcasters, versions }: AnyEvent): ReadonlyArray<Declared> =>
  versions.map((fields, index) => {
    const [version, newest] = [index + 1, index + 1 === versions.length]
    const schema = JsonSchemas.standalone(JsonSchemas.ofFields(fields))
    return {
      subject: Subject.make(aggregate, type, version),
      aggregate,
      type,
      version,
      newest,
      upcast: newest || typeof upcasters[index] === "function",
      schema,
      hash2020: hashOf(schema),
      draft07: Result.map(Draft07.make(schema), (schema) => ({ schema, hash: hashOf(schema) })),
    }
  })

/** Every event version of a contract. It costs a few schemas each: ask once and keep the answer. */
export const ofContract = (contract: Contract.Any): ReadonlyArray<Declared> =>
  Object.values(contract.events).flatMap((event) => versions(contract.aggregate, event))

/** Every event version of an application. */
export const make = (app: App): ReadonlyArray<Declared> =>
  Object.values(app.aggregates).flatMap(({ contract }) => ofContract(contract))
