/**
 * The feed: from the beginning a scan of the table in segments, then the table's stream. Every event comes, some twice; the
 * first time each, those of one stream in order. There is no order over all.
 *
 * A stream remembers a day. Where it has forgotten what comes next, the scan begins anew.
 * @module
 */
import type { _Record, DynamoDBStreamsClient, Shard } from "@aws-sdk/client-dynamodb-streams"
import { Option, Schema } from "effect"
import type { StoredEvent } from "../../../core/EventStore.ts"
import { Failed } from "./faults.ts"
import * as items from "./items.ts"
import type { Store } from "./store.ts"

type Sdk = typeof import("@aws-sdk/client-dynamodb-streams")

const Place = Schema.Tuple([Schema.String, Schema.String])
/** Where a reader stands. `since`: records from before that time are in the table for whoever scans it from then on. */
const At = Schema.Union([
  Schema.Struct({
    since: Schema.Number,
    /** By segment: behind which key it goes on; null before the first and true behind the last. */
    segments: Schema.Array(Schema.NullOr(Schema.Union([Place, Schema.Literal(true)]))),
  }),
  Schema.Struct({
    since: Schema.Number,
    /** By shard: behind which record it goes on; empty behind the last. */
    shards: Schema.Record(Schema.String, Schema.String),
  }),
])
export type At = typeof At.Type
const Json = Schema.fromJsonString(At)
export const encode = Schema.encodeSync(Json)
export const decode = (text: string): At | undefined => Option.getOrUndefined(Schema.decodeUnknownOption(Json)(text))

export interface Page {
  readonly events: ReadonlyArray<StoredEvent>
  readonly at: At
}

const segmentsAtOnce = 4
/** Clocks of this process and AWS's need not agree, and records carry whole seconds. */
const clockSlackMs = 60_000

export const start = (nowMs: number): At => ({
  since: nowMs - clockSlackMs,
  segments: Array.from({ length: segmentsAtOnce }, () => null),
})
/** Behind all that is in the table now. */
export const end = (nowMs: number): At => ({ since: nowMs - clockSlackMs, shards: {} })

interface Scan extends Extract<At, { readonly segments: unknown }> {}
interface Tail extends Extract<At, { readonly shards: unknown }> {}

/** A page of each segment that has more, together at most `limit`; items of one stream stand in one segment, in order. */
const scan = async ({ calls, events }: Store, at: Scan, limit: number, signal: AbortSignal): Promise<Page> => {
  const open = at.segments.flatMap((place, i) => place === true ? [] : [i]).slice(0, limit)
  const segments = [...at.segments]
  const pages = await Promise.all(open.map(async (Segment, n) => {
    const place = segments[Segment]
    const Limit = Math.floor(limit / open.length) + (n < limit % open.length ? 1 : 0)
    const page = await calls.call((options) =>
      calls.client.send(
        new calls.sdk.ScanCommand({
          TableName: events,
          Segment,
          TotalSegments: segments.length,
          Limit,
          ConsistentRead: true,
          ...Array.isArray(place) ? { ExclusiveStartKey: { pk: { S: place[0] }, sk: { N: place[1] } } } : {},
        }),
        options,
      ), signal)
    const next = page.LastEvaluatedKey
    segments[Segment] = next === undefined ? true : [next["pk"]!.S!, next["sk"]!.N!]
    return (page.Items ?? []).map(items.eventOf)
  }))
  return { events: pages.flat(), at: { since: at.since, segments } }
}

export interface Streams {
  readonly sdk: Sdk
  readonly client: DynamoDBStreamsClient
  readonly arn: string
}

const shardsOf = async ({ calls }: Store, { arn, client, sdk }: Streams, signal: AbortSignal) => {
  const shards: Array<Shard> = []
  let last: string | undefined
  do {
    const { StreamDescription } = await calls.call((options) =>
      client.send(
        new sdk.DescribeStreamCommand({ StreamArn: arn, ...last ? { ExclusiveStartShardId: last } : {} }),
        options,
      ), signal)
    shards.push(...StreamDescription?.Shards ?? [])
    last = StreamDescription?.LastEvaluatedShardId
  } while (last !== undefined)
  return shards
}

/** An open shard says nothing about its end: so many empty answers count as it. */
const emptyMax = 2

/** Up to `limit` records of a shard behind `behind`, and where it then stands. */
const readShard = async (
  { calls }: Store,
  { arn, client, sdk }: Streams,
  ShardId: string,
  behind: string | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly records: ReadonlyArray<_Record>; readonly behind: string | undefined }> => {
  const { ShardIterator } = await calls.call((options) =>
    client.send(
      new sdk.GetShardIteratorCommand({
        StreamArn: arn,
        ShardId,
        ...behind === undefined
          ? { ShardIteratorType: "TRIM_HORIZON" }
          : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: behind },
      }),
      options,
    ), signal)
  const records: Array<_Record> = []
  let iterator = ShardIterator
  let at = behind
  for (let empty = 0; iterator !== undefined && empty < emptyMax && records.length < limit;) {
    const { NextShardIterator, Records = [] } = await calls.call((options) =>
      client.send(
        new sdk.GetRecordsCommand({ ShardIterator: iterator!, Limit: Math.min(1_000, limit - records.length) }),
        options,
      ), signal)
    empty = Records.length === 0 ? empty + 1 : 0
    records.push(...Records)
    at = Records.at(-1)?.dynamodb?.SequenceNumber ?? at
    iterator = NextShardIterator
  }
  return { records, behind: iterator === undefined ? "" : at }
}

/** The stream has forgotten what comes next. */
class Trimmed extends Error {}

/** Shard after shard, a parent before its children. */
const tail = async (
  store: Store,
  streams: Streams,
  at: Tail,
  limit: number,
  signal: AbortSignal,
): Promise<Page> => {
  const listed = await shardsOf(store, streams, signal)
  const ids = new Set(listed.map(({ ShardId }) => ShardId!))
  if (Object.entries(at.shards).some(([id, behind]) => behind !== "" && !ids.has(id))) throw new Trimmed()
  const shards = Object.fromEntries(Object.entries(at.shards).filter(([id]) => ids.has(id)))
  const events: Array<StoredEvent> = []
  /** Open, and read up to now. */
  const ends = new Set<string>()
  const isOver = (id: string | undefined): boolean => id === undefined || !ids.has(id) || shards[id] === ""
  while (events.length < limit) {
    const next = listed.find(({ ParentShardId, ShardId }) =>
      !isOver(ShardId) && !ends.has(ShardId!) && isOver(ParentShardId)
    )?.ShardId
    if (next === undefined) break
    const { behind, records } = await readShard(store, streams, next, shards[next], limit - events.length, signal)
    for (const { dynamodb, eventName } of records) {
      if (eventName !== "INSERT" || (dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) < at.since) continue
      events.push(items.eventOf(dynamodb!.NewImage as items.Item))
    }
    if (behind !== undefined) shards[next] = behind
    if (behind !== "" && records.length === 0) ends.add(next)
  }
  return { events, at: { since: at.since, shards } }
}

const isTrimmed = (error: unknown): boolean =>
  error instanceof Trimmed ||
  (error instanceof Failed && /^TrimmedData/.test((error.cause as Error | undefined)?.name ?? ""))

/** Up to `limit` events; fewer where the feed ended when it was read. */
export const read = async (
  store: Store,
  streams: () => Promise<Streams>,
  from: At,
  limit: number,
  signal: AbortSignal,
): Promise<Page> => {
  const events: Array<StoredEvent> = []
  let at = from
  while (events.length < limit) {
    const left = limit - events.length
    if ("segments" in at) {
      const page = await scan(store, at, left, signal)
      events.push(...page.events)
      const scanned = page.at as Scan
      at = scanned.segments.every((place) => place === true) ? { since: at.since, shards: {} } : scanned
      continue
    }
    try {
      const page = await tail(store, await streams(), at, left, signal)
      events.push(...page.events)
      at = page.at
      if (page.events.length < left) break
    } catch (error) {
      if (!isTrimmed(error)) throw error
      at = start(Date.now())
    }
  }
  return { events, at }
}

export const isEmpty = async ({ calls, events }: Store, signal: AbortSignal): Promise<boolean> => {
  const { Items = [], LastEvaluatedKey } = await calls.call(
    (options) => calls.client.send(new calls.sdk.ScanCommand({ TableName: events, Limit: 1 }), options),
    signal,
  )
  return Items.length === 0 && LastEvaluatedKey === undefined
}
