/**
 * What a comparison has found so far and where it stands: the pairs under way, the work left, the way back to the root.
 * @module
 */
import type { Json } from "./json.ts"
import type { Left } from "./Left.ts"
import type { Node } from "./Node.ts"
import type { Rule } from "./rules.ts"

/** Where in a value; `wrap` makes whole values of the writer around one that stands there. */
export interface Place {
  readonly pointer: string
  readonly wrap: (value: Json) => Json | undefined
  /** Readers fill no default inside a union. */
  readonly union: boolean
}

export interface Finding {
  readonly rule: Rule
  readonly place: Place
  readonly writer: Json | undefined
  readonly reader: Json | undefined
  /** What the writer may have put there. */
  readonly left: Left
  /** Values to look at first: the writer may take them and the reader may not. */
  readonly hints: () => Iterable<Json>
}

export interface Trail {
  readonly found: Array<Finding>
  /** Pairs that are being compared further out: at a smaller value they hold if all else holds. */
  readonly active: Set<string>
  readonly work: { left: number }
}

/** Pairs within pairs: recursive schemas of different lengths meet in ever new ones. */
const depthMax = 200

/** Pairs compared before a schema counts as too complex; 40 fields against 40 take about 100. */
const workMax = 20_000

export const make = (): Trail => ({ found: [], active: new Set(), work: { left: workMax } })

/** The same trail with findings of its own, for what may fail without harm. */
export const fork = (self: Trail): Trail => ({ ...self, found: [] })

export const add = (
  self: Trail,
  rule: Rule,
  place: Place,
  left: Left,
  { hints = () => [], reader, writer }: {
    readonly hints?: (() => Iterable<Json>) | undefined
    readonly reader?: Json | undefined
    readonly writer?: Json | undefined
  },
): void => {
  self.found.push({ rule, place, left, writer, reader, hints })
}

/** Counts one more pair; where there are too many it is said once, and the rest is not looked at. */
export const mayGoOn = (self: Trail, place: Place, left: Left): boolean => {
  if (self.active.size >= depthMax) self.work.left = Math.min(self.work.left, 0)
  if (self.work.left-- > 0) return true
  if (self.work.left === -1) add(self, "complex", place, left, {})
  return false
}

export const keyOf = (left: Left, right: Node, place: Place): string =>
  `${left.key}>${right.id}${place.union ? "u" : ""}`
