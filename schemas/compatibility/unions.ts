/**
 * Whether a writer's values fall into the branches of a reader's union.
 *
 * Some one branch must take all of a part; the parts are the types, and the values of properties that tell kinds apart.
 * @module
 */
import { accepts } from "./accepts.ts"
import * as Left from "./Left.ts"
import { isListed } from "./listed.ts"
import * as Node from "./Node.ts"
import type { Compare } from "./subset.ts"
import * as Trail from "./Trail.ts"

/** Values of one property by which a part is split further. */
const valuesMax = 64
const splitsMax = 3

const byType = (left: Left.Left): ReadonlyArray<Left.Left> => {
  const types = Object.values(Node.Type).filter((type) => (Left.typesOf(left) & type) !== 0)
  return types.length <= 1 ? [left] : types.map((type) => Left.restrict(left, type))
}

/** By a required property of few values that some branch speaks of. */
const byProperty = (left: Left.Left, branches: ReadonlyArray<Node.Node>): ReadonlyArray<Left.Left> => {
  for (const key of Left.shape(left).required) {
    const values = Left.finite(Left.ofProperty(left, key))
    if (values === undefined || values.length < 2 || values.length > valuesMax) continue
    if (!branches.some((branch) => Left.make([branch]).nodes.some((node) => node.properties.has(key)))) continue
    return values.map((value) => Left.withProperty(left, key, value))
  }
  return []
}

/** Whether the branch is meant for such values: of one type, and with the same values where those tell kinds apart. */
const isKin = (part: Left.Left, branch: Node.Node): boolean => {
  const other = Left.make([branch])
  if ((Left.shape(other).types & Left.shape(part).types) === 0) return false
  return [...Left.shape(other).required].every((key) => {
    const values = Left.finite(Left.ofProperty(other, key))
    const mine = Left.finite(Left.ofProperty(part, key))
    return values === undefined || mine === undefined || mine.some((one) => isListed(values, one))
  })
}

export const union = (
  trail: Trail.Trail,
  left: Left.Left,
  branches: ReadonlyArray<Node.Node>,
  place: Trail.Place,
  compare: Compare,
  exclusive: boolean,
): void => {
  const at = { ...place, union: true }
  const fits = (part: Left.Left, branch: Node.Node): boolean => {
    const tried = Trail.fork(trail)
    compare(tried, part, branch, at)
    return tried.found.length === 0
  }
  /** Equal branches are one node, so that places tell them apart. */
  const alone = (part: Left.Left, at: number) =>
    !exclusive || branches.every((other, i) => i === at || Left.disjoint(part, other))
  /** The parts that no branch takes as a whole. */
  const missed = (part: Left.Left, splits: number): ReadonlyArray<Left.Left> => {
    const listed = Left.finite(part)
    if (listed !== undefined) {
      const taken = (many: number) => exclusive ? many === 1 : many > 0
      return listed.every((value) => taken(branches.filter((branch) => accepts(branch, value)).length)) ? [] : [part]
    }
    if (branches.some((branch, i) => alone(part, i) && fits(part, branch))) return []
    const finer = splits === 0 ? [] : byProperty(part, branches)
    return finer.length === 0 ? [part] : finer.flatMap((one) => missed(one, splits - 1))
  }
  for (const part of byType(left).flatMap((one) => missed(one, splitsMax))) {
    const near = branches.filter((branch) => isKin(part, branch))
    const [only] = near
    if (only !== undefined && near.length === 1 && !fits(part, only)) compare(trail, part, only, at)
    else {
      const ambiguous = exclusive && near.some((branch) => fits(part, branch))
      const writer = part.nodes[0]?.source
      Trail.add(trail, ambiguous ? "ambiguous" : "union", place, part, { writer })
    }
  }
}
