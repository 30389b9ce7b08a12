/**
 * The change feed over a store in memory, in shards with the lineage and disorder of DynamoDB's streams.
 *
 * Its log is a value of its own, so that processes share it; a test splits, merges and trims it (`ShardLogMemory.ts`).
 * @module
 */
import { Effect } from "effect"
import { ChangeFeed, type Shape } from "./ChangeFeed.ts"
import * as Cursor from "./Cursor.ts"
import type { StoredEvent } from "./EventStore.ts"
import type * as EventStoreMemory from "./EventStoreMemory.ts"
import * as ShardLogMemory from "./ShardLogMemory.ts"
import { keyOf } from "./Stream.ts"

export interface State {
  readonly log: ShardLogMemory.State<StoredEvent>
  /** So many events of the store stand in it. */
  taken: number
}
export const emptyState = (shards = 1): State => ({ log: ShardLogMemory.emptyState(shards), taken: 0 })

/** Brings what was stored since into the log; call it before shards are split, merged or trimmed. */
export const take = (store: EventStoreMemory.State, state: State): void => {
  for (; state.taken < store.log.length; state.taken++) {
    const event = store.log[state.taken]!
    ShardLogMemory.add(state.log, keyOf(event), event)
  }
}

const asked = ["memory", "heads"]

export const make = (
  store: EventStoreMemory.State,
  state: State,
  disorder: ShardLogMemory.Disorder = ShardLogMemory.order,
): Shape => {
  const log = ShardLogMemory.make(state.log, disorder)
  const taken = Effect.sync(() => take(store, state))
  return ChangeFeed.of({
    shards: Effect.andThen(taken, log.shards),
    read: (shard, after, limit) => Effect.andThen(taken, log.read(shard, after, limit)),
    wait: log.wait,
    heads: (cursor, limit) =>
      Effect.map(Cursor.decode<[number]>(asked, "i", cursor), (at) => {
        const from = at?.[0] ?? 0
        // In the order in which they began, which never changes.
        const page = [...store.streams.values()].slice(from, from + limit)
        return {
          items: page.map(({ head, key }) => ({ stream: key, version: head.version })),
          cursor: from + page.length < store.streams.size ? Cursor.encode(asked, [from + page.length]) : undefined,
        }
      }),
  })
}
