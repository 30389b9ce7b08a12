/**
 * A few values that a schema takes, built from its bounds: small ones first, then those at the edges.
 *
 * Each is built when it is asked for; mostly the first one does.
 * @module
 */
import { accepts } from "./accepts.ts"
import type { Json } from "./json.ts"
import * as Left from "./Left.ts"
import * as Node from "./Node.ts"
import { texts } from "./texts.ts"

const depthMax = 8
const itemsMax = 64
/** Longer texts than this are not built. */
const lengthMax = 20_000

const numbers = ({ integer, max, min }: Left.Shape, multiples: ReadonlyArray<number>): ReadonlyArray<number> => {
  const step = multiples.reduce((most, of) => Math.max(most, of), integer ? 1 : 0.5)
  const near = [min.at, max.at].filter(Number.isFinite).flatMap((at) => [at, at - step, at + step])
  const snapped = [...near, 0, 1, -1].flatMap((at) => [at, Math.ceil(at / step) * step, Math.floor(at / step) * step])
  return [...snapped, ...(integer ? [] : [0.5, min.at + 0.25, max.at - 0.25, 1.5])].filter(Number.isFinite)
    .map((at) => at + 0)
}

const strings = function* (self: Left.Left): Generator<string> {
  const { maxLength, minLength } = Left.shape(self)
  const patterns = self.nodes.flatMap(({ pattern }) => pattern === undefined ? [] : [pattern.source])
  const formats = self.nodes.flatMap(({ format }) => format === undefined ? [] : [format])
  const lengths = [minLength, maxLength, minLength + 1].filter((length) => length <= lengthMax)
  yield* texts(patterns, formats, lengths)
  for (const length of lengths) for (const letter of ["a", "é", "1"]) yield letter.repeat(length)
}

const optionalMax = 8
/** Names for members: those that are spoken of, then some that nobody has named. */
const names = function* ({ named }: Left.Shape, many: number): Generator<string> {
  yield* named
  for (const prefix of ["member", "x"]) for (let i = 0; i < Math.min(many, itemsMax); i++) yield `${prefix}${i}`
}

/** `first` stands for the property or item that the caller wants to see. */
export const object = (
  self: Left.Left,
  depth: number,
  first?: readonly [string, Json],
  least = Left.shape(self).minProperties,
): Json | undefined => {
  const own = Left.shape(self)
  const made: Record<string, Json> = first === undefined ? {} : { [first[0]]: first[1] }
  const wanted = [...own.required, ...Object.keys(made)]
  for (let key = wanted.shift(); key !== undefined; key = wanted.shift()) {
    const known = Object.hasOwn(made, key)
    const value = known ? made[key] : one(Left.ofProperty(self, key), depth - 1)
    if (value === undefined) return undefined
    made[key] = value
    for (const { dependencies } of self.nodes) {
      const also = dependencies.filter((dependency) => dependency.key === key).flatMap(({ required }) => required)
      wanted.push(...also.filter((other) => !Object.hasOwn(made, other) && !wanted.includes(other)))
    }
  }
  for (const key of names(own, least)) {
    if (Object.keys(made).length >= least) break
    const value = Object.hasOwn(made, key) ? undefined : one(Left.ofProperty(self, key), depth - 1)
    if (value !== undefined) made[key] = value
  }
  return made
}

export const array = (
  self: Left.Left,
  depth: number,
  first?: readonly [index: number, value: Json],
): Json | undefined => {
  const own = Left.shape(self)
  const length = Math.max(own.minItems, first === undefined ? 0 : first[0] + 1)
  if (length > itemsMax) return undefined
  const made: Array<Json> = []
  for (let i = 0; i < length; i++) {
    const taken = (value: Json) => own.unique && made.some((other) => JSON.stringify(other) === JSON.stringify(value))
    const value = first?.[0] === i
      ? first[1]
      : values(Left.ofItem(self, i), depth - 1, own.unique ? itemsMax : 1).find((item) => !taken(item))
    if (value === undefined) return undefined
    made.push(value)
  }
  return made
}

const objects = function* (self: Left.Left, depth: number): Generator<Json | undefined> {
  yield object(self, depth)
  const optional = [...Left.shape(self).named].filter((key) => !Left.shape(self).required.has(key))
  yield object(self, depth, undefined, optional.length + Left.shape(self).required.size)
  for (const key of optional.slice(0, optionalMax)) {
    const value = one(Left.ofProperty(self, key), depth - 1)
    yield value === undefined ? undefined : object(self, depth, [key, value])
  }
}

const arrays = function* (self: Left.Left, depth: number): Generator<Json | undefined> {
  yield array(self, depth)
  const { maxItems, minItems } = Left.shape(self)
  const last = Math.min(maxItems, minItems + 2) - 1
  const item = last < 0 ? undefined : one(Left.ofItem(self, last), depth - 1)
  yield item === undefined ? undefined : array(self, depth, [last, item])
}

const ofType = (self: Left.Left, type: number, depth: number): Iterable<Json | undefined> => {
  if (type === Node.Type.null) return [null]
  if (type === Node.Type.boolean) return [true, false]
  if (type === Node.Type.number) {
    return numbers(Left.shape(self), self.nodes.flatMap(({ multiples }) => multiples))
  }
  if (type === Node.Type.string) return strings(self)
  return depth <= 0 ? [] : type === Node.Type.array ? arrays(self, depth) : objects(self, depth)
}

/** Every value is one that all nodes take; none where none was found, which proves nothing. */
export const values = function* (self: Left.Left, depth = depthMax, many = 24): Generator<Json> {
  const listed = Left.finite(self)
  if (listed !== undefined) return yield* listed.slice(0, many)
  if (self.unions.length > 0) {
    const choices = Left.choices(self)
    for (const choice of choices) yield* values(choice, depth, Math.ceil(many / choices.length))
    return
  }
  const types = Left.typesOf(self, 1)
  let found = 0
  for (const type of Object.values(Node.Type)) {
    const wanted = many <= 1 ? 1 : found + Math.ceil(many / 2)
    for (const value of (types & type) === 0 ? [] : ofType(self, type, depth)) {
      if (value === undefined || !self.nodes.every((node) => accepts(node, value))) continue
      found++
      yield value
      if (found >= wanted) break
    }
    if (found >= 1 && many <= 1) return
  }
}

export const one = (self: Left.Left, depth = depthMax): Json | undefined => values(self, depth, 1).next().value
