/**
 * What a reader asks of objects and their members beyond what the writer promises.
 * @module
 */
import { accepts, reads } from "./accepts.ts"
import type { Json } from "./json.ts"
import * as Left from "./Left.ts"
import * as Node from "./Node.ts"
import type { Pattern } from "./pattern.ts"
import { escape } from "../pointer.ts"
import { sameNodes } from "./same.ts"
import * as Sample from "./sample.ts"
import type { Compare } from "./subset.ts"
import { texts } from "./texts.ts"
import * as Trail from "./Trail.ts"

/** What a reader fills in where the member is absent, by name. */
export type Defaults = ReadonlyMap<string, Json>

/** Levels that are built around a value. */
const depth = 6

const member = (left: Left.Left, place: Trail.Place, key: string, name = escape(key)): Trail.Place => ({
  ...place,
  pointer: `${place.pointer}/${name}`,
  wrap: (value) => {
    const around = Sample.object(left, depth, [key, value])
    return around === undefined ? undefined : place.wrap(around)
  },
})

/** Objects of the writer without that member. */
const without = (left: Left.Left, key: string): Iterable<Json> =>
  Sample.values(left, depth).map((value) => {
    const { [key]: _, ...others } = value as { readonly [key: string]: Json }
    return others
  })

const takesAll = (node: Node.Node): boolean => sameNodes(node, anything)
const anything = Node.make(true)

/** Members that both or one of them name. */
const named = (trail: Trail.Trail, left: Left.Left, right: Node.Node, place: Trail.Place, compare: Compare): void => {
  for (const key of new Set([...right.properties.keys(), ...Left.shape(left).named])) {
    const child = Left.ofProperty(left, key)
    const parts = Node.ofProperty(right, key)
    if (parts.every((part) => child.nodes.some((node) => sameNodes(node, part))) || Left.isEmpty(child)) continue
    const at = member(left, place, key)
    const source = child.nodes[0]?.source
    for (const part of parts) {
      if (part.types === 0) Trail.add(trail, "property", at, child, { writer: source })
      else if (child.nodes.length > 0) compare(trail, child, part, at)
      else if (!takesAll(part)) Trail.add(trail, "claimed", at, child, { reader: part.source })
    }
  }
}

/** A name that stands in no list and fits the pattern, if there is one. */
const other = (names: ReadonlySet<string>, pattern?: Pattern): string =>
  ["other", ...texts(pattern === undefined ? [] : [pattern.source], [])].find((name) =>
    !names.has(name) && pattern?.test(name) !== false
  ) ?? "other"

/** Members that neither names: by pattern, and all the rest. A name may fit several patterns, so each meets each. */
const unnamed = (trail: Trail.Trail, left: Left.Left, right: Node.Node, place: Trail.Place, compare: Compare): void => {
  const own = Left.shape(left)
  if (own.maxProperties <= own.required.size) return
  const names = new Set([...own.named, ...right.properties.keys()])
  const mine = left.nodes.flatMap(({ patternProperties }) => patternProperties)
  const theirs = right.patternProperties
  const meet = (child: Left.Left, part: Node.Node, pattern?: Pattern) => {
    if (Left.isEmpty(child)) return
    const at = member(left, place, other(names, pattern), "{any}")
    if (part.types > 0 && child.nodes.length > 0) return compare(trail, child, part, at)
    if (takesAll(part)) return
    Trail.add(trail, "additional", at, child, { writer: child.nodes[0]?.source, reader: part.source })
  }
  const rest = Left.make(left.nodes.flatMap(({ additional }) => additional === undefined ? [] : [additional]))
  if (right.additional !== undefined) meet(rest, right.additional)
  for (const [pattern, part] of theirs) {
    if (!mine.some(([{ source }]) => source === pattern.source)) meet(rest, part, pattern)
  }
  for (const [pattern, node] of mine) {
    const child = Left.make([node])
    for (const [theirPattern, part] of theirs) meet(child, part, theirPattern)
    if (right.additional !== undefined && !theirs.some(([{ source }]) => source === pattern.source)) {
      meet(child, right.additional, pattern)
    }
  }
}

const absent = (
  trail: Trail.Trail,
  left: Left.Left,
  right: Node.Node,
  place: Trail.Place,
  defaults: Defaults,
): void => {
  const own = Left.shape(left)
  for (const key of right.required) {
    if (own.required.has(key) || (!place.union && right.properties.get(key)?.default !== undefined)) continue
    const at = { ...place, pointer: `${place.pointer}/${escape(key)}` }
    Trail.add(trail, "required", at, left, {
      reader: right.properties.get(key)?.source,
      hints: () => without(left, key),
    })
  }
  for (const [key, value] of defaults) {
    if (
      place.union || own.required.has(key) ||
      Node.ofProperty(right, key).every((part) => reads(part, value))
    ) continue
    const at = { ...place, pointer: `${place.pointer}/${escape(key)}` }
    Trail.add(trail, "default", at, left, { reader: value, hints: () => without(left, key) })
  }
}

const dependencies = (
  trail: Trail.Trail,
  left: Left.Left,
  right: Node.Node,
  place: Trail.Place,
  compare: Compare,
  defaults: Defaults,
): void => {
  for (const dependency of right.dependencies) {
    const { key, node, required } = dependency
    // A member that is filled in is there, whether it was written or not.
    const filled = !place.union && defaults.has(key)
    if (!filled && Left.isEmpty(Left.ofProperty(left, key))) continue
    if (!filled && left.nodes.some((mine) => mine.dependencies.some((other) => sameNodes(other, dependency)))) continue
    const present = filled ? left : Left.and(left, Object.assign(Node.make({}), { required: [key] }))
    if (node !== undefined) compare(trail, present, node, place)
    if (required.every((other) => Left.shape(present).required.has(other))) continue
    Trail.add(trail, "dependency", place, present, { reader: { [key]: required } })
  }
}

/** Every name that the writer may use, where that can be said. */
const names = (left: Left.Left, right: Node.Node): boolean => {
  const wanted = right.names
  if (wanted === undefined || left.nodes.some((node) => node.names !== undefined && sameNodes(node.names, wanted))) {
    return true
  }
  const closed = left.nodes.some((node) => node.additional?.types === 0 && node.patternProperties.length === 0)
  return closed &&
    [...Left.shape(left).named].every((key) => Left.isEmpty(Left.ofProperty(left, key)) || accepts(wanted, key))
}

export const objects = (
  trail: Trail.Trail,
  left: Left.Left,
  right: Node.Node,
  place: Trail.Place,
  compare: Compare,
  defaults: Defaults,
): void => {
  const own = Left.shape(left)
  absent(trail, left, right, place, defaults)
  named(trail, left, right, place, compare)
  unnamed(trail, left, right, place, compare)
  dependencies(trail, left, right, place, compare, defaults)
  if (right.minProperties > own.minProperties) {
    Trail.add(trail, "minProperties", place, left, { writer: own.minProperties, reader: right.minProperties })
  }
  const filled = [...defaults.keys()].filter((key) => !own.required.has(key)).length
  if (right.maxProperties < own.maxProperties + filled) {
    const writer = Number.isFinite(own.maxProperties) ? own.maxProperties : undefined
    const hints = () =>
      [right.maxProperties + 1, right.maxProperties].flatMap((many) =>
        Sample.object(left, depth, undefined, many) ?? []
      )
    Trail.add(trail, "maxProperties", place, left, { writer, reader: right.maxProperties, hints })
  }
  if (!names(left, right)) {
    Trail.add(trail, "names", place, left, {
      reader: right.names?.source,
      hints: () => [{ "a name nobody expects": 1 }],
    })
  }
}
