/**
 * JSON values as schemas see them: deep equality, exact multiples, lengths in code points.
 * @module
 */
import type { Schema } from "effect"

export type Json = Schema.Json
/** A JSON Schema document, as parsed JSON: draft 2020-12, or draft-07 where `$schema` says so. */
export type JsonSchema = { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
export const isArray = (value: unknown): value is ReadonlyArray<Json> => Array.isArray(value)

/** `Object.hasOwn` with a name that reads well; names such as `constructor` come from outside. */
export const has = (value: JsonObject, key: string): boolean => Object.hasOwn(value, key)

export const equal = (a: Json, b: Json): boolean => {
  if (a === b) return true
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]!))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => has(b, key) && equal(a[key]!, b[key]!))
}

/** In code points, as JSON Schema counts: a surrogate pair is one. */
export const lengthOf = (text: string): number => {
  let pairs = 0
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      pairs++
      i++
    }
  }
  return text.length - pairs
}

const decimal = (value: number): readonly [coefficient: bigint, exponent: number] => {
  const [mantissa = "0", exponent = "0"] = String(value).split("e")
  const [whole = "0", fraction = ""] = mantissa.split(".")
  return [BigInt(whole + fraction), Number(exponent) - fraction.length]
}

/** On the decimal digits, where a division of doubles would call 0.07 no multiple of 0.01. */
export const isMultiple = (value: number, of: number): boolean => {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(of)) return value % of === 0
  const [a, aExponent] = decimal(value)
  const [b, bExponent] = decimal(of)
  const least = Math.min(aExponent, bExponent)
  return (a * 10n ** BigInt(aExponent - least)) % (b * 10n ** BigInt(bExponent - least)) === 0n
}
