/**
 * The query of a URL, closed: unknown and repeated parameters are refused, numbers have their range.
 * @module
 */
import { Effect } from "effect"
import { QueryInvalid } from "./refusals.ts"

const nothing: ReadonlyMap<string, string> = new Map()

/** `search` is what follows the path, with its question mark; without `known` names it is not looked at. */
export const parse = (
  search: string,
  known: ReadonlyArray<string> | undefined,
): Effect.Effect<ReadonlyMap<string, string>, QueryInvalid> => {
  if (search.length < 2 || known === undefined) return Effect.succeed(nothing)
  const found = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(search)) {
    // An unknown name comes from outside: it is not repeated at length.
    if (!known.includes(name)) return refuse(name.slice(0, 64).toWellFormed(), "Expected no such parameter")
    if (found.has(name)) return refuse(name, "Expected once")
    found.set(name, value)
  }
  return Effect.succeed(found)
}

const refuse = (parameter: string, rule: string) => Effect.fail(new QueryInvalid({ parameter, rule }))

const whole = /^(0|[1-9]\d{0,15})$/

/** A whole number from `min` to `max`, or `absent`. */
export const integer = (
  query: ReadonlyMap<string, string>,
  name: string,
  range: { readonly min: number; readonly max: number; readonly absent: number },
): Effect.Effect<number, QueryInvalid> => {
  const text = query.get(name)
  if (text === undefined) return Effect.succeed(range.absent)
  const value = whole.test(text) ? Number(text) : NaN
  return value >= range.min && value <= range.max
    ? Effect.succeed(value)
    : refuse(name, `Expected a whole number from ${range.min} to ${range.max}`)
}
