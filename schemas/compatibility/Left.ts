/**
 * The values that a schema may have written: nodes that all hold, with the unions among them not yet chosen.
 *
 * It may stand for more values than the schema takes, never for fewer: what is proven of it is proven of the schema.
 * @module
 */
import { accepts } from "./accepts.ts"
import { isMultiple, type Json } from "./json.ts"
import { higher, lower } from "./keywords.ts"
import * as Node from "./Node.ts"

export interface Left {
  readonly nodes: ReadonlyArray<Node.Node>
  readonly unions: ReadonlyArray<ReadonlyArray<Node.Node>>
  /** Equal for equal nodes: what stands in itself is met again under the same key. */
  readonly key: string
}

const flatten = (node: Node.Node, into: Set<Node.Node>): void => {
  if (into.has(node)) return
  into.add(node)
  for (const part of node.allOf) flatten(part, into)
}

const build = (nodes: ReadonlyArray<Node.Node>, unions: Left["unions"]): Left => {
  const ids = nodes.map(({ id }) => id).toSorted((a, b) => a - b)
  return { nodes, unions, key: `${ids}|${unions.map((union) => union.map(({ id }) => id)).join(";")}` }
}

const ofOne = new WeakMap<Node.Node, Left>()

/** Of one node it is always the same. */
export const make = (parts: ReadonlyArray<Node.Node>): Left => {
  const [only] = parts
  if (only === undefined || parts.length > 1) return fresh(parts)
  const known = ofOne.get(only) ?? fresh(parts)
  ofOne.set(only, known)
  return known
}

const fresh = (parts: ReadonlyArray<Node.Node>): Left => {
  const nodes = new Set<Node.Node>()
  for (const part of parts) flatten(part, nodes)
  const unions = [...nodes].flatMap(({ anyOf, oneOf }) => [anyOf, oneOf].filter((union) => union !== undefined))
  return build([...nodes], unions)
}

export const and = (self: Left, part: Node.Node): Left => {
  const more = make([part])
  const nodes = [...new Set([...self.nodes, ...more.nodes])]
  const unions = more.unions.filter((union) => !self.unions.includes(union))
  return build(nodes, [...self.unions, ...unions])
}

/** One for each branch of the first union; the others wait. A union that contains nothing leaves nothing. */
export const choices = (self: Left): ReadonlyArray<Left> => {
  const [first, ...others] = self.unions
  return first === undefined ? [self] : first.map((branch) => and(build(self.nodes, others), branch))
    .filter((choice) => !isEmpty(choice))
}

const ofTypes = new Map<number, Node.Node>()
/** Those of them that have one of `types`. */
export const restrict = (self: Left, types: number): Left => {
  const node = ofTypes.get(types) ?? Object.assign(Node.make({}), { types })
  ofTypes.set(types, node)
  return and(self, node)
}

/** Those whose property `key` is `value`. */
export const withProperty = (self: Left, key: string, value: Json): Left => {
  const constant = Object.assign(Node.make({ const: value }), { values: [value] })
  return and(self, Object.assign(Node.make({}), { properties: new Map([[key, constant]]), required: [key] }))
}

/** Asked for again and again, and what is known of them is kept with them. */
const members = new WeakMap<Left, Map<string, Left>>()

export const ofProperty = (self: Left, key: string): Left => {
  const known = members.get(self) ?? new Map<string, Left>()
  members.set(self, known)
  const found = known.get(key) ?? make(self.nodes.flatMap((node) => Node.ofProperty(node, key)))
  known.set(key, found)
  return found
}
export const ofItem = (self: Left, index: number): Left =>
  make(self.nodes.map((node) => Node.ofItem(node, index)).filter((part) => part !== undefined))

/** All bounds of all nodes in one. */
export interface Shape {
  readonly types: number
  readonly integer: boolean
  readonly min: Node.Bound
  readonly max: Node.Bound
  readonly minLength: number
  readonly maxLength: number
  readonly minItems: number
  readonly maxItems: number
  readonly unique: boolean
  readonly required: ReadonlySet<string>
  readonly minProperties: number
  readonly maxProperties: number
  /** Behind this index all items follow the same rules. */
  readonly prefix: number
  /** Properties that some node speaks of by name. */
  readonly named: ReadonlySet<string>
}

const shapes = new WeakMap<Left, Shape>()

export const shape = (self: Left): Shape => {
  const known = shapes.get(self)
  if (known !== undefined) return known
  const { nodes } = self
  const most = (of: (node: Node.Node) => number) => nodes.reduce((all, node) => Math.max(all, of(node)), 0)
  const least = (of: (node: Node.Node) => number) => nodes.reduce((all, node) => Math.min(all, of(node)), Infinity)
  const required = new Set(nodes.flatMap((node) => node.required))
  const made: Shape = {
    types: nodes.reduce((all, node) => all & node.types, Node.allTypes),
    integer: nodes.some((node) => node.integer || node.multiples.some((of) => Number.isInteger(of))),
    min: nodes.reduce<Node.Bound>((all, node) => higher(all, node.min), { at: -Infinity, open: false }),
    max: nodes.reduce<Node.Bound>((all, node) => lower(all, node.max), { at: Infinity, open: false }),
    minLength: most((node) => node.minLength),
    maxLength: least((node) => node.maxLength),
    minItems: most((node) => node.minItems),
    maxItems: least((node) => node.rest?.types === 0 ? Math.min(node.maxItems, node.prefix.length) : node.maxItems),
    unique: nodes.some((node) => node.unique),
    required,
    minProperties: Math.max(required.size, most((node) => node.minProperties)),
    maxProperties: least((node) => node.maxProperties),
    prefix: most((node) => node.prefix.length),
    named: new Set(nodes.flatMap((node) => [...node.properties.keys()])),
  }
  const closed = nodes.find((node) => node.additional?.types === 0 && node.patternProperties.length === 0)
  const bounded = closed === undefined ? made : {
    ...made,
    maxProperties: Math.min(made.maxProperties, closed.properties.size),
  }
  shapes.set(self, bounded)
  return bounded
}

/** Integers that lie within the bounds, if they are few. */
const integersMax = 64
const integers = ({ integer, max, min }: Shape): ReadonlyArray<number> | undefined => {
  if (!integer) return min.at === max.at && !min.open && !max.open ? [min.at] : undefined
  const first = Math.ceil(min.at) + (min.open && Number.isInteger(min.at) ? 1 : 0)
  const last = Math.floor(max.at) - (max.open && Number.isInteger(max.at) ? 1 : 0)
  if (!(last - first < integersMax) || !Number.isFinite(first) || !Number.isFinite(last)) return undefined
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
}

const fixed: ReadonlyMap<number, ReadonlyArray<Json>> = new Map([
  [Node.Type.null, [null]],
  [Node.Type.boolean, [true, false]],
  [Node.Type.null | Node.Type.boolean, [null, true, false]],
])

/** All values, where they are few, or listed. */
export const finite = (self: Left): ReadonlyArray<Json> | undefined => {
  if (!finites.has(self)) finites.set(self, freshFinite(self))
  return finites.get(self)
}
const finites = new WeakMap<Left, ReadonlyArray<Json> | undefined>()

const freshFinite = (self: Left): ReadonlyArray<Json> | undefined => {
  const listed = self.nodes.find((node) => node.values !== undefined)?.values
  const own = shape(self)
  const numbers = own.types === Node.Type.number ? integers(own) : undefined
  const all = listed ?? fixed.get(own.types) ?? numbers
  return all?.filter((value) => self.nodes.every((node) => accepts(node, value)))
}

/** Only where it is certain; so deep, as a required property needs a value too. */
const emptyDepth = 4

export const isEmpty = (self: Left, depth = emptyDepth): boolean => typesOf(self, depth) === 0

const types = new WeakMap<Left, Map<number, number>>()

/** The types of which there may be a value at all. */
export const typesOf = (self: Left, depth = emptyDepth): number => {
  const known = types.get(self) ?? new Map<number, number>()
  types.set(self, known)
  const found = known.get(depth) ?? freshTypes(self, depth)
  known.set(depth, found)
  return found
}

const freshTypes = (self: Left, depth: number): number => {
  const own = shape(self)
  if (own.types === 0) return 0
  const values = self.nodes.some((node) => node.values !== undefined) ? finite(self) : undefined
  if (values !== undefined) return values.reduce<number>((all, value) => all | Node.typeOf(value), 0)
  let types = own.types
  const { max, min } = own
  if (min.at > max.at || (min.at === max.at && (min.open || max.open))) types &= ~Node.Type.number
  if (own.integer && integers(own)?.length === 0) types &= ~Node.Type.number
  if (own.minLength > own.maxLength) types &= ~Node.Type.string
  if (own.minItems > own.maxItems) types &= ~Node.Type.array
  if (own.minProperties > own.maxProperties) types &= ~Node.Type.object
  if (depth > 0 && (types & Node.Type.object) !== 0) {
    if ([...own.required].some((key) => isEmpty(ofProperty(self, key), depth - 1))) types &= ~Node.Type.object
  }
  if (depth > 0 && (types & Node.Type.array) !== 0 && own.minItems > 0) {
    const many = Math.min(own.minItems, own.prefix + 1)
    const items = Array.from({ length: many }, (_, i) => i)
    if (items.some((i) => isEmpty(ofItem(self, i), depth - 1))) types &= ~Node.Type.array
  }
  const unionsLeave = self.unions.reduce(
    (all, union) =>
      all & union.reduce((some, branch) => some | make([branch]).nodes.reduce((t, n) => t & n.types, 63), 0),
    types,
  )
  return unionsLeave
}

/** Whether no value can be in both, for certain. */
export const disjoint = (self: Left, node: Node.Node): boolean => {
  const both = and(self, node)
  if (isEmpty(both)) return true
  return both.unions.length > 0 && both.unions.length <= 3 && choices(both).every((choice) => isEmpty(choice))
}

/** Whether every multiple of `of` that is left is one of `wanted`. */
export const isMultipleOf = (self: Left, wanted: number): boolean =>
  self.nodes.some((node) => node.multiples.some((of) => isMultiple(of, wanted))) ||
  (shape(self).integer && isMultiple(1, wanted))
