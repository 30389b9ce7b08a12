/**
 * What every part of the event store works with, and the reads they share. All of them are consistent.
 * @module
 */
import { Effect } from "effect"
import type { Receipt, StoredEvent } from "../../../core/EventStore.ts"
import { empty, type Head } from "../../../core/Stream.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked, Calls } from "./calls.ts"
import type { Heads } from "./heads.ts"
import * as items from "./items.ts"

export interface Store {
  readonly calls: Calls
  readonly heads: Heads
  /** Names of the tables. */
  readonly events: string
  readonly receipts: string
  readonly receiptTtlMs: number
  /** Of the stream of changes, by shard and place: where a reader that stands there goes on. See `feed.ts`. */
  readonly iterators: Map<string, string>
}

interface Span {
  /** Versions above or below this one. */
  readonly than: number
  readonly limit: number
  readonly backwards?: boolean
}

/** Up to `limit` items of a stream, in order; what they say of its end is remembered. */
export const readItems = Effect.fnUntraced(function* (
  { calls, events, heads }: Store,
  key: string,
  { backwards = false, limit, than }: Span,
): Effect.fn.Return<ReadonlyArray<items.Item>, Failed> {
  const found: Array<items.Item> = []
  const bounded = Number.isFinite(than)
  let next: items.Item | undefined
  // A page of DynamoDB ends after a megabyte, whatever its limit.
  while (found.length < limit) {
    const page = yield* calls.query({
      TableName: events,
      KeyConditionExpression: bounded ? `pk = :pk AND sk ${backwards ? "<" : ">"} :than` : "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: key }, ...bounded ? { ":than": { N: String(than) } } : {} },
      ConsistentRead: true,
      ScanIndexForward: !backwards,
      Limit: limit - found.length,
      ExclusiveStartKey: next,
    })
    found.push(...page.items)
    next = page.next
    if (next === undefined) break
  }
  const last = backwards ? found[0] : found.at(-1)
  if (last !== undefined) heads.learn(key, items.headOf(last))
  return found
})

/** Whether streams hold an event: no request for those that this process has seen, one for a hundred others. */
export const begun = ({ calls, events, heads }: Store, keys: ReadonlyArray<string>): Asked<ReadonlyArray<boolean>> => {
  const unseen = [...new Set(keys.filter((key) => heads.get(key) === undefined))]
  return Effect.map(
    calls.getEach(unseen.map((key) => ({ TableName: events, Key: items.eventKey(key, 1) })), "pk"),
    (found) => {
      const absent = new Set(unseen)
      for (const { pk } of found) absent.delete(pk!.S!)
      return keys.map((key) => !absent.has(key))
    },
  )
}

export const readEvents = (store: Store, key: string, span: Span): Asked<ReadonlyArray<StoredEvent>> =>
  Effect.map(readItems(store, key, span), (found) => found.map(items.eventOf))

export const readHead = (store: Store, key: string): Asked<Head> =>
  Effect.map(
    readItems(store, key, { than: Infinity, limit: 1, backwards: true }),
    ([last]) => last === undefined ? empty : items.headOf(last),
  )

/** The head at a version that somebody expects; nothing where the stream has not come so far. */
export const headAt = (store: Store, key: string, version: number): Asked<Head | undefined> => {
  if (version === 0) return Effect.succeed(empty)
  const known = store.heads.get(key)
  // Of an older version only that it is there is known, and needed: the stream has moved on.
  if (known !== undefined && known.version >= version) {
    return Effect.succeed({ ...known, version, closed: known.closed && known.version === version })
  }
  return Effect.map(store.calls.get({ TableName: store.events, Key: items.eventKey(key, version) }), (item) => {
    if (item === undefined) return undefined
    const head = items.headOf(item)
    store.heads.learn(key, head)
    return head
  })
}

/** The receipt of a command whose first event stands in `item`, told under the id it is asked for. */
export const receiptAt = (store: Store, key: string, item: items.Item, commandId: string): Asked<Receipt> => {
  const first = items.eventOf(item)
  // A transaction holds no more items, hence a command no more events.
  return Effect.map(readEvents(store, key, { than: first.version, limit: 99 }), (behind) => {
    const end = behind.findIndex((event) => event.commandId !== first.commandId)
    return items.receiptFrom(commandId, [first, ...behind.slice(0, end < 0 ? behind.length : end)])
  })
}
