/**
 * Tells whether two commands under one id are the same: SHA-256 of aggregate, id, command and canonical payload.
 *
 * Every command pays for one, so this module counts its allocations.
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { Context } from "effect"

/** JSON with the keys of every object sorted, so that two spellings of one value are one text. */
export const canonical = (value: unknown): string => {
  const sorted = sort(value)
  return sorted === unsortable ? spell(value) : JSON.stringify(sorted) ?? "null"
}

/** Some object's members do not keep the order in which they are added. */
const unsortable = Symbol("unsortable")

/** A copy whose keys come sorted; written out by the engine it is one text, where one put together stays a tree of parts. */
const sort = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) {
    const items: Array<unknown> = []
    for (let i = 0; i < value.length; i++) {
      const item = sort(value[i])
      if (item === unsortable) return unsortable
      items.push(item)
    }
    return items
  }
  const record = value as { readonly [key: string]: unknown }
  const sorted = sortedKeys(Object.keys(record))
  if (sorted === undefined) return unsortable
  const copy: { [key: string]: unknown } = {}
  for (let i = 0; i < sorted.length; i++) {
    const key = sorted[i]!
    const member = sort(record[key])
    if (member === unsortable) return unsortable
    copy[key] = member
  }
  return copy
}

/** The keys of an object as they come, and by code units. */
interface Shape {
  readonly keys: ReadonlyArray<string>
  readonly sorted: ReadonlyArray<string>
}
/** Objects of one schema have the same keys in the same order time and again: so few lists are sorted more than once. */
const shapes: Array<Shape | undefined> = Array.from({ length: 256 })
const [keysMax, keyMax] = [64, 64]
/** Keys like numbers come before all others, and one names the prototype. */
const hasNoOrder = /^[0-9]|^__proto__$/

/** Nothing where they are many, long, or of a kind that an object does not keep in order. */
const sortedKeys = (keys: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const first = keys.length === 0 ? "" : keys[0]!
  const slot = (keys.length * 31 + first.length * 7 + (first === "" ? 0 : first.charCodeAt(0))) & 255
  const known = shapes[slot]
  if (known !== undefined && isSame(known.keys, keys)) return known.sorted
  // What callers choose freely is not kept.
  if (keys.length > keysMax || keys.some((key) => key.length > keyMax || hasNoOrder.test(key))) return undefined
  const sorted = keys.toSorted()
  shapes[slot] = { keys, sorted }
  return sorted
}

const isSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The same text, member by member. */
const spell = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(spell).join()}]`
  const record = value as { readonly [key: string]: unknown }
  const members = Object.keys(record).toSorted().filter((key) => record[key] !== undefined)
  return `{${members.map((key) => `${JSON.stringify(key)}:${spell(record[key])}`).join()}}`
}

const encoder = new TextEncoder()
const fresh = sha256.create()
// Hashing is synchronous, so one hasher and its buffers serve all; making them costs more than a short text's hash.
const hasher = sha256.create()
const ascii = new Uint8Array(2048)
const output = new Uint8Array(32)
const hexOf: ReadonlyArray<string> = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** The UTF-8 of a text; a short ASCII one costs no allocation. */
const bytesOf = (text: string): Uint8Array => {
  if (text.length > ascii.length) return encoder.encode(text)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return encoder.encode(text)
    ascii[i] = code
  }
  return ascii.subarray(0, text.length)
}

/** The lower-case hexadecimal SHA-256 of a text. */
export const digest = (text: string): string => {
  fresh._cloneInto(hasher)
  hasher.update(bytesOf(text)).digestInto(output)
  let hex = ""
  for (let i = 0; i < 32; i++) hex += hexOf[output[i]!]!
  return hex
}

/** How the host hashes: a platform that has a faster synchronous SHA-256 provides it here. */
export const Sha256: Context.Reference<(text: string) => string> = Context.Reference("nexus/core/Sha256", {
  defaultValue: () => digest,
})

/** The fingerprint of a command; the parts cannot run into each other, for no id or name holds a line break. */
export const make = (
  aggregate: string,
  id: string,
  command: string,
  payload: unknown,
  hash: (text: string) => string = digest,
): string => hash(`${aggregate}\n${id}\n${command}\n${canonical(payload)}`)
