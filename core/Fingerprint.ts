/**
 * Tells whether two commands under one id are the same: SHA-256 of aggregate, id, command and canonical payload.
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"

/** JSON with the keys of every object sorted, so that two spellings of one value are one text. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const record = value as { readonly [key: string]: unknown }
  const members = Object.keys(record).filter((key) => record[key] !== undefined).sort()
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(record[key])}`).join(",")}}`
}

/** The lower-case hexadecimal SHA-256 of a text. */
export const digest = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)))

/** The fingerprint of a command; the parts cannot run into each other, for no id or name holds a line break. */
export const make = (aggregate: string, id: string, command: string, payload: unknown): string =>
  digest(`${aggregate}\n${id}\n${command}\n${canonical(payload)}`)
