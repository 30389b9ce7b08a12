/**
 * Reads an application from disk and gives its facts.
 * @module
 */
import { Effect, Result } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { relative, resolve } from "node:path"
import type { App } from "../../core/App.ts"
import type { Facts } from "../../policies/Facts.ts"
import * as parser from "../evolve/parser.ts"
import { type Failure, wrong } from "../Verb.ts"
import { extract } from "./extract.ts"
import * as files from "./files.ts"

const tried = <A>(what: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: what, catch: (error) => wrong((error as Error).message) })

/** `app` is the default export of `file`; what cannot be read is wrong input: exit code 2. */
export const load = Effect.fnUntraced(function* (
  app: App,
  file: string,
  templates: ReadonlyArray<string>,
): Effect.fn.Return<Facts, Failure> {
  const parse = yield* Effect.mapError(parser.load("ts"), wrong)
  const { entry, root } = files.homeOf(file)
  const found = yield* tried(() => files.below(root))
  const missing = templates.find((template) => !existsSync(template))
  if (missing !== undefined) return yield* wrong(`there is no template ${missing}`)
  // Like all other files by their path from the root, wherever they lie.
  const fromRoot = (template: string) => relative(root, resolve(template)).replaceAll("\\", "/")
  const read = yield* tried(() =>
    new Map(templates.map((template) => [fromRoot(template), readFileSync(template, "utf8")]))
  )
  const alias = yield* tried(() => files.aliases(root))
  const facts = extract({ app, entry, files: found, imported: files.imported(root), templates: read, parse, alias })
  if (Result.isSuccess(facts)) return facts.success
  // Each begins with a path from the root; people and editors want it from here.
  const here = relative(".", root)
  const above = here === "" ? "" : `${here.startsWith("..") ? root : here}/`
  return yield* wrong(facts.failure.map((fault) => `${above}${fault}`).join("\n       "))
})
