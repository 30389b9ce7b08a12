import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Calls, Query } from "./calls.ts"
import type { Item } from "./items.ts"
import { merged } from "./merged.ts"

/** Eight shards of so many items, of which a filter lets every `nth` pass. */
const shardsOf = (count: number, nth: number) => {
  const asked: Array<Query> = []
  const query = (query: Query) => {
    asked.push(query)
    const from = Number(query.ExclusiveStartKey?.["i"]?.N ?? 0)
    const to = Math.min(count, from + query.Limit)
    const items: Array<Item> = []
    for (let i = from; i < to; i++) {
      if (i % nth === 0) items.push({ at: { S: `${String(i).padStart(9, "0")}#${query.TableName}` } })
    }
    return Effect.succeed({ items, next: to < count ? { i: { N: `${to}` } } : undefined })
  }
  const queries = Array.from({ length: 8 }, (_, shard) => ({ TableName: `${shard}`, KeyConditionExpression: "" }))
  return { asked, list: (limit: number) => merged({ query } as unknown as Calls, queries, "at", limit) }
}

it.effect("merged() gives the first of all shards in order, twice its fair share read from each", () =>
  Effect.gen(function* () {
    const { asked, list } = shardsOf(1_000, 1)
    const found = (yield* list(100)).map((item) => item["at"]!.S!)
    assert.deepStrictEqual(found, found.toSorted())
    assert.strictEqual(found.length, 100)
    assert.deepStrictEqual(asked.map(({ Limit }) => Limit), Array(8).fill(25))
  }))

it.effect("merged() looks further at once where a filter keeps nearly all back, and at no more than a thousand", () =>
  Effect.gen(function* () {
    const { asked, list } = shardsOf(100_000, 50_000)
    assert.strictEqual((yield* list(100)).length, 16)
    const limits = asked.filter(({ TableName }) => TableName === "3").map(({ Limit }) => Limit)
    assert.deepStrictEqual(limits.slice(0, 5), [25, 100, 400, 1_000, 1_000])
    assert.isAtMost(limits.length, 103)
  }))
