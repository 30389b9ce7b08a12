/**
 * Whether a value fits a node, and where not: the rules of JSON Schema over nodes, without code generation.
 * @module
 */
import { fill } from "./fill.ts"
import { formats } from "./formats.ts"
import { has, isArray, isMultiple, isObject, type Json, type JsonObject, lengthOf } from "./json.ts"
import { isListed, isUnique } from "./listed.ts"
import * as Node from "./Node.ts"

/** Takes what is wrong and says whether to go on looking. */
export type Report = (path: ReadonlyArray<string | number>, rule: string) => void

/** Deeper values are refused: commands and events are bounded at 32 levels. */
const depthMax = 128

const inRange = (value: number, min: Node.Bound, max: Node.Bound) =>
  (min.open ? value > min.at : value >= min.at) && (max.open ? value < max.at : value <= max.at)

/** What a walk has seen. Kinds within kinds ask the same of one value again and again, twice as often a level. */
interface Seen {
  steps: number
  readonly pairs: Map<Node.Node, Map<object, boolean>>
}
const fresh = (): Seen => ({ steps: 0, pairs: new Map() })
/** Shorter walks cost less than remembering them. */
const forgotten = 1_000

/** One walk over a value; `report` is absent where only yes or no is asked. A reader fills in defaults. */
const walk = (report: Report | undefined, reads = false, seen = fresh()) => {
  const quiet = report === undefined && !reads ? seen : fresh()
  const path: Array<string | number> = []
  const wrong = (rule: string): false => {
    report?.(path, rule)
    return false
  }
  const inside = (node: Node.Node, key: string | number, value: Json): boolean => {
    path.push(key)
    const fits = check(node, value)
    path.pop()
    return fits
  }
  /** Whether it fits, without saying where not: branches of a union are tried so. */
  const quietly = (node: Node.Node, value: Json): boolean => walk(undefined, false, quiet)(node, value)

  const string = (node: Node.Node, value: string): boolean => {
    let fits = true
    if (node.minLength > 0 || node.maxLength < Infinity) {
      const length = lengthOf(value)
      if (length < node.minLength) fits = wrong(`Expected at least ${node.minLength} characters`)
      if (length > node.maxLength) fits = wrong(`Expected at most ${node.maxLength} characters`)
    }
    if (node.pattern !== undefined && !node.pattern.test(value)) fits = wrong("Expected a text that fits the pattern")
    if (node.format !== undefined && formats[node.format]?.(value) === false) fits = wrong(`Expected a ${node.format}`)
    return fits
  }
  const numeric = (node: Node.Node, value: number): boolean => {
    let fits = true
    if (node.integer && !Number.isInteger(value)) fits = wrong("Expected an integer")
    if (!inRange(value, node.min, node.max)) fits = wrong("Expected a number within the bounds")
    if (!node.multiples.every((of) => isMultiple(value, of))) fits = wrong(`Expected a multiple of ${node.multiples}`)
    return fits
  }
  const array = (node: Node.Node, value: ReadonlyArray<Json>): boolean => {
    let fits = true
    if (value.length < node.minItems) fits = wrong(`Expected at least ${node.minItems} items`)
    if (value.length > node.maxItems) fits = wrong(`Expected at most ${node.maxItems} items`)
    if (node.unique && !isUnique(value)) fits = wrong("Expected items that differ")
    for (let i = 0; i < value.length && (fits || report !== undefined); i++) {
      const part = Node.ofItem(node, i)
      if (part !== undefined && !inside(part, i, value[i]!)) fits = false
    }
    if (node.contains !== undefined) {
      const { max, min, node: part } = node.contains
      const many = value.filter((item) => quietly(part, item)).length
      if (many < min || many > max) fits = wrong("Expected another number of items of one kind")
    }
    return fits
  }
  const object = (node: Node.Node, given: JsonObject): boolean => {
    const value = reads ? fill(node, given) : given
    let fits = true
    for (const key of node.required) {
      if (!has(value, key)) {
        path.push(key)
        fits = wrong("Missing key")
        path.pop()
      }
    }
    const keys = Object.keys(value)
    if (keys.length < node.minProperties) fits = wrong(`Expected at least ${node.minProperties} members`)
    if (keys.length > node.maxProperties) fits = wrong(`Expected at most ${node.maxProperties} members`)
    for (const key of keys) {
      for (const part of Node.ofProperty(node, key)) if (!inside(part, key, value[key]!)) fits = false
      if (node.names !== undefined && !quietly(node.names, key)) fits = wrong("Expected another name of a member")
      if (!fits && report === undefined) return false
    }
    for (const { key, node: part, required } of node.dependencies) {
      if (!has(value, key)) continue
      if (!required.every((other) => has(value, other))) fits = wrong("Expected the members that belong together")
      if (part !== undefined && !check(part, value)) fits = false
    }
    return fits
  }
  const typed = (node: Node.Node, value: Json): boolean => {
    if (typeof value === "string") return string(node, value)
    if (typeof value === "number") return numeric(node, value)
    if (isArray(value)) return array(node, value)
    return isObject(value) ? object(node, value) : true
  }
  const combined = (node: Node.Node, value: Json): boolean => {
    let fits = true
    for (const part of node.allOf) if (!check(part, value)) fits = false
    if (node.anyOf !== undefined && !node.anyOf.some((part) => quietly(part, value))) {
      fits = wrong("Expected a value of one of the kinds")
    }
    if (node.oneOf !== undefined && node.oneOf.filter((part) => quietly(part, value)).length !== 1) {
      fits = wrong("Expected a value of exactly one of the kinds")
    }
    if (node.not !== undefined && quietly(node.not, value)) fits = wrong("Expected a value of another kind")
    if (node.condition !== undefined) {
      const part = quietly(node.condition.if, value) ? node.condition.then : node.condition.else
      if (part !== undefined && !check(part, value)) fits = false
    }
    return fits
  }
  const check = (node: Node.Node, value: Json): boolean => {
    if (typeof value !== "object" || value === null || seen.steps++ < forgotten) return look(node, value)
    const known = seen.pairs.get(node) ?? new Map<object, boolean>()
    seen.pairs.set(node, known)
    const fits = known.get(value) ?? look(node, value)
    known.set(value, fits)
    return fits
  }
  const look = (node: Node.Node, value: Json): boolean => {
    if (path.length > depthMax) return wrong("Expected fewer levels")
    if ((node.types & Node.typeOf(value)) === 0) {
      return wrong(node.types === 0 ? "Unexpected value" : `Expected ${Node.typesIn(node.types).join(" or ")}`)
    }
    if (node.values !== undefined && !isListed(node.values, value)) {
      return wrong("Expected one of the listed values")
    }
    const fits = typed(node, value)
    return (fits || report !== undefined) && combined(node, value) && fits
  }
  return check
}

export const accepts = (node: Node.Node, value: Json): boolean => walk(undefined)(node, value)

/** Whether a reader takes the value once it has filled in its defaults. */
export const reads = (node: Node.Node, value: Json): boolean => walk(undefined, true)(node, value)

export const explain = (node: Node.Node, value: Json, report: Report): boolean => walk(report)(node, value)
