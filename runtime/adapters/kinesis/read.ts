/**
 * Reading a shard by GetRecords: iterators are kept between reads, and all who read a shard here share its five a second.
 * @module
 */
import { Clock, Effect, Metric, Semaphore } from "effect"
import type { _Record } from "@aws-sdk/client-kinesis"
import type { CoreRecord } from "../../../core/CoreBus.ts"
import { Limits } from "../../../core/Limits.ts"
import { counter } from "../../../core/metrics.ts"
import { type Batch, type Item, LogUnavailable, type ShardLog, Trimmed } from "../../../core/ShardLog.ts"
import { type Failed, reasonOf } from "../aws/Failed.ts"
import type { Ask } from "./client.ts"
import * as Position from "./position.ts"
import { decode } from "./record.ts"
import { limits } from "./resources.ts"

export const RecordsSkipped = counter("RecordsSkipped", "Records of the core bus that are none of ours, passed over")

/** What goes on from a position. */
interface Chain {
  /** Nothing where the shard ended there. */
  readonly iterator: string | undefined
  /** What was stored before is known to its reader: it began at the oldest record then. */
  readonly sinceMs: number
}

interface Shard {
  readonly gate: Semaphore.Semaphore
  nextMs: number
  reads: number
  /** By position, `""` for the oldest; those used last are kept. */
  readonly chains: Map<string, Chain>
  last: { readonly after: string; readonly no: number; readonly batch: Batch<CoreRecord> } | undefined
}

const chainsMax = 16
/** A batch of fewer bytes is kept for others who stand where its reader stood. */
const sharedBytes = 1024 * 1024

export const unavailable = (failed: Failed): LogUnavailable =>
  new LogUnavailable({ reason: reasonOf(failed), cause: failed })

/** The shard, or what the sequence number names, is no more; a stream that is missing may be made yet. */
const isGone = ({ cause, code }: Failed): boolean =>
  code === "ResourceNotFoundException" && !/^Stream /.test(`${(cause as Error).message}`)

/** As GetShardIterator says it. */
export const startOf = (after: string | undefined) => {
  const { ms, sequence }: Partial<Position.Position> = after === undefined ? {} : Position.parse(after)
  return ms === undefined
    ? { ShardIteratorType: "TRIM_HORIZON", StartingSequenceNumber: undefined, Timestamp: undefined } as const
    : sequence === undefined
    ? { ShardIteratorType: "AT_TIMESTAMP", StartingSequenceNumber: undefined, Timestamp: new Date(ms) } as const
    : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: sequence, Timestamp: undefined } as const
}

/** Up to `limit` of a batch; what is left comes again. */
export const upTo = (batch: Batch<CoreRecord>, limit: number): Batch<CoreRecord> => {
  if (batch.items.length <= limit) return batch
  const items = batch.items.slice(0, limit)
  return { ...batch, items, next: items.at(-1)!.position, isEnd: false }
}

export interface Reader {
  readonly read: ShardLog<CoreRecord>["read"]
  /** As that of the log. */
  readonly wait: (ms: number) => Effect.Effect<void>
  /** Forgets what is known of shards that are no more; of the others, whether they are open. */
  readonly keep: (shards: ReadonlyMap<string, boolean>) => Effect.Effect<void>
}

export const make = (
  ask: Ask,
  StreamName: string,
  retentionMs: number,
): Effect.Effect<Reader> =>
  Effect.gen(function* () {
    const { shardPollMs } = yield* Limits
    const shards = new Map<string, Shard>()

    const shardOf = (id: string): Shard => {
      const known = shards.get(id)
      if (known !== undefined) return known
      const made: Shard = { gate: Semaphore.makeUnsafe(1), nextMs: 0, reads: 0, chains: new Map(), last: undefined }
      shards.set(id, made)
      return made
    }

    const iterate = (ShardId: string, after: string | undefined) =>
      ask((client, options) => client.getShardIterator({ StreamName, ShardId, ...startOf(after) }, options)).pipe(
        Effect.map(({ ShardIterator }) => ShardIterator),
        Effect.mapError((error) => isGone(error) ? new Trimmed({ shard: ShardId }) : unavailable(error)),
      )

    /** The chain that goes on from there; a new one where none does, if nothing behind it was forgotten. */
    const chainOf = Effect.fnUntraced(function* (id: string, shard: Shard, after: string | undefined) {
      const nowMs = yield* Clock.currentTimeMillis
      const known = shard.chains.get(after ?? "")
      const sinceMs = after === undefined ? nowMs : Math.max(Position.parse(after).ms, known?.sinceMs ?? -Infinity)
      if (Position.isForgotten(sinceMs, nowMs, retentionMs)) return yield* new Trimmed({ shard: id })
      return {
        iterator: known?.iterator ?? (yield* iterate(id, after)),
        sinceMs: after === undefined ? nowMs : known?.sinceMs ?? -Infinity,
      }
    })

    const get = (ShardIterator: string | undefined, Limit: number) =>
      ask((client, options) => client.getRecords({ ShardIterator, Limit }, options))

    /** An iterator lives for five minutes; another is had from the position. */
    const fetch = Effect.fnUntraced(function* (id: string, shard: Shard, after: string | undefined, limit: number) {
      const chain = yield* chainOf(id, shard, after)
      const answer = yield* get(chain.iterator, limit).pipe(
        Effect.catchIf(
          ({ code }) => code === "ExpiredIteratorException",
          () => Effect.flatMap(iterate(id, after), (iterator) => get(iterator, limit)),
        ),
        Effect.mapError((error) => error._tag === "Failed" ? unavailable(error) : error),
      )
      const batch = yield* batchOf(id, after, answer.Records ?? [], {
        behindMs: answer.MillisBehindLatest,
        isEnd: answer.NextShardIterator === undefined || answer.NextShardIterator === null,
      })
      shard.chains.delete(batch.next)
      shard.chains.set(batch.next, { iterator: answer.NextShardIterator, sinceMs: chain.sinceMs })
      for (const key of shard.chains.keys()) if (shard.chains.size > chainsMax) shard.chains.delete(key)
      const bytes = (answer.Records ?? []).reduce((sum, { Data }) => sum + (Data?.length ?? 0), 0)
      const no = ++shard.reads
      shard.last = bytes > sharedBytes ? undefined : { after: after ?? "", no, batch }
      return batch
    })

    const read: Reader["read"] = (id, after, limit) =>
      Effect.suspend(() => {
        const shard = shardOf(id)
        const before = shard.reads
        const mine = Effect.gen(function* () {
          // Somebody else has read on from there while this one waited, or found what this one looks for.
          const { last } = shard
          if (last?.after === (after ?? "") && (last.no > before || last.batch.items.length > 0)) {
            return upTo(last.batch, limit)
          }
          const nowMs = yield* Clock.currentTimeMillis
          const pauseMs = Math.min(shard.nextMs - nowMs, shardPollMs)
          if (pauseMs > 0) yield* Effect.sleep(pauseMs)
          shard.nextMs = Math.max(nowMs, nowMs + pauseMs) + shardPollMs
          return yield* fetch(id, shard, after, Math.max(1, Math.min(limit, limits.readRecords)))
        })
        return shard.gate.withPermits(1)(mine)
      })

    return {
      read,
      // Nobody says that something came: the next read does.
      wait: (ms) => Effect.sleep(ms),
      keep: (ids) =>
        Effect.sync(() => {
          for (const id of shards.keys()) if (!ids.has(id)) shards.delete(id)
        }),
    }
  })

/** Passes over what is none of ours: it stops nobody. */
export const batchOf = Effect.fnUntraced(function* (
  shard: string,
  after: string | undefined,
  records: ReadonlyArray<Pick<_Record, "SequenceNumber" | "Data" | "ApproximateArrivalTimestamp">>,
  { behindMs, isEnd }: { readonly behindMs: number | undefined; readonly isEnd: boolean },
) {
  const nowMs = yield* Clock.currentTimeMillis
  const items: Array<Item<CoreRecord>> = []
  let next = Position.behindNothing(after, nowMs, behindMs ?? 0)
  for (const { ApproximateArrivalTimestamp: at, Data, SequenceNumber = "" } of records) {
    next = Position.behind(SequenceNumber, Math.floor(at?.getTime() ?? nowMs))
    const value = Data === undefined ? undefined : decode(Data)
    if (value !== undefined) items.push({ position: next, value })
    else {
      yield* Metric.update(RecordsSkipped, 1)
      yield* Effect.logWarning("a record that is none of ours was passed over").pipe(
        Effect.annotateLogs({ shard, position: next }),
      )
    }
  }
  return { items, next, isEnd, behindMs } satisfies Batch<CoreRecord>
})
