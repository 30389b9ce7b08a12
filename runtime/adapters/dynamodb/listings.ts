/**
 * What reads across streams by an index: a tenant's events by time, its instances by id. Both may lag some seconds behind.
 * @module
 */
import { Effect } from "effect"
import type { TimeKey } from "../../../core/Cursor.ts"
import type { StoredEvent, TimeRange } from "../../../core/EventStore.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked } from "./calls.ts"
import * as items from "./items.ts"
import { merged } from "./merged.ts"
import type { Store } from "./store.ts"

const dayMs = 86_400_000
const every = Array.from({ length: items.shards }, (_, shard) => shard)

/** The first `limit` events of the range behind `after`, day by day. */
export const byTime = Effect.fnUntraced(function* (
  { calls, events }: Store,
  { aggregate, from, limit, tenant, to }: TimeRange,
  after: TimeKey | undefined,
): Effect.fn.Return<ReadonlyArray<StoredEvent>, Failed> {
  const isBehind = after !== undefined && after[0] >= from
  const start = Math.max(0, isBehind ? after[0] : Math.ceil(from))
  const end = Math.ceil(to)
  // No key goes on where another ends, so that a character more stands behind it and before the next.
  const low = isBehind ? `${items.placeKey(...after)}!` : items.timeKey(start)
  const high = items.timeKey(end)
  // A range that ends before it begins is empty; DynamoDB would call it a mistake.
  if (low > high) return []
  const found: Array<items.Item> = []
  for (let day = start - start % dayMs; day < end && found.length < limit; day += dayMs) {
    const queries = every.map((shard) => ({
      TableName: events,
      IndexName: "TimestampIndex",
      KeyConditionExpression: "#day = :day AND #at BETWEEN :low AND :high",
      ExpressionAttributeNames: { "#day": "day", "#at": "at" },
      ExpressionAttributeValues: {
        ":day": { S: items.dayKey(tenant, items.dayOf(day), shard) },
        ":low": { S: low },
        ":high": { S: high },
        ...aggregate === undefined ? {} : { ":of": { S: `${tenant}#${aggregate}#` } },
      },
      ...aggregate === undefined ? {} : { FilterExpression: "begins_with(pk, :of)" },
    }))
    found.push(...yield* merged(calls, queries, "at", limit - found.length))
  }
  return found.map(items.eventOf)
})

/** The first `limit` instances with ids behind `after`. */
export const streams = (
  { calls, events }: Store,
  tenant: string,
  aggregate: string,
  after: string | undefined,
  limit: number,
): Asked<ReadonlyArray<StreamKey>> => {
  const queries = every.map((shard) => ({
    TableName: events,
    IndexName: "StreamIndex",
    KeyConditionExpression: after === undefined ? "#kind = :kind" : "#kind = :kind AND #id > :after",
    ExpressionAttributeNames: { "#kind": "kind", ...after === undefined ? {} : { "#id": "id" } },
    ExpressionAttributeValues: {
      ":kind": { S: items.kindKey(tenant, aggregate, shard) },
      ...after === undefined ? {} : { ":after": { S: after } },
    },
  }))
  return Effect.map(
    merged(calls, queries, "id", limit),
    (found) => found.map(({ id }) => ({ tenant, aggregate, id: id!.S! })),
  )
}
