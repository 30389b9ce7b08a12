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
  let text = ""
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) text += i === 0 ? canonical(value[i]) : `,${canonical(value[i])}`
    return `[${text}]`
  }
  const record = value as { readonly [key: string]: unknown }
  const keys = sorted(Object.keys(record))
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const member = record[key]
    if (member === undefined) continue
    text += `${text === "" ? "" : ","}${quote(key)}:${canonical(member)}`
  }
  return `{${text}}`
}

/** Sorts in place by code units. Most objects have a handful of keys, for which an insertion costs least. */
const sorted = (keys: Array<string>): ReadonlyArray<string> => {
  if (keys.length > 16) return keys.sort()
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!
    let j = i
    for (; j > 0 && keys[j - 1]! > key; j--) keys[j] = keys[j - 1]!
    keys[j] = key
  }
  return keys
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
