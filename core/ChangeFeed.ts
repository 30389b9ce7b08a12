/**
 * The port to what a store has stored, for the router: every event of all tenants, at least once, in shards.
 *
 * Versions of one stream may come out of order, twice, or (behind a trimmed history) not at all: who reads restores the
 * order by version, reads what is missing from the store, and compares the heads now and then.
 * @module
 */
import { Context, type Effect } from "effect"
import type { BadCursor, Page, StoredEvent, StoreUnavailable } from "./EventStore.ts"
import type { ShardLog } from "./ShardLog.ts"
import type { StreamKey } from "./Stream.ts"

/** A stream and the version of its newest event. */
export interface StreamHead {
  readonly stream: StreamKey
  readonly version: number
}

export interface Shape extends ShardLog<StoredEvent> {
  /**
   * Every stream of all tenants with its head, page by page in an order of the store's own; one that was begun in the
   * last moments may be missing. What the reconciler walks, and a consumer that starts from the beginning.
   */
  readonly heads: (
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Page<StreamHead>, StoreUnavailable | BadCursor>
}

export class ChangeFeed extends Context.Service<ChangeFeed, Shape>()("nexus/core/ChangeFeed") {}
