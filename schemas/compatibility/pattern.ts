/**
 * Regular expressions of schemas, which come from outside: matched in linear time, never by the engine of the platform.
 * @module
 */
import { Result } from "effect"
import { RE2JS } from "re2js"

export interface Pattern {
  readonly source: string
  readonly test: (text: string) => boolean
}

/** Longer ones cost memory when compiled. */
const sourceMax = 1_000

/** Nothing where the expression is none, or needs what a linear-time engine lacks (look-around, back references). */
export const make = (source: string): Pattern | undefined => {
  if (source.length > sourceMax) return undefined
  const compiled = Result.try(() => RE2JS.compile(RE2JS.translateRegExp(source)))
  return Result.isSuccess(compiled) ? { source, test: (text) => compiled.success.test(text) } : undefined
}
