/**
 * Identifiers: time-ordered ones from clock and randomness, and fresh ones that depend on a command alone.
 * @module
 */
import { digest } from "./Fingerprint.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
const below = (random: () => number, bound: number): number => Math.floor(random() * bound)
/** Two bytes as text; every command needs a handful. */
const hex4: ReadonlyArray<string> = Array.from({ length: 0x10000 }, (_, value) => hex(value, 4))

// The time's text changes once a millisecond, ids are made far more often.
let textMs = -1
let timeText = ""

/**
 * A UUIDv7: 48 bits of milliseconds, then 74 random ones, so that rows keyed by it stay local. Source: RFC 9562, 5.7.
 * `random` gives numbers in [0, 1).
 */
export const uuidV7 = (nowMs: number, random: () => number): string => {
  if (nowMs !== textMs) {
    const time = hex(nowMs, 12)
    timeText = `${time.slice(0, 8)}-${time.slice(8)}-`
    textMs = nowMs
  }
  const low = below(random, 0x100000000)
  const high = below(random, 0x100000000)
  return `${timeText}${hex4[0x7000 + (high & 0xfff)]}-${hex4[0x8000 + ((high >>> 12) & 0x3fff)]}-${hex4[low >>> 16]}${
    hex4[low & 0xffff]
  }${hex4[below(random, 0x10000)]}`
}

/** The n-th fresh id of a command (UUIDv8, from SHA-256): the same again whenever the command is decided again. */
export const ofCommand = (stream: StreamKey, commandId: string, n: number): string => {
  const text = digest(`${keyOf(stream)}\n${commandId}\n${n}`)
  const variant = hex(0x8 + (parseInt(text[16]!, 16) & 0x3), 1)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-8${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${
    text.slice(20, 32)
  }`
}
