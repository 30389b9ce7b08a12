/**
 * `nexus schemas mode`: which changes the registry takes for one subject, shown or set.
 * @module
 */
import { Effect, Schema } from "effect"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import { Mode } from "../../schemas/Difference.ts"
import * as Subject from "../../schemas/Subject.ts"
import { anyStore, application, failed, type Verb, wrong } from "../Verb.ts"
import type { OpenRegistry } from "./register.ts"

const isMode = Schema.is(Mode)

export const mode = (openRegistry: OpenRegistry): Verb => ({
  name: "schemas mode",
  help: "Show, or set, which changes the schema registry takes for a subject",
  operands: { SUBJECT: "As registered: Order.OrderPlaced.v2" },
  optionalOperands: { MODE: `One of ${Mode.literals.join(", ")}` },
  options: { ...anyStore, ...application },
  notes:
    "BACKWARD_TRANSITIVE, the default, is what keeps every stored event readable. A weaker one takes schemas that\n" +
    "some of them do not fit; what is registered already is not compared again.",
  run: Effect.fnUntraced(function* (input) {
    const [subject, wanted] = [input.option("SUBJECT")!, input.option("MODE")]
    if (Subject.parse(subject) === undefined) {
      return yield* wrong(`${subject} is no subject, which looks like Order.OrderPlaced.v2`)
    }
    if (wanted !== undefined && !isMode(wanted)) return yield* wrong(`MODE is none of ${Mode.literals.join(", ")}`)
    const found = yield* Effect.gen(function* () {
      const registry = yield* SchemaRegistry
      if (wanted !== undefined) yield* registry.setMode(subject, wanted)
      const { schema } = yield* registry.get(subject, "latest")
      return (yield* registry.check(subject, schema)).mode
    }).pipe(
      Effect.provide(openRegistry(input)),
      Effect.mapError((error) => {
        if (!("_tag" in error)) return failed(error.message)
        switch (error._tag) {
          case "SchemaNotRegistered":
            return failed(`${subject} is not registered: run \`nexus schemas register\` first`)
          case "RegistryUnavailable":
            return failed(`the schema registry does not answer: ${error.reason}; try again later`)
          default:
            return failed(error.message)
        }
      }),
    )
    yield* input.print(`${subject} ${found}`, { subject, mode: found })
    return 0
  }),
})
