/**
 * Reads an application from disk and gives its facts; the parser is loaded only here, for it is large and native.
 * @module
 */
import { Effect, Result } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { relative, resolve } from "node:path"
import type { App } from "../../core/App.ts"
import type { Facts } from "../../policies/Facts.ts"
import type { Node } from "../evolve/Module.ts"
import { Failure } from "../Verb.ts"
import { extract } from "./extract.ts"
import * as files from "./files.ts"

const wrong = (message: string) => new Failure({ message, exitCode: 2 })
const tried = <A>(what: () => A): Effect.Effect<A, Failure> =>
  Effect.try({ try: what, catch: (error) => wrong((error as Error).message) })

const parser = Effect.tryPromise({
  try: async () => (await import("oxc-parser")).parseSync,
  catch: (error) => wrong(`the parser oxc-parser cannot be loaded here: ${(error as Error).message}`),
})

/** `app` is the default export of `file`; what cannot be read is wrong input: exit code 2. */
export const load = Effect.fnUntraced(function* (
  app: App,
  file: string,
  templates: ReadonlyArray<string>,
): Effect.fn.Return<Facts, Failure> {
  const parseSync = yield* parser
  const parse = (path: string, text: string): Node => {
    const { errors, program } = parseSync(path, text, { astType: "ts", preserveParens: false })
    const [error] = errors
    if (error === undefined) return program as unknown as Node
    const line = text.slice(0, error.labels[0]?.start ?? 0).split("\n").length
    throw new Error(`line ${line}: ${error.message}`)
  }
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
