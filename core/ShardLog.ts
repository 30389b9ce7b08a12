/**
 * What a log in shards is to whoever reads it: DynamoDB's and Kinesis' streams, or one shard of the embedded store.
 *
 * A shape, no service: the change feed and the core bus are two of it. Order holds within a shard, and from a parent to
 * its children; a key never stands in two shards that are open at once.
 * @module
 */
import { type Effect, Schema } from "effect"

export interface Shard {
  readonly id: string
  /** Read them to their end first, those that still exist. Two behind a merge. */
  readonly parents: ReadonlyArray<string>
}

export interface Item<A> {
  /** Behind it a read goes on; opaque, kept as a checkpoint. */
  readonly position: string
  readonly value: A
}

export interface Batch<A> {
  readonly items: ReadonlyArray<Item<A>>
  /** Where to go on; also behind an empty batch. */
  readonly next: string
  /** The shard is closed and nothing stands behind these items: its children may be read. */
  readonly isEnd: boolean
  /** How far the last item, or the empty batch, is behind the newest of the shard; where the engine says so. */
  readonly behindMs: number | undefined
}

/** The log cannot be read or asked now. Try again later. */
export class LogUnavailable extends Schema.TaggedError<LogUnavailable>()("LogUnavailable", {
  /** Said to operators: `throttled`, `refused`, `timeout`, ... */
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
}) {}

/** What stood behind the position is forgotten: go on from the beginning, and fill the gap from the store. */
export class Trimmed extends Schema.TaggedError<Trimmed>()("Trimmed", { shard: Schema.String }) {}

export interface ShardLog<A> {
  /** All that exist, closed ones too while they are remembered; in no order. */
  readonly shards: Effect.Effect<ReadonlyArray<Shard>, LogUnavailable>
  /**
   * Up to `limit` items of a shard behind `after`, or from its oldest. An item may come again, in order, behind itself
   * or an earlier one. A shard that does not exist any more is `Trimmed`.
   */
  readonly read: (
    shard: string,
    after: string | undefined,
    limit: number,
  ) => Effect.Effect<Batch<A>, LogUnavailable | Trimmed>
  /** Returns once something may have come, or after `ms`: never later, maybe for nothing. */
  readonly wait: (ms: number) => Effect.Effect<void>
}
