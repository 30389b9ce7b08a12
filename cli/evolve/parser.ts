/**
 * How TypeScript is read.
 * @module
 */
import { Effect } from "effect"
import type { parseSync } from "oxc-parser"
import type { Host, Node } from "./Module.ts"

/** As `ts` with its types, as `js` without. */
export const by = (parse: typeof parseSync, astType: "js" | "ts"): Host["parse"] => (path, text) => {
  const { errors: [error], program } = parse(path, text, { astType, preserveParens: false })
  if (error === undefined) return program as unknown as Node
  const line = text.slice(0, error.labels[0]?.start ?? 0).split("\n").length
  throw new Error(`${path}: line ${line}: ${error.message}`)
}

/** The parser is large and native: it is loaded by the verbs that need it alone. Fails with a sentence. */
export const load = (astType: "js" | "ts") =>
  Effect.tryPromise({
    try: async () => by((await import("oxc-parser")).parseSync, astType),
    catch: (error) => `the parser of TypeScript cannot be loaded: ${(error as Error).message}`,
  })
