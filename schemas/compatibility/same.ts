/**
 * Whether two nodes say the same, references followed: what is equal needs no proof, however hard the keyword.
 * @module
 */
import { reads } from "./accepts.ts"
import { defaultsOf, fillsInside, fillsTwice } from "./fill.ts"
import * as Node from "./Node.ts"
import type { Pattern } from "./pattern.ts"

const isNode = (value: object): value is Node.Node => "patternProperties" in value

const isPattern = (value: object): value is Pattern => "source" in value && "test" in value

interface Seen {
  readonly pairs: Map<Node.Node, Set<Node.Node>>
  depth: number
}
/** Deeper, as references may lead in circles of different lengths, nothing is said to be the same. */
const depthMax = 200

const same = (a: unknown, b: unknown, seen: Seen): boolean => {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b
  if (a instanceof Map) {
    return b instanceof Map && a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && same(value, b.get(key), seen))
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i], seen))
  }
  if (isPattern(a)) return isPattern(b) && a.source === b.source
  if (isNode(a)) return isNode(b) && sameNode(a, b, seen)
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length &&
    keys.every((key) => same(Reflect.get(a, key), Reflect.get(b, key), seen))
}

/** What a reader fills in may break it even where nothing has changed. */
const sound = (node: Node.Node) => {
  if (node.unique || node.contains !== undefined) return !fillsInside(node)
  const filled = [...node.properties].filter(([, part]) => part.default !== undefined)
  if (node.allOf.length > 0) return defaultsOf(node).size === 0 && !fillsTwice([node, ...node.allOf])
  return filled.length === 0 ||
    (node.dependencies.length === 0 && node.names === undefined && node.maxProperties === Infinity &&
      filled.every(([key, { default: value }]) => Node.ofProperty(node, key).every((part) => reads(part, value!))))
}

/** Those that are the same as themselves, with all that is in them. */
const known = new WeakSet<Node.Node>()

const sameNode = (a: Node.Node, b: Node.Node, seen: Seen): boolean => {
  if (a === b && known.has(a)) return true
  const met = seen.pairs.get(a) ?? new Set()
  if (met.has(b)) return true
  if (seen.depth >= depthMax) return false
  seen.pairs.set(a, met.add(b))
  seen.depth++
  for (const key of Object.keys(a) as ReadonlyArray<keyof Node.Node>) {
    if (key === "id" || key === "source") continue
    const [mine, other] = [a[key], b[key]]
    if (!same(mine, other, seen)) return false
  }
  seen.depth--
  return sound(b)
}

export const sameNodes = (a: unknown, b: unknown): boolean => {
  const seen: Seen = { pairs: new Map(), depth: 0 }
  if (!same(a, b, seen)) return false
  for (const [node, others] of seen.pairs) if (others.has(node)) known.add(node)
  return true
}
