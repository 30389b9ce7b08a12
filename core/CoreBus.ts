/**
 * The port to the ordered bus, which carries the core events of each stream in the order of their versions.
 *
 * Publishers keep the order by having at most one record of a stream under way; readers see records twice, and late ones
 * of a publisher that has long been replaced: they go by versions, and by what each event says came before it.
 * @module
 */
import { Context, type Effect } from "effect"
import type { StoredEvent } from "./EventStore.ts"
import type { ShardLog } from "./ShardLog.ts"
import type { StreamKey } from "./Stream.ts"

export interface CoreEvent extends StoredEvent {
  /** Version of the core event before it in its stream, 0 before the first: a gap is told from a secondary event by it. */
  readonly prevCore: number
}

/** Consecutive core events of one stream. */
export interface CoreRecord {
  readonly stream: StreamKey
  /** Not empty; ascending, each the `prevCore` of the next. */
  readonly events: ReadonlyArray<CoreEvent>
}

export type Sent =
  | { readonly _tag: "Sent" }
  /** It may stand in the log or not. The same bytes again do no harm, anything newer of its stream does. */
  | { readonly _tag: "NotSent"; readonly reason: string }
  /** Nothing of it was sent, and nothing of it ever can be, however often it is tried: it is more than the bus takes. */
  | { readonly _tag: "Unsendable"; readonly reason: string }

export interface Shape extends ShardLog<CoreRecord> {
  /** A record holds no more; bytes of `RecordWire` text. A record of one event always fits: of `Limits.eventBytes`. */
  readonly recordMax: { readonly events: number; readonly bytes: number }
  /** One call takes no more. */
  readonly publishMax: { readonly records: number; readonly bytes: number }
  /** Publishes records of different streams (two of one are a defect); one outcome each, in order, whatever the others'. */
  readonly publish: (records: ReadonlyArray<CoreRecord>) => Effect.Effect<ReadonlyArray<Sent>>
  /**
   * A position in every shard: reads behind it begin no later than with the first item that came at or after `timeMs`. In
   * each shard, also one that lost nothing, it is `Trimmed` once anything of the bus that came since may be forgotten:
   * shards that came and went between are told of by nothing else.
   */
  readonly positionAt: (timeMs: number) => string
}

export class CoreBus extends Context.Service<CoreBus, Shape>()("nexus/core/CoreBus") {}
