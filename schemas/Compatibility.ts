/**
 * Whether a schema agrees with the earlier revisions of its subject; each difference says where, why and how to mend it.
 *
 * Backward means: every value that an earlier schema takes, the candidate takes too, once its defaults are filled in.
 * Forward is the same with the roles exchanged. What cannot be proven to agree does not agree.
 * @module
 */
import { Result } from "effect"
import { accepts, reads } from "./compatibility/accepts.ts"
import type { Json, JsonSchema } from "./compatibility/json.ts"
import type { Node } from "./compatibility/Node.ts"
import { read } from "./compatibility/read.ts"
import { nameOf, repairOf } from "./compatibility/rules.ts"
import * as Sample from "./compatibility/sample.ts"
import { subset } from "./compatibility/subset.ts"
import type { Finding } from "./compatibility/Trail.ts"
import type { Difference, Mode } from "./Difference.ts"
import type { Unusable } from "./Unusable.ts"

export type { JsonSchema } from "./compatibility/json.ts"

export interface Question {
  readonly candidate: JsonSchema
  /** In any order; each schema the same object as before is read only once. */
  readonly earlier: ReadonlyArray<{ readonly revision: number; readonly schema: JsonSchema }>
  readonly mode: Mode
  /** `Order.OrderPlaced.v2`: repairs then name the version that comes next. */
  readonly subject?: string | undefined
}

type Direction = Difference["direction"]
type Revisions = ReadonlyArray<{ readonly revision: number; readonly node: Node }>

const directions = (mode: Mode): ReadonlyArray<Direction> =>
  mode === "NONE"
    ? []
    : mode.startsWith("FULL")
    ? ["backward", "forward"]
    : mode.startsWith("BACK")
    ? ["backward"]
    : ["forward"]

const candidates = function* ({ hints, left }: Finding): Generator<Json> {
  yield* hints()
  yield* Sample.values(left)
}

/** A whole value that the writer takes and the reader, with its defaults filled in, refuses: looked at, never guessed. */
const counterexample = (found: Finding, writer: Node, reader: Node): Json | undefined => {
  for (const part of candidates(found)) {
    const value = found.place.wrap(part)
    if (value !== undefined && accepts(writer, value) && !reads(reader, value)) return value
  }
  return undefined
}

/** Longer ones stand in the schemas, where the pointer leads. */
const shownMax = 500
const shown = (value: Json | undefined): Json | undefined =>
  value !== undefined && JSON.stringify(value).length <= shownMax ? value : undefined

const present = <K extends string>(key: K, value: Json | undefined): { readonly [P in K]?: Json } =>
  value === undefined ? {} : { [key]: value } as never

const describe = (found: Finding, direction: Direction, subject: string | undefined): Omit<Difference, "revisions"> => {
  const [old, now] = direction === "backward" ? [found.writer, found.reader] : [found.reader, found.writer]
  return {
    direction,
    pointer: found.place.pointer,
    rule: nameOf(found.rule, direction),
    ...present("old", shown(old)),
    ...present("new", shown(now)),
    repair: repairOf(found.rule, direction, subject),
  }
}

const between = (candidate: Node, earlier: Revisions, direction: Direction, subject: string | undefined) => {
  const differences = new Map<string, { difference: Omit<Difference, "revisions">; revisions: Array<number> }>()
  for (const { node, revision } of earlier) {
    const [writer, reader] = direction === "backward" ? [node, candidate] : [candidate, node]
    for (const found of subset(writer, reader)) {
      const difference = describe(found, direction, subject)
      const text = JSON.stringify(difference)
      const known = differences.get(text)
      const again = known?.revisions.at(-1) === revision
      if (known === undefined) {
        const example = present("counterexample", counterexample(found, writer, reader))
        differences.set(text, { difference: { ...difference, ...example }, revisions: [revision] })
      } else if (!again) known.revisions.push(revision)
    }
  }
  return [...differences.values()].map(({ difference, revisions }): Difference => ({ ...difference, revisions }))
}

/** Empty where the candidate may be registered. Fails on the candidate first, then on the earlier schemas in order. */
export const check = (
  { candidate, earlier, mode, subject }: Question,
): Result.Result<ReadonlyArray<Difference>, Unusable> =>
  Result.gen(function* () {
    const node = yield* read(candidate)
    if (mode === "NONE") return []
    const ascending = earlier.toSorted((a, b) => a.revision - b.revision)
    const asked = mode.endsWith("_TRANSITIVE") ? ascending : ascending.slice(-1)
    const revisions: Array<{ revision: number; node: Node }> = []
    for (const { revision, schema } of asked) revisions.push({ revision, node: yield* read(schema) })
    return directions(mode).flatMap((direction) => between(node, revisions, direction, subject))
  })
