/**
 * What a reader asks of arrays and their items beyond what the writer promises.
 * @module
 */
import { fillsInside } from "./fill.ts"
import type { Json } from "./json.ts"
import * as Left from "./Left.ts"
import type * as Node from "./Node.ts"
import { ofItem } from "./Node.ts"
import { sameNodes } from "./same.ts"
import * as Sample from "./sample.ts"
import type { Compare } from "./subset.ts"
import * as Trail from "./Trail.ts"

/** Levels that are built around a value. */
const depth = 6

const item = (left: Left.Left, place: Trail.Place, index: number, name: string): Trail.Place => ({
  ...place,
  pointer: `${place.pointer}/${name}`,
  wrap: (value) => {
    const around = Sample.array(left, depth, [index, value])
    return around === undefined ? undefined : place.wrap(around)
  },
})

/** Arrays of the writer with exactly so many items. */
const ofLength = (left: Left.Left, length: number): ReadonlyArray<Json> => {
  const last = length === 0 ? undefined : Sample.one(Left.ofItem(left, length - 1), depth)
  const made = last === undefined ? Sample.array(left, depth) : Sample.array(left, depth, [length - 1, last])
  return made === undefined ? [] : [made]
}

const contains = (left: Left.Left, wanted: Node.Contains): boolean => {
  const own = Left.shape(left)
  if (left.nodes.some((node) => sameNodes(node.contains, wanted))) return true
  if (wanted.max < Infinity) return false
  if (wanted.min === 0) return true
  return own.minItems >= wanted.min && own.prefix === 0 &&
    left.nodes.some(({ rest }) => rest !== undefined && sameNodes(rest, wanted.node))
}

export const arrays = (
  trail: Trail.Trail,
  left: Left.Left,
  right: Node.Node,
  place: Trail.Place,
  compare: Compare,
): void => {
  const own = Left.shape(left)
  if (right.minItems > own.minItems) {
    const hints = () => ofLength(left, right.minItems - 1)
    Trail.add(trail, "minItems", place, left, { writer: own.minItems, reader: right.minItems, hints })
  }
  if (right.maxItems < own.maxItems) {
    const writer = Number.isFinite(own.maxItems) ? own.maxItems : undefined
    const hints = () => ofLength(left, right.maxItems + 1)
    Trail.add(trail, "maxItems", place, left, { writer, reader: right.maxItems, hints })
  }
  const filled = (right.unique || right.contains !== undefined) && fillsInside(right)
  if (right.unique && (!own.unique || filled) && own.maxItems > 1) {
    const hints = () => {
      const twice = Sample.one(Left.ofItem(left, own.prefix), depth)
      return twice === undefined
        ? []
        : ofLength(left, Math.max(2, own.minItems)).flatMap((made) => [[twice, twice], made])
    }
    Trail.add(trail, "unique", place, left, { writer: false, reader: true, hints })
  }
  const prefix = Math.max(own.prefix, right.prefix.length)
  for (let i = 0; i <= prefix && i < own.maxItems; i++) {
    const part = ofItem(right, i)
    const child = Left.ofItem(left, i)
    if (part === undefined || Left.isEmpty(child)) continue
    const at = item(left, place, i, i === prefix ? "{any}" : String(i))
    if (part.types === 0) {
      Trail.add(trail, "itemRemoved", at, child, { writer: child.nodes[0]?.source })
    } else compare(trail, child, part, at)
  }
  if (right.contains !== undefined && (filled || !contains(left, right.contains))) {
    const known = left.nodes.find((node) => node.contains !== undefined)?.contains?.node
    const writer = known?.source
    const hints = () => [
      ...[0, 1, 2, 3].flatMap((length) => ofLength(left, Math.max(own.minItems, length))),
      ...(known === undefined ? [] : Sample.values(Left.make([known])).map((item) => [item])),
    ]
    Trail.add(trail, "contains", place, left, { writer, reader: right.contains.node.source, hints })
  }
}
