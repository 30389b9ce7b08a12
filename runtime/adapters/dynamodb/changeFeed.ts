/**
 * The change feed on DynamoDB: the shards of the table's stream, each read on from where its reader stands, and the heads of
 * all streams by an index.
 *
 * Records keep the order of each item alone, and every version is an item: the router restores the order. A stream
 * remembers a day, an iterator a quarter of an hour.
 * @module
 */
import { Effect } from "effect"
import { ChangeFeed, type Shape } from "../../../core/ChangeFeed.ts"
import * as Cursor from "../../../core/Cursor.ts"
import type { Shape as EventStore, StoredEvent } from "../../../core/EventStore.ts"
import { type Batch, type Item, LogUnavailable, Trimmed } from "../../../core/ShardLog.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked, Calls } from "./calls.ts"
import { reasonOf, unavailable as unanswered } from "./faults.ts"
import { shardsOf, type Streams } from "./feed.ts"
import * as items from "./items.ts"

/** DynamoDB gives no more records at once. */
const recordsMax = 1_000
/** In front of the oldest record there is. */
const oldest = ""
/** Heads read at once. */
const headsAtOnce = 16
const named = ["dynamodb", "heads"]

const isExpired = ({ code }: Failed): boolean => code === "ExpiredIteratorException"
/** A shard that is gone is not found; one whose history is gone says that. */
const isTrimmed = ({ code }: Failed): boolean => /^(TrimmedDataAccess|ResourceNotFound)Exception$/.test(code)
/** In front of the oldest nothing was missed: DynamoDB Local forgets an iterator of an empty shard once a record comes. */
const isOutdated = ({ code }: Failed, after: string): boolean =>
  code === "TrimmedDataAccessException" && after === oldest
const unavailable = (failed: Failed) => new LogUnavailable({ reason: reasonOf(failed), cause: failed.cause })

interface Reading {
  readonly after: string
  readonly iterator: string
}

/** `streams` finds the stream of the events table. */
export const make = (
  calls: Pick<Calls, "call" | "client" | "sdk" | "tableOf">,
  streams: Asked<Streams>,
  head: EventStore["head"],
): Shape => {
  /** Where each shard was read last: reading on costs one call. */
  const readings = new Map<string, Reading>()

  const iterate = Effect.fnUntraced(function* (shard: string, after: string) {
    const { arn, client, sdk } = yield* streams
    const from = after === oldest
      ? { ShardIteratorType: "TRIM_HORIZON" } as const
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after } as const
    const command = new sdk.GetShardIteratorCommand({ StreamArn: arn, ShardId: shard, ...from })
    return (yield* calls.call((options) => client.send(command, options))).ShardIterator
  })
  const records = Effect.fnUntraced(function* (ShardIterator: string, Limit: number) {
    const { client, sdk } = yield* streams
    const command = new sdk.GetRecordsCommand({ ShardIterator, Limit })
    return yield* calls.call((options) => client.send(command, options))
  })

  const read = Effect.fnUntraced(function* (shard: string, after: string, limit: number) {
    const known = readings.get(shard)
    const Limit = Math.max(1, Math.min(limit, recordsMax))
    let iterator = known?.after === after ? known.iterator : yield* iterate(shard, after)
    const ended: Batch<StoredEvent> = { items: [], next: after, isEnd: true, behindMs: undefined }
    if (iterator === undefined) return ended
    let answer = yield* Effect.result(records(iterator, Limit))
    if (answer._tag === "Failure" && (isExpired(answer.failure) || isOutdated(answer.failure, after))) {
      iterator = yield* iterate(shard, after)
      if (iterator === undefined) return ended
      answer = yield* Effect.result(records(iterator, Limit))
    }
    readings.delete(shard)
    if (answer._tag === "Failure") return yield* answer.failure
    const { NextShardIterator, Records = [] } = answer.success
    let next = after
    const found: Array<Item<StoredEvent>> = []
    for (const { dynamodb, eventName } of Records) {
      next = dynamodb?.SequenceNumber ?? next
      // Events are never changed; what is removed was never ours to tell of.
      if (eventName !== "INSERT" || dynamodb?.NewImage === undefined) continue
      found.push({ position: next, value: items.eventOf(dynamodb.NewImage as items.Item) })
    }
    // DynamoDB Local says null.
    const isEnd = NextShardIterator === undefined || NextShardIterator === null
    if (!isEnd) readings.set(shard, { after: next, iterator: NextShardIterator })
    return { items: found, next, isEnd, behindMs: undefined }
  })

  return ChangeFeed.of({
    shards: Effect.gen(function* () {
      const found = yield* shardsOf({ calls }, yield* streams)
      const ids = new Set(found.map(({ ShardId }) => ShardId))
      for (const shard of readings.keys()) if (!ids.has(shard)) readings.delete(shard)
      return found.map(({ ParentShardId, ShardId }) => ({
        id: ShardId!,
        parents: ParentShardId === undefined ? [] : [ParentShardId],
      }))
    }).pipe(Effect.mapError(unavailable)),
    read: (shard, after = oldest, limit) =>
      Effect.mapError(
        read(shard, after, limit),
        (error) => isTrimmed(error) ? new Trimmed({ shard }) : unavailable(error),
      ),
    wait: (ms) => Effect.sleep(ms),
    heads: Effect.fnUntraced(function* (cursor, limit) {
      const at = yield* Cursor.decode<[string, string, string]>(named, "sss", cursor)
      const start = at && { pk: { S: at[0] }, sk: { N: "1" }, kind: { S: at[1] }, id: { S: at[2] } }
      const page = yield* unanswered(calls.call((options) =>
        calls.client.send(
          new calls.sdk.ScanCommand({
            TableName: calls.tableOf("events"),
            IndexName: "StreamIndex",
            Limit: limit,
            ...start === undefined ? {} : { ExclusiveStartKey: start },
          }),
          options,
        )
      ))
      const last = page.LastEvaluatedKey
      const keys = (page.Items ?? []).map(({ pk }) => pk!.S!)
      return {
        items: yield* Effect.forEach(
          keys,
          (key) => {
            const stream = items.streamOf(key)
            return Effect.map(head(stream), ({ version }) => ({ stream, version }))
          },
          { concurrency: headsAtOnce },
        ),
        cursor: last && Cursor.encode(named, [last["pk"]!.S!, last["kind"]!.S!, last["id"]!.S!]),
      }
    }),
  })
}
