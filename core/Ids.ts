/**
 * Identifiers: time-ordered ones from clock and randomness, and fresh ones that depend on a command alone.
 * @module
 */
import { digest } from "./Fingerprint.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
const below = (random: () => number, bound: number): number => Math.floor(random() * bound)
/** Twelve bits as text: every command needs a handful, and a table of all of them still fits the processor's cache. */
const hex3: ReadonlyArray<string> = Array.from({ length: 0x1000 }, (_, value) => hex(value, 3))
const variants = ["8", "9", "a", "b"] as const

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
  const high = below(random, 0x4000000)
  const middle = below(random, 0x1000000)
  const low = below(random, 0x1000000)
  return `${timeText}7${hex3[high & 0xfff]}-${variants[high >>> 24]}${hex3[(high >>> 12) & 0xfff]}-${
    hex3[middle >>> 12]
  }${hex3[middle & 0xfff]}${hex3[low >>> 12]}${hex3[low & 0xfff]}`
}

/** The n-th fresh id of a command (UUIDv8, from SHA-256): the same again whenever the command is decided again. */
export const ofCommand = (stream: StreamKey, commandId: string, n: number): string => {
  const text = digest(`${keyOf(stream)}\n${commandId}\n${n}`)
  const variant = hex(0x8 + (parseInt(text[16]!, 16) & 0x3), 1)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-8${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${
    text.slice(20, 32)
  }`
}
