/**
 * A strict JSON reader: what `JSON.parse` lets pass and nobody means (the last of two equal keys, `1e400`, integers
 * that lose digits, `__proto__`, lone surrogates, NUL) is refused with its place.
 *
 * It stands on the path of every command and costs at most about three times `JSON.parse`.
 * @module
 */
import { Result } from "effect"
import type { Limits } from "../core/Limits.ts"
import { pointerOf } from "../schemas/pointer.ts"
import { JsonInvalid } from "./refusals.ts"

export type JsonLimits = Pick<Limits, "jsonDepth" | "jsonKeys" | "jsonItems">

class Fault {
  readonly rule: string
  constructor(rule: string) {
    this.rule = rule
  }
}

/** Names through which an object reaches its prototype. */
const isForbidden = (key: string): boolean =>
  (key.length === 9 || key.length === 11) && (key === "__proto__" || key === "constructor" || key === "prototype")

const [quote, comma, minus, dot, zero, nine, colon] = [34, 44, 45, 46, 48, 57, 58] as const
const [openArray, backslash, closeArray, open, close] = [91, 92, 93, 123, 125] as const
const isDigit = (c: number): boolean => c >= zero && c <= nine

class Reader {
  private at = 0
  /** The key or index under way at each depth, so that a fault knows its place. */
  private readonly path: Array<string | number> = []
  private depth = 0
  /** Neither escapes nor control characters: a string ends at the next quote. */
  private readonly plain: boolean
  private readonly text: string
  private readonly limits: JsonLimits

  constructor(text: string, limits: JsonLimits) {
    this.text = text
    this.limits = limits
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    this.plain = !/[\\\x00-\x1f]/.test(text)
  }

  document(): unknown {
    const value = this.value()
    this.space()
    if (this.at !== this.text.length) throw new Fault("Expected the end of the text")
    return value
  }

  pointer(): string {
    return pointerOf(this.path.slice(0, this.depth))
  }

  /** The next character that is not white space. */
  private space(): number {
    for (;;) {
      const c = this.text.charCodeAt(this.at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return c
      this.at++
    }
  }

  private value(): unknown {
    const c = this.space()
    if (c === quote) return this.string()
    if (c === open) return this.object()
    if (c === openArray) return this.array()
    if (c === minus || isDigit(c)) return this.number(c)
    return this.word("true", true) ?? this.word("false", false) ?? this.nothing()
  }

  private word(word: string, value: boolean): boolean | undefined {
    if (!this.text.startsWith(word, this.at)) return undefined
    this.at += word.length
    return value
  }

  private nothing(): null {
    const isNone = this.depth === 0 && this.at === this.text.length
    if (isNone) throw new Fault("Expected a JSON value: without fields it is {}")
    if (!this.text.startsWith("null", this.at)) throw new Fault("Expected a JSON value")
    this.at += 4
    return null
  }

  private enter(): void {
    if (this.depth === this.limits.jsonDepth) throw new Fault(`Expected at most ${this.limits.jsonDepth} levels`)
    this.at++
    this.path[this.depth++] = ""
  }

  private leave(): void {
    this.at++
    this.depth--
  }

  private object(): object {
    const { jsonKeys } = this.limits
    this.enter()
    const record: Record<string, unknown> = {}
    if (this.space() === close) {
      this.leave()
      return record
    }
    for (let count = 1;; count++) {
      if (this.space() !== quote) throw new Fault("Expected a key in double quotes")
      const key = this.string()
      this.path[this.depth - 1] = key
      if (count > jsonKeys) throw new Fault(`Expected at most ${jsonKeys} keys`)
      if (isForbidden(key)) throw new Fault("Expected another key")
      if (this.space() !== colon) throw new Fault("Expected a colon")
      this.at++
      record[key] = this.value()
      const c = this.space()
      if (c === close) {
        // Counting at the end is cheaper than asking for every key.
        if (Object.keys(record).length !== count) this.repeated()
        this.leave()
        return record
      }
      if (c !== comma) throw new Fault("Expected a comma or a closing brace")
      this.at++
    }
  }

  private repeated(): never {
    this.depth--
    throw new Fault("Expected each key once")
  }

  private array(): ReadonlyArray<unknown> {
    const { jsonItems } = this.limits
    this.enter()
    const items: Array<unknown> = []
    if (this.space() === closeArray) {
      this.leave()
      return items
    }
    for (;;) {
      this.path[this.depth - 1] = items.length
      if (items.length === jsonItems) throw new Fault(`Expected at most ${jsonItems} items`)
      items.push(this.value())
      const c = this.space()
      if (c === closeArray) {
        this.leave()
        return items
      }
      if (c !== comma) throw new Fault("Expected a comma or a closing bracket")
      this.at++
    }
  }

  private string(): string {
    const start = ++this.at
    if (this.plain) {
      const end = this.text.indexOf('"', start)
      if (end < 0) throw new Fault("Expected a closing quote")
      this.at = end + 1
      return this.text.slice(start, end)
    }
    for (;;) {
      const c = this.text.charCodeAt(this.at)
      if (c === quote) return this.text.slice(start, this.at++)
      if (c === backslash) return this.escaped(start)
      if (!(c >= 32)) throw new Fault("Expected a closing quote and no control characters")
      this.at++
    }
  }

  private escaped(start: number): string {
    for (;;) {
      const c = this.text.charCodeAt(this.at)
      if (c === quote) break
      if (c === backslash) this.at++
      if (!(c >= 32)) throw new Fault("Expected a closing quote and no control characters")
      this.at++
    }
    const literal = this.text.slice(start - 1, ++this.at)
    let string: string
    try {
      string = JSON.parse(literal) as string
    } catch {
      throw new Fault("Expected a valid escape")
    }
    if (!string.isWellFormed()) throw new Fault("Expected no lone surrogate")
    if (string.includes("\0")) throw new Fault("Expected no NUL")
    return string
  }

  private number(first: number): number {
    const start = this.at
    let c = first
    if (c === minus) c = this.text.charCodeAt(++this.at)
    if (c === zero) c = this.text.charCodeAt(++this.at)
    else c = this.digits(c)
    let whole = true
    if (c === dot) {
      whole = false
      c = this.digits(this.text.charCodeAt(++this.at))
    }
    if (c === 101 || c === 69) {
      whole = false
      c = this.text.charCodeAt(++this.at)
      if (c === minus || c === 43) c = this.text.charCodeAt(++this.at)
      this.digits(c)
    }
    const number = Number(this.text.slice(start, this.at))
    // Every finite number beyond this bound is an integer, so one comparison refuses Infinity and lost digits alike.
    if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return number
    throw new Fault(whole ? "Expected an integer within 2^53-1" : "Expected a number within 2^53-1")
  }

  /** At least one digit; answers the character behind them. */
  private digits(first: number): number {
    if (!isDigit(first)) throw new Fault("Expected a digit")
    let c = first
    while (isDigit(c)) c = this.text.charCodeAt(++this.at)
    return c
  }
}

/** The value of a JSON text; a failure says where and by which rule, never with which value. */
export const read = (text: string, limits: JsonLimits): Result.Result<unknown, JsonInvalid> => {
  const reader = new Reader(text, limits)
  try {
    return Result.succeed(reader.document())
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    return Result.fail(new JsonInvalid({ pointer: reader.pointer(), rule: fault.rule }))
  }
}
