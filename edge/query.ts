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

/** Whether a query holds one of these names, good or not. */
export const holds = (search: string, names: ReadonlyArray<string>): boolean => {
  if (search.length < 2) return false
  const found = new URLSearchParams(search)
  return names.some((name) => found.has(name))
}

/** The first value of a parameter, before the query is looked at: nothing may be done with it but to compare it. */
export const first = (search: string, name: string): string | undefined =>
  search.length < 2 ? undefined : new URLSearchParams(search).get(name) ?? undefined

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

/** Milliseconds, or RFC 3339; its offset may have lost the plus, which a query reads as a space. */
export const timePattern = /^(\d{1,16}|(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+\- ]\d\d:\d\d))$/u
/** The last that a calendar knows. */
const timeMax = 8_640_000_000_000_000

/** A time in milliseconds since 1970, whatever stands behind the third decimal left out; or nothing. */
export const time = (
  query: ReadonlyMap<string, string>,
  name: string,
): Effect.Effect<number | undefined, QueryInvalid> => {
  const text = query.get(name)
  if (text === undefined) return Effect.succeed(undefined)
  const ms = millisecondsOf(text)
  return ms >= 0 && ms <= timeMax
    ? Effect.succeed(ms)
    : refuse(name, "Expected milliseconds since 1970, or a time with its zone, such as 2026-11-23T09:00:00Z")
}

const millisecondsOf = (text: string): number => {
  const [, whole, date, clock, fraction = "", offset] = timePattern.exec(text) ?? []
  if (date === undefined || offset === undefined) return whole === undefined ? NaN : Number(whole)
  const wall = `${date}T${clock}`
  const local = Date.parse(`${wall}Z`)
  // Some days and hours that are none are read as the next ones.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(wall)) return NaN
  const shift = offset.length === 1 ? 0 : Date.parse(`1970-01-01T${offset.slice(1)}:00Z`)
  return local + Number(fraction.slice(1, 4).padEnd(3, "0")) + (offset[0] === "-" ? shift : -shift)
}
