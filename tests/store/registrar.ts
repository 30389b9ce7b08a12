/**
 * A process that registers schemas on a file that others register on: folder, subject, its own name, how many. What it got
 * goes to the output as JSON.
 * @module
 */
import { Effect } from "effect"
import { argv } from "node:process"
import { object } from "../../core/laws/schemas.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"

const [folder = "", subject = "", name = "", count = ""] = argv.slice(2)
const integer = { type: "integer" }

const program = Effect.gen(function* () {
  const registry = yield* SchemaRegistry
  return yield* Effect.forEach(
    Array.from({ length: Number(count) }, (_, i) => object({ "a": integer, [`${name}${i}?`]: integer })),
    // Others may hold the file for longer than a registration waits.
    (schema) => Effect.retry(registry.register(subject, schema), { times: 20 }),
  )
})
const got = await Effect.runPromise(Effect.provide(program, Sqlite.layer({ folder })))
console.log(JSON.stringify(got.map(({ hash, revision }) => ({ hash, revision }))))
