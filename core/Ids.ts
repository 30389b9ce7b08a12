/**
 * Identifiers: time-ordered ones from clock and randomness, and fresh ones that depend on a command alone.
 * @module
 */
import { digest } from "./Fingerprint.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")
const below = (random: () => number, bound: number): number => Math.floor(random() * bound)
const dash = 45
const seven = 55
/** The codes of the hexadecimal digits. */
const codes = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))
/** The code of the lowest four bits. */
const digit = (value: number): number => codes[value & 15]!

// The time's digits change once a millisecond, ids are made far more often.
let digitsMs = -1
const time = new Uint8Array(12)

/**
 * A UUIDv7: 48 bits of milliseconds, then 74 random ones, so that rows keyed by it stay local. Source: RFC 9562, 5.7.
 * `random` gives numbers in [0, 1).
 *
 * Made from codes in one step: a text put together from parts stays a tree of them, which costs a driver more to read
 * than all of this.
 */
export const uuidV7 = (nowMs: number, random: () => number): string => {
  if (nowMs !== digitsMs) {
    const text = hex(nowMs, 12)
    for (let i = 0; i < 12; i++) time[i] = text.charCodeAt(i)
    digitsMs = nowMs
  }
  const high = below(random, 0x4000000)
  const middle = below(random, 0x1000000)
  const low = below(random, 0x1000000)
  // deno-fmt-ignore
  return String.fromCharCode(
    time[0]!, time[1]!, time[2]!, time[3]!, time[4]!, time[5]!, time[6]!, time[7]!, dash,
    time[8]!, time[9]!, time[10]!, time[11]!, dash,
    seven, digit(high >>> 8), digit(high >>> 4), digit(high), dash,
    digit(8 + (high >>> 24)), digit(high >>> 20), digit(high >>> 16), digit(high >>> 12), dash,
    digit(middle >>> 20), digit(middle >>> 16), digit(middle >>> 12), digit(middle >>> 8), digit(middle >>> 4), digit(middle),
    digit(low >>> 20), digit(low >>> 16), digit(low >>> 12), digit(low >>> 8), digit(low >>> 4), digit(low),
  )
}

/** A UUIDv8 from a text by SHA-256: the same text, the same id. Source: RFC 9562, 5.8. */
const ofText = (text: string): string => {
  const hash = digest(text)
  const variant = hex(0x8 + (parseInt(hash[16]!, 16) & 0x3), 1)
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${
    hash.slice(20, 32)
  }`
}

/** The n-th fresh id of a command: the same again whenever the command is decided again. */
export const ofCommand = (stream: StreamKey, commandId: string, n: number): string =>
  ofText(`${keyOf(stream)}\n${commandId}\n${n}`)

/**
 * The id of a command that `consumer` sends for an event: the same again whenever it handles the event again. `parts` tell
 * its commands for one event apart; those come from outside no less than inside, hence the separators.
 */
export const ofEvent = (
  consumer: string,
  event: StreamKey & { readonly version: number },
  ...parts: ReadonlyArray<string>
): string => ofText(JSON.stringify([consumer, keyOf(event), event.version, ...parts]))
