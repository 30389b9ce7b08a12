/**
 * Identifiers: time-ordered ones from clock and randomness, and fresh ones that depend on a command alone.
 * @module
 */
import { digest } from "./Fingerprint.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
const below = (random: () => number, bound: number): number => Math.floor(random() * bound)

/**
 * A UUIDv7: 48 bits of milliseconds, then 74 random ones, so that rows keyed by it stay local. Source: RFC 9562, 5.7.
 * `random` gives numbers in [0, 1).
 */
export const uuidV7 = (nowMs: number, random: () => number): string => {
  const time = hex(nowMs, 12)
  const node = hex(below(random, 0x1000000), 6) + hex(below(random, 0x1000000), 6)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(below(random, 0x1000), 3)}-${
    hex(0x8000 + below(random, 0x4000), 4)
  }-${node}`
}

/** The n-th fresh id of a command (UUIDv8, from SHA-256): the same again whenever the command is decided again. */
export const ofCommand = (stream: StreamKey, commandId: string, n: number): string => {
  const text = digest(`${keyOf(stream)}\n${commandId}\n${n}`)
  const variant = hex(0x8 + (parseInt(text[16]!, 16) & 0x3), 1)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-8${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${
    text.slice(20, 32)
  }`
}
