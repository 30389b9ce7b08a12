/**
 * The feed: from the beginning a scan of the table in segments, then the table's stream. Every event comes, some twice; the
 * first time each, those of one stream in order. There is no order over all.
 *
 * A stream remembers a day. Where it has forgotten what comes next, the scan begins anew.
 * @module
 */
import type {
  _Record,
  DescribeStreamOutput,
  DynamoDBStreamsClient,
  GetRecordsOutput,
  Shard,
} from "@aws-sdk/client-dynamodb-streams"
import { Effect, Option, Schema } from "effect"
import type { StoredEvent } from "../../../core/EventStore.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Asked } from "./calls.ts"
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
const scan = Effect.fnUntraced(function* (
  { calls, events }: Store,
  at: Scan,
  limit: number,
): Effect.fn.Return<Page, Failed> {
  const open = at.segments.flatMap((place, i) => place === true ? [] : [i]).slice(0, limit)
  const segments = [...at.segments]
  const pages = yield* Effect.forEach(
    open,
    Effect.fnUntraced(function* (Segment, n) {
      const place = segments[Segment]
      const Limit = Math.floor(limit / open.length) + (n < limit % open.length ? 1 : 0)
      const page = yield* calls.call((options) =>
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
        )
      )
      const next = page.LastEvaluatedKey
      segments[Segment] = next === undefined ? true : [next["pk"]!.S!, next["sk"]!.N!]
      return (page.Items ?? []).map(items.eventOf)
    }),
    { concurrency: "unbounded" },
  )
  return { events: pages.flat(), at: { since: at.since, segments } }
})

export interface Streams {
  readonly sdk: Sdk
  readonly client: DynamoDBStreamsClient
  readonly arn: string
}

/** All that the stream remembers. */
export const shardsOf = Effect.fnUntraced(function* (
  { calls }: { readonly calls: Pick<Store["calls"], "call"> },
  { arn, client, sdk }: Streams,
): Effect.fn.Return<ReadonlyArray<Shard>, Failed> {
  const shards: Array<Shard> = []
  let last: string | undefined
  do {
    const { StreamDescription }: DescribeStreamOutput = yield* calls.call((options) =>
      client.send(
        new sdk.DescribeStreamCommand({ StreamArn: arn, ...last ? { ExclusiveStartShardId: last } : {} }),
        options,
      )
    )
    shards.push(...StreamDescription?.Shards ?? [])
    last = StreamDescription?.LastEvaluatedShardId
  } while (last !== undefined)
  return shards
})

/** An open shard says nothing about its end: so many empty answers count as it. A closed one says it. */
const emptyMax = 2
/** More places than readers stand at; the one left first is forgotten. */
const iteratorsMax = 1_000
/** After a quarter of an hour. DynamoDB Local forgets an iterator of an empty shard once a record comes. */
const isOutdated = ({ code }: Failed): boolean => code === "ExpiredIteratorException" || code.startsWith("TrimmedData")

interface Read {
  readonly records: ReadonlyArray<_Record>
  readonly behind: string | undefined
}

/**
 * Up to `limit` records of a shard behind `behind`, and where it then stands. A record may stand behind more empty answers
 * than count as an end, and its place is known by no other: the next reader at the same place goes on behind them.
 */
const readShard = (
  { calls, iterators }: Store,
  { arn, client, sdk }: Streams,
  { SequenceNumberRange: { EndingSequenceNumber } = {}, ShardId }: Shard,
  behind: string | undefined,
  limit: number,
): Effect.Effect<Read, Failed> => {
  const placeOf = (behind: string | undefined) => `${ShardId} ${behind ?? ""}`
  const from = Effect.fnUntraced(function* (first: string | undefined): Effect.fn.Return<Read, Failed> {
    const records: Array<_Record> = []
    let iterator = first
    let at = behind
    for (let empty = 0; iterator && (empty < emptyMax || EndingSequenceNumber) && records.length < limit;) {
      const { NextShardIterator, Records = [] }: GetRecordsOutput = yield* calls.call((options) =>
        client.send(
          new sdk.GetRecordsCommand({ ShardIterator: iterator, Limit: Math.min(1_000, limit - records.length) }),
          options,
        )
      )
      empty = Records.length === 0 ? empty + 1 : 0
      records.push(...Records)
      at = Records.at(-1)?.dynamodb?.SequenceNumber ?? at
      iterator = NextShardIterator
    }
    if (!iterator) return { records, behind: "" }
    const [oldest] = iterators.keys()
    if (iterators.size >= iteratorsMax) iterators.delete(oldest!)
    iterators.set(placeOf(at), iterator)
    return { records, behind: at }
  })
  const place = behind === undefined
    ? { ShardIteratorType: "TRIM_HORIZON" } as const
    : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: behind } as const
  const anew = calls.call((options) =>
    client.send(new sdk.GetShardIteratorCommand({ StreamArn: arn, ShardId, ...place }), options)
  ).pipe(Effect.flatMap(({ ShardIterator }) => from(ShardIterator)))
  const known = iterators.get(placeOf(behind))
  iterators.delete(placeOf(behind))
  return known === undefined ? anew : Effect.catchIf(from(known), isOutdated, () => anew)
}

/** Shard after shard, a parent before its children. */
const tail = Effect.fnUntraced(function* (
  store: Store,
  streams: Streams,
  at: Tail,
  limit: number,
): Effect.fn.Return<Page | "trimmed", Failed> {
  const listed = yield* shardsOf(store, streams)
  const ids = new Set(listed.map(({ ShardId }) => ShardId!))
  if (Object.entries(at.shards).some(([id, behind]) => behind !== "" && !ids.has(id))) return "trimmed"
  const shards = Object.fromEntries(Object.entries(at.shards).filter(([id]) => ids.has(id)))
  const events: Array<StoredEvent> = []
  /** Open, and read up to now. */
  const ends = new Set<string>()
  const isOver = (id: string | undefined): boolean => id === undefined || !ids.has(id) || shards[id] === ""
  while (events.length < limit) {
    const next = listed.find(({ ParentShardId, ShardId }) =>
      !isOver(ShardId) && !ends.has(ShardId!) && isOver(ParentShardId)
    )
    if (next === undefined) break
    const id = next.ShardId!
    const { behind, records } = yield* readShard(store, streams, next, shards[id], limit - events.length)
    for (const { dynamodb, eventName } of records) {
      if (eventName !== "INSERT" || (dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) < at.since) continue
      events.push(items.eventOf(dynamodb!.NewImage as items.Item))
    }
    if (behind !== undefined) shards[id] = behind
    if (behind !== "" && records.length === 0) ends.add(id)
  }
  return { events, at: { since: at.since, shards } }
}, Effect.catchIf(({ code }) => code.startsWith("TrimmedData"), () => Effect.succeed("trimmed" as const)))

/** Up to `limit` events; fewer where the scan ended, or the stream of changes when it was read. */
export const read = Effect.fnUntraced(function* (
  store: Store,
  streams: Asked<Streams>,
  from: At,
  limit: number,
): Effect.fn.Return<Page, Failed> {
  const events: Array<StoredEvent> = []
  let at = from
  while (events.length < limit) {
    const left = limit - events.length
    if ("segments" in at) {
      const page: Page = yield* scan(store, at, left)
      events.push(...page.events)
      at = page.at
      if (!(at as Scan).segments.every((place) => place === true)) continue
      // Not on into the stream of changes, a day of records that whoever goes on by time has no use for.
      at = { since: at.since, shards: {} }
      break
    }
    const page: Page | "trimmed" = yield* tail(store, yield* streams, at, left)
    if (page === "trimmed") {
      at = start(store.calls.wallMs())
      continue
    }
    events.push(...page.events)
    at = page.at
    if (page.events.length < left) break
  }
  return { events, at }
})

export const isEmpty = ({ calls, events }: Store): Asked<boolean> =>
  Effect.map(
    calls.call((options) => calls.client.send(new calls.sdk.ScanCommand({ TableName: events, Limit: 1 }), options)),
    ({ Items = [], LastEvaluatedKey }) => Items.length === 0 && LastEvaluatedKey === undefined,
  )
