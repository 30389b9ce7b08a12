/**
 * A first request to try, made from an application's own schemas.
 * @module
 */
import { Arbitrary, Effect, Result, Schema } from "effect"
import type { App } from "../core/App.ts"
import { type Fields, struct } from "../schemas/Fields.ts"
import * as Wire from "../schemas/Wire.ts"

/** Printable, and safe between single quotes in a shell. */
const pasteable = /^[\x20-\x26\x28-\x7e]*$/
const samples = 40

/** What the fields themselves give as `examples`. */
const examplesOf = (fields: Fields): object =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      const [example] = Schema.resolveAnnotations(field)?.["examples"] as ReadonlyArray<unknown> | undefined ?? []
      return example === undefined ? [] : [[name, example]]
    }),
  )

/**
 * A command with a payload that fits its schema: of the examples that its fields give where there are any, else made up,
 * and then what the application says to it is another matter.
 */
export const command = Effect.fnUntraced(function* (app: App) {
  const { contract } = Object.values(app.aggregates)[0] ?? {}
  const [first] = Object.values(contract?.commands ?? {})
  if (contract === undefined || first === undefined) return undefined
  const examples = examplesOf(first.fields)
  const payloads = yield* Arbitrary.sampleEffect(Arbitrary.schema(struct(first.fields)), { count: samples, seed: 1 })
  const [payload] = [{}, ...payloads]
    .map((one) => Wire.encodeCommand(first, { ...one as object, ...examples, _tag: first.tag }))
    .filter(Result.isSuccess)
    .map(({ success }) => JSON.stringify(success))
    .filter((text) => pasteable.test(text))
    .sort((a, b) => a.length - b.length)
  return payload === undefined ? undefined : { aggregate: contract.aggregate, command: first.tag, payload }
}, Effect.catchCause(() => Effect.succeed(undefined)))

/** What a newcomer may copy: a token, the command above, and a look at what there is. */
export const lines = Effect.fnUntraced(function* (app: App, url: string, token: string) {
  const found = yield* command(app)
  const header = '-H "authorization: Bearer $TOKEN"'
  const [first] = Object.keys(app.aggregates)
  return [
    `TOKEN=${token}`,
    ...found === undefined ? [] : [
      `curl -X POST ${url}/v1/${found.aggregate}/1/commands/${found.command} ${header} \\`,
      `  -H "content-type: application/json" -d '${found.payload}'`,
    ],
    ...first === undefined ? [] : [`curl ${url}/v1/${first} ${header}`],
    "",
  ]
})
