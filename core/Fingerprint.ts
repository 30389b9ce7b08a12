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
  if (typeof value === "string") return quote(value)
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) {
    let text = ""
    for (let i = 0; i < value.length; i++) text += i === 0 ? canonical(value[i]) : `,${canonical(value[i])}`
    return `[${text}]`
  }
  const record = value as { readonly [key: string]: unknown }
  const { sorted, quoted } = shapeOf(Object.keys(record))
  let text = ""
  for (let i = 0; i < sorted.length; i++) {
    const member = record[sorted[i]!]
    if (member === undefined) continue
    text += `${text === "" ? "" : ","}${quoted[i]!}${canonical(member)}`
  }
  return `{${text}}`
}

/** The keys of an object as they come, by code units, and as members of JSON text begin. */
interface Shape {
  readonly keys: ReadonlyArray<string>
  readonly sorted: ReadonlyArray<string>
  readonly quoted: ReadonlyArray<string>
}
/** Objects of one schema have the same keys in the same order time and again: so few lists are sorted more than once. */
const shapes: Array<Shape | undefined> = Array.from({ length: 256 })
const [keysMax, keyMax] = [64, 64]

const shapeOf = (keys: ReadonlyArray<string>): Shape => {
  const first = keys.length === 0 ? "" : keys[0]!
  const slot = (keys.length * 31 + first.length * 7 + (first === "" ? 0 : first.charCodeAt(0))) & 255
  const known = shapes[slot]
  if (known !== undefined && isSame(known.keys, keys)) return known
  const sorted = keys.toSorted()
  const shape = { keys, sorted, quoted: sorted.map((key) => `${quote(key)}:`) }
  // What callers choose freely is not kept.
  if (keys.length <= keysMax && keys.every((key) => key.length <= keyMax)) shapes[slot] = shape
  return shape
}

const isSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Printable ASCII without quote and backslash needs no escape. */
const plain = /^[ !#-[\]-~]*$/
const quote = (text: string): string => plain.test(text) ? `"${text}"` : JSON.stringify(text)

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
