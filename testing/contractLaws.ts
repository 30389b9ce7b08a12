/**
 * Laws of a contract alone: what any old version of an event may hold arrives as a valid value of the newest.
 *
 * Beside the Effect Schemas, the JSON Schemas that registries hold must say the same of every value.
 * @module
 */
import { Effect, Result, Schema } from "effect"
import { type Law, LawBroken } from "../core/laws/fixtures.ts"
import type * as Contract from "../schemas/Contract.ts"
import type { AnyEvent } from "../schemas/Event.ts"
import * as Generators from "../schemas/Generators.ts"
import * as JsonSchemas from "../schemas/JsonSchemas.ts"
import * as Validator from "../schemas/Validator.ts"
import * as Wire from "../schemas/Wire.ts"
import { show } from "./diff.ts"
import { draw } from "./generators.ts"

export interface LawsOptions {
  /** Values drawn for each law; 200 unless given. */
  readonly runs?: number
  /** Another seed draws other values. */
  readonly seed?: number
}

export type Check = (fail: (message: string) => never) => void

/** The upcaster law, for every version of every event. */
export const contractLaws = (
  contract: Contract.Any,
  { runs = 200, seed = 1 }: LawsOptions = {},
): ReadonlyArray<Law<never>> =>
  Object.values(contract.events).flatMap((event) =>
    event.versions.map((fields, i) =>
      law(
        `${contract.aggregate}.${event.tag} version ${i + 1} upcasts to a valid newest event`,
        draw(Generators.payload(fields), runs, seed),
        (drawn) => upcasts(contract, event, i + 1, drawn),
      )
    )
  )

export const law = <A>(
  name: string,
  drawn: Effect.Effect<ReadonlyArray<A>>,
  check: (drawn: ReadonlyArray<A>) => Check,
): Law<never> => ({
  name,
  law: Effect.flatMap(drawn, (values) =>
    Effect.try({
      try: () =>
        check(values)((message) => {
          throw new LawBroken({ message })
        }),
      catch: (error) => error instanceof LawBroken ? error : new LawBroken({ message: `${error}` }),
    })),
})

/** What the registered schema of a version says of a payload, as JSON. */
const registered = (contract: Contract.Any, event: AnyEvent, version: number): Validator.Validator => {
  const document = JsonSchemas.make(contract).events[event.tag]![version - 1]!
  return Result.getOrThrow(Validator.make(JsonSchemas.standalone(document)))
}

const upcasts = (contract: Contract.Any, event: AnyEvent, version: number, drawn: ReadonlyArray<unknown>): Check => {
  const codec = Schema.toCodecJson(Schema.Struct(event.versions[version - 1]!)) as Schema.Codec<unknown, unknown>
  const [old, newest] = [registered(contract, event, version), registered(contract, event, event.versions.length)]
  return (fail) => {
    for (const payload of drawn) {
      const stored = { type: event.tag, schemaVersion: version, payload: Schema.encodeSync(codec)(payload) }
      const unfit = old(stored.payload)
      if (unfit.length > 0) fail(`${show(stored)} does not fit its JSON Schema: ${show(unfit)}`)
      const decoded = Wire.decodeEvent(contract, stored)
      if (Result.isFailure(decoded)) return fail(`${show(stored)} does not decode: ${show(decoded.failure)}`)
      const encoded = Wire.encodeEvent(event, decoded.success)
      if (Result.isFailure(encoded)) {
        return fail(`${show(stored)} upcasts to no valid event: ${show(encoded.failure.issues)}`)
      }
      const wrong = newest(encoded.success.payload)
      if (wrong.length > 0) {
        fail(`${show(stored)} upcasts to what the JSON Schema of the newest refuses: ${show(wrong)}`)
      }
    }
  }
}
