/**
 * What a reader asks of numbers and texts beyond what the writer promises.
 * @module
 */
import type { Json } from "./json.ts"
import { higher, lower } from "./keywords.ts"
import * as Left from "./Left.ts"
import * as Node from "./Node.ts"
import { texts } from "./texts.ts"
import * as Trail from "./Trail.ts"

const bound = (value: Node.Bound): Json | undefined =>
  !Number.isFinite(value.at) ? undefined : value.open ? { exclusive: value.at } : value.at

/** Of integers every end is closed. */
const tight = ({ at, open }: Node.Bound, integer: boolean, up: 1 | -1): Node.Bound => {
  if (!integer || !Number.isFinite(at)) return { at, open }
  const whole = up === 1 ? Math.ceil(at) : Math.floor(at)
  return { at: open && whole === at ? whole + up : whole, open: false }
}

export const numbers = (trail: Trail.Trail, left: Left.Left, right: Node.Node, place: Trail.Place): void => {
  const own = Left.shape(left)
  const near = (at: number) => [at, at - 1, at + 1, at - 0.5, at + 0.5, at - 0.001, at + 0.001]
  if (right.integer && !own.integer) {
    const hints = () => [0.5, 1.5, own.min.at + 0.5, own.max.at - 0.5].filter(Number.isFinite)
    Trail.add(trail, "type", place, left, { writer: "number", reader: "integer", hints })
  }
  const min = tight(own.min, own.integer, 1)
  if (higher(min, right.min) !== min && tight(right.min, own.integer, 1).at > min.at || opens(min, right.min)) {
    const hints = () => near(right.min.at)
    Trail.add(trail, "minimum", place, left, { writer: bound(own.min), reader: bound(right.min), hints })
  }
  const max = tight(own.max, own.integer, -1)
  if (lower(max, right.max) !== max && tight(right.max, own.integer, -1).at < max.at || opens(max, right.max)) {
    const hints = () => near(right.max.at)
    Trail.add(trail, "maximum", place, left, { writer: bound(own.max), reader: bound(right.max), hints })
  }
  for (const of of right.multiples) {
    if (Left.isMultipleOf(left, of)) continue
    const writer = left.nodes.flatMap(({ multiples }) => multiples)[0]
    const hints = () => [...near(0), ...near(of), writer ?? 1, 2 * (writer ?? 1), 3 * (writer ?? 1)]
    Trail.add(trail, "multiple", place, left, { writer, reader: of, hints })
  }
}

/** Both end at one place, which the reader leaves out. */
const opens = (mine: Node.Bound, theirs: Node.Bound) => mine.at === theirs.at && theirs.open && !mine.open

const finite = (value: number): Json | undefined => Number.isFinite(value) ? value : undefined

export const strings = (trail: Trail.Trail, left: Left.Left, right: Node.Node, place: Trail.Place): void => {
  const own = Left.shape(left)
  const patterns = left.nodes.flatMap(({ pattern }) => pattern?.source ?? [])
  const long = (wanted: number) => {
    const length = Math.max(0, Math.min(wanted, 20_000))
    return [...["a", "1", "é"].map((letter) => letter.repeat(length)), ...texts(patterns, [], [length])]
  }
  if (right.minLength > own.minLength) {
    const hints = () => long(right.minLength - 1)
    Trail.add(trail, "minLength", place, left, { writer: own.minLength, reader: right.minLength, hints })
  }
  if (right.maxLength < own.maxLength) {
    const hints = () => long(right.maxLength + 1)
    Trail.add(trail, "maxLength", place, left, { writer: finite(own.maxLength), reader: right.maxLength, hints })
  }
  const { format, pattern } = right
  if (pattern !== undefined && !left.nodes.some((node) => node.pattern?.source === pattern.source)) {
    const writer = left.nodes.find((node) => node.pattern !== undefined)?.pattern?.source
    Trail.add(trail, "pattern", place, left, { writer, reader: pattern.source })
  }
  if (format !== undefined && !left.nodes.some((node) => node.format === format)) {
    const writer = left.nodes.find((node) => node.format !== undefined)?.format
    Trail.add(trail, "format", place, left, { writer, reader: format })
  }
}
