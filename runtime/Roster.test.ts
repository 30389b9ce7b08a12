import { assert, describe, it } from "vitest"
import { defaults } from "../core/Limits.ts"
import type { Actor } from "./Actor.ts"
import type { Kind } from "./Kind.ts"
import * as Roster from "./Roster.ts"

const kind = {} as Kind
const full = (actors: number) => {
  const left: Array<string> = []
  const roster = Roster.make({ ...defaults, actors }, 0, (actor) => left.push(actor.key))
  const add = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i): Actor => {
      const actor = roster.get(`t/Order/${from + i}`, kind, 0)!
      actor.loaded = true
      return actor
    })
  return { add, left, roster, all: add(0, actors) }
}
const names = (...numbers: ReadonlyArray<number>) => numbers.map((n) => `t/Order/${n}`)

describe("a full roster", () => {
  it("drops a thousandth of its actors at once, the longest idle, at least one", () => {
    const small = full(10)
    small.add(10, 12)
    assert.deepEqual([small.left, small.roster.size()], [names(0, 1), 10])
    const large = full(3_000)
    large.add(3_000, 3_001)
    assert.deepEqual([large.left, large.roster.size()], [names(0, 1, 2), 2_998])
    large.add(3_001, 3_004)
    assert.deepEqual([large.left, large.roster.size()], [names(0, 1, 2, 3, 4, 5), 2_998])
  })

  it("has no place more than its limit, however low, where all work", () => {
    const { all, left, roster } = full(3)
    for (const [i, actor] of all.entries()) roster.work(actor, { tenant: "t", aggregate: "Order", id: `${i}` })
    assert.strictEqual(roster.get("t/Order/more", kind, 0), undefined)
    roster.rest(all[1]!)
    assert.isDefined(roster.get("t/Order/more", kind, 0))
    assert.deepEqual([left, roster.size()], [names(1), 3])
  })

  it("keeps those with work, and has no place where a hundred of the longest idle work", () => {
    const { add, all, left, roster } = full(3_000)
    const work = (from: number, to: number) => {
      for (let i = from; i < to; i++) roster.work(all[i]!, { tenant: "t", aggregate: "Order", id: `${i}` })
    }
    work(0, 98)
    add(3_000, 3_001)
    assert.deepEqual(left, names(98, 99))
    add(3_001, 3_002)
    work(100, 102)
    assert.strictEqual(roster.get("t/Order/more", kind, 0), undefined)
    assert.deepEqual(left, names(98, 99))
    roster.rest(all[7]!)
    assert.isDefined(roster.get("t/Order/more", kind, 0))
    assert.deepEqual(left, names(98, 99, 7))
  })
})
