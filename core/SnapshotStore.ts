/**
 * The port to stored states, a cache of folds: losing all of it costs time, never truth.
 * @module
 */
import { Context, type Effect } from "effect"
import type { StoreUnavailable } from "./EventStore.ts"
import type { StreamKey } from "./Stream.ts"

export interface Snapshot {
  readonly stream: StreamKey
  /** The state after so many events. */
  readonly version: number
  /** The id of the last folded event: a snapshot of another history with the same name is told by it. */
  readonly eventId: string
  readonly recordedAt: number
  /** Aggregate revision and hash of the state's schema; other keys are other code's snapshots. */
  readonly key: string
  /** JSON text of the encoded state. */
  readonly state: string
  /** SHA-256 over all of the above (`SnapshotCodec` in runtime writes and checks it). */
  readonly checksum: string
}

export interface Shape {
  /** The kept snapshots of each stream in the order of the requests; by version downwards, then by key. */
  readonly loadEach: (
    streams: ReadonlyArray<StreamKey>,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<Snapshot>>, StoreUnavailable>
  /**
   * Keeps a snapshot and forgets all but the newest `snapshotsKept` of the stream and key, and of each other key all but
   * the newest; so one older than all kept is forgotten at once. Saving the same key and version again replaces it.
   */
  readonly save: (snapshot: Snapshot) => Effect.Effect<void, StoreUnavailable>
  /**
   * Forgets this very snapshot, of which nobody will make use: kept, it would have better ones of lower versions forgotten.
   * Where it is gone, or one with another checksum stands in its place, nothing happens.
   */
  readonly forget: (snapshot: Snapshot) => Effect.Effect<void, StoreUnavailable>
}

export class SnapshotStore extends Context.Service<SnapshotStore, Shape>()("nexus/core/SnapshotStore") {}
