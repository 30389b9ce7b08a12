/**
 * Whether a reader takes every value that a writer may have written, and where not.
 *
 * The writer is taken apart (unions, types, few values), the reader keyword by keyword; what cannot be proven is found.
 * @module
 */
import { accepts, reads } from "./accepts.ts"
import { arrays } from "./arrays.ts"
import { defaultsOf, fillsTwice } from "./fill.ts"
import type { Json } from "./json.ts"
import * as Left from "./Left.ts"
import * as Node from "./Node.ts"
import { type Defaults, objects } from "./objects.ts"
import { sameNodes } from "./same.ts"
import { numbers, strings } from "./scalars.ts"
import * as Trail from "./Trail.ts"
import { union } from "./unions.ts"

/** Adds to the trail what `right` refuses of `left`. */
export type Compare = (trail: Trail.Trail, left: Left.Left, right: Node.Node, place: Trail.Place) => void

const compareValues = (trail: Trail.Trail, left: Left.Left, right: Node.Node, place: Trail.Place): void => {
  const values = Left.finite(left) ?? []
  const missing = values.filter((value) => !(place.union ? accepts : reads)(right, value))
  if (missing.length === 0) return
  const types = missing.reduce<number>((all, value) => all | Node.typeOf(value), 0)
  const reader = right.values ?? (right.types === Node.allTypes ? undefined : names(right.types))
  const rule = (types & right.types) === 0 ? (missing.length === values.length ? "type" : "typeMissing") : "enum"
  Trail.add(trail, rule, place, left, {
    writer: rule === "enum" ? missing : names(types),
    reader,
    hints: () => missing,
  })
}

const names = (types: number): Json => {
  const all = Node.typesIn(types)
  return all.length === 1 ? all[0]! : all
}

/** The types that right does not know at all; what is left of left is compared further. */
const compareTypes: (...args: Parameters<Compare>) => Left.Left = (trail, left, right, place) => {
  const types = Left.typesOf(left)
  const missing = types & ~right.types
  if (missing === 0) return left
  const rule = right.types === 0 ? "nothing" : missing === types ? "type" : "typeMissing"
  const writer = Left.restrict(left, missing)
  Trail.add(trail, rule, place, writer, { writer: names(missing), reader: names(right.types) })
  return Left.restrict(left, right.types)
}

/** One node of the reader against a writer whose unions are chosen. */
const compareNode = (
  trail: Trail.Trail,
  whole: Left.Left,
  right: Node.Node,
  place: Trail.Place,
  defaults: Defaults,
): void => {
  const left = compareTypes(trail, whole, right, place)
  const types = Left.typesOf(left)
  if (types === 0) return
  if (right.values !== undefined) return Trail.add(trail, "enumAdded", place, left, { reader: right.values })
  if ((types & Node.Type.number) !== 0) numbers(trail, left, right, place)
  if ((types & Node.Type.string) !== 0) strings(trail, left, right, place)
  if ((types & Node.Type.array) !== 0) arrays(trail, left, right, place, compare)
  if ((types & Node.Type.object) !== 0) objects(trail, left, right, place, compare, defaults)
  for (const part of right.allOf) compareNode(trail, left, part, place, defaults)
  // What is filled in by a part of the node may change how the rest is judged: then the same words prove nothing.
  const filled = right.allOf.some((part) =>
    [...defaultsOf(part).keys()].some((key) => !Left.shape(left).required.has(key))
  )
  const has = (is: (node: Node.Node) => unknown, wanted: unknown) =>
    left.nodes.some((node) => sameNodes(is(node), wanted))
  const { anyOf, condition, not, oneOf } = right
  if (filled && [anyOf, condition, not, oneOf].some((part) => part !== undefined)) {
    Trail.add(trail, "complex", place, left, {})
  }
  if (anyOf !== undefined && !has((node) => node.anyOf, anyOf)) union(trail, left, anyOf, place, compare, false)
  if (oneOf !== undefined && !has((node) => node.oneOf, oneOf)) union(trail, left, oneOf, place, compare, true)
  if (not !== undefined && !has((node) => node.not, not) && !Left.disjoint(left, not)) {
    Trail.add(trail, "not", place, left, { reader: not.source })
  }
  if (condition === undefined || has((node) => node.condition, condition)) return
  const tried = Trail.fork(trail)
  for (const part of [condition.then, condition.else]) {
    if (part !== undefined) compare(tried, left, part, { ...place, union: true })
  }
  if (tried.found.length > 0) Trail.add(trail, "condition", place, left, { reader: condition.if.source })
}

const compare: Compare = (trail, left, right, place) => {
  if (left.nodes.some((node) => sameNodes(node, right))) return
  const key = Trail.keyOf(left, right, place)
  if (trail.active.has(key)) return
  if (!Trail.mayGoOn(trail, place, left)) return
  if (Left.finite(left) !== undefined) return compareValues(trail, left, right, place)
  trail.active.add(key)
  const defaults = defaultsOf(right)
  if (right.allOf.length > 0 && !place.union && fillsTwice(Left.make([right]).nodes)) {
    Trail.add(trail, "complex", place, left, {})
  }
  if (left.unions.length === 0) compareNode(trail, left, right, place, defaults)
  else for (const choice of Left.choices(left)) compare(trail, choice, right, place)
  trail.active.delete(key)
}

/** What the reader refuses of the writer, each with its place; empty where nothing can be refused. */
export const subset = (writer: Node.Node, reader: Node.Node): ReadonlyArray<Trail.Finding> => {
  const trail = Trail.make()
  compare(trail, Left.make([writer]), reader, { pointer: "", wrap: (value) => value, union: false })
  return trail.found
}
