/**
 * `nexus policies …`: what the architecture policies judge, what they find, and a picture of who talks to whom.
 * @module
 */
import { Effect } from "effect"
import { load } from "./facts/load.ts"
import { application, type Input, type Option, type Verb } from "./Verb.ts"

const source: { readonly [name: string]: Option } = {
  ...application,
  template: { help: "Templates of CloudFormation in JSON, separated by commas", value: "FILES" },
}

const factsOf = (input: Input) =>
  Effect.flatMap(
    input.app,
    (app) => load(app, input.option("app")!, input.option("template")?.split(",").filter((file) => file !== "") ?? []),
  )

export const policiesFacts: Verb = {
  name: "policies facts",
  help: "Print what the policies judge, read from source, manifests, lock and routes",
  options: source,
  notes: "The text is JSON over many lines, with --json in one.",
  run: Effect.fnUntraced(function* (input) {
    const facts = yield* factsOf(input)
    yield* input.print(JSON.stringify(facts, null, 2), facts)
    return 0
  }),
}
