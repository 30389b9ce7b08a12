import { assert, describe, it } from "@effect/vitest"
import type { Lease } from "../../core/Leases.ts"
import type { Shard } from "../../core/ShardLog.ts"
import { checkpointAt, ended, plan, positionOf, type Seen } from "./shares.ts"

describe("the shares of leases", () => {
  const shard = (id: string, ...parents: ReadonlyArray<string>): Shard => ({ id, parents })
  const seen = (owner: string, checkpoint?: string, isLive = owner !== ""): Seen => {
    const lease: Lease = { name: "x", owner, fence: 1, beat: 1, checkpoint }
    return { lease, isLive }
  }
  const view = (
    shards: ReadonlyArray<Shard>,
    leases: Readonly<Record<string, Seen>>,
    mine: ReadonlyArray<string> = [],
    owners = ["me"],
  ) =>
    plan({ owner: "me", owners: new Set(owners), shards, leases: new Map(Object.entries(leases)), mine: new Set(mine) })

  it("wait for parents that exist, and for none that is gone", () => {
    assert.deepStrictEqual(view([shard("a"), shard("b", "a")], {}).take, ["a"])
    assert.deepStrictEqual(view([shard("a"), shard("b", "a")], { a: seen("", ended) }).take, ["b"])
    assert.deepStrictEqual(view([shard("b", "a")], {}).take, ["b"])
    assert.deepStrictEqual(view([shard("a"), shard("c", "a", "b"), shard("b")], { a: seen("", ended) }).take, ["b"])
  })
  it("leave alone what lives elsewhere, and take what does not", () => {
    const leases = { a: seen("you"), b: seen("you", undefined, false), c: seen("", checkpointAt("3")), d: seen("me") }
    const shards = ["a", "b", "c", "d"].map((id) => shard(id))
    assert.deepStrictEqual(view(shards, leases).take, ["b", "c", "d"])
    assert.deepStrictEqual(view(shards, leases, ["d"], ["me", "you"]).take, ["b"])
  })
  it("differ by one at most, and give up what is too much", () => {
    const shards = ["a", "b", "c"].map((id) => shard(id))
    const mine = { a: seen("me"), b: seen("me"), c: seen("me") }
    assert.deepStrictEqual(view(shards, mine, ["a", "b", "c"], ["me", "you"]).giveUp, ["c"])
    assert.deepStrictEqual(view(shards, mine, ["a", "b", "c"], ["me", "i", "you"]).giveUp, ["b", "c"])
    assert.deepStrictEqual(view(shards, {}, [], ["a", "b", "c", "me"]), { take: [], giveUp: [], forget: [] })
  })
  it("hold a shard that vanished before its end, and forget one that was done", () => {
    assert.deepStrictEqual(view([], { a: seen("", checkpointAt("1")), b: seen("", ended) }), {
      take: ["a"],
      giveUp: [],
      forget: ["b"],
    })
  })
  it("tell a position from the end, whatever it is", () => {
    assert.strictEqual(positionOf(checkpointAt(ended)), ended)
    assert.notStrictEqual(checkpointAt(ended), ended)
    assert.isUndefined(positionOf(ended))
    assert.isUndefined(positionOf(undefined))
  })
})
