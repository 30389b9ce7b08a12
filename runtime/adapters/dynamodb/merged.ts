/**
 * One listing from the shards of an index: each read in pages of its own, all at once, and merged by their sort key.
 * @module
 */
import { Effect } from "effect"
import type { Failed } from "../aws/Failed.ts"
import type { Calls, Query } from "./calls.ts"
import { type Item, shards } from "./items.ts"

/** Items that one call looks at, at most. */
const lookedMax = 1_000

interface Source {
  readonly query: Omit<Query, "Limit">
  readonly waiting: Array<Item>
  next: Item | undefined
  limit: number
  ended: boolean
}

/** The first `limit` items in the order of `sortKey`; each of `queries` gives its own in that order. */
export const merged = Effect.fnUntraced(function* (
  calls: Calls,
  queries: ReadonlyArray<Omit<Query, "Limit">>,
  sortKey: string,
  limit: number,
): Effect.fn.Return<ReadonlyArray<Item>, Failed> {
  // Twice its fair share: most shards are then asked once, and little is read in vain.
  const Limit = Math.max(1, Math.ceil(2 * limit / shards))
  const sources = queries.map((query): Source => ({
    query,
    waiting: [],
    next: undefined,
    limit: Limit,
    ended: false,
  }))
  const fill = Effect.fnUntraced(function* (source: Source): Effect.fn.Return<void, Failed> {
    while (source.waiting.length === 0 && !source.ended) {
      const { items, next } = yield* calls.query({
        ...source.query,
        Limit: source.limit,
        ExclusiveStartKey: source.next,
      })
      // A filter has kept most of it back: calls for a rare kind must not be as many as the events of all others.
      if (items.length < source.limit) source.limit = Math.min(lookedMax, source.limit * 4)
      source.waiting.push(...items)
      source.next = next
      source.ended = next === undefined
    }
  })
  const found: Array<Item> = []
  const at = ({ waiting }: Source): string => waiting[0]![sortKey]!.S!
  while (found.length < limit) {
    yield* Effect.forEach(sources, fill, { concurrency: "unbounded", discard: true })
    const full = sources.filter(({ waiting }) => waiting.length > 0)
    if (full.length === 0) break
    // As long as each that may have more shows its next item, the least of them is the next of all.
    while (found.length < limit && full.every(({ waiting }) => waiting.length > 0)) {
      found.push(full.reduce((least, one) => at(one) < at(least) ? one : least).waiting.shift()!)
    }
  }
  return found
})
