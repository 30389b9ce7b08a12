/**
 * The change feed of a store with one order: one shard, read where the store's own feed stands; what this process stores
 * is seen at once, what others store at the next look.
 * @module
 */
import { Effect, Layer, Option } from "effect"
import { ChangeFeed } from "../../core/ChangeFeed.ts"
import { EventStore } from "../../core/EventStore.ts"
import { LogUnavailable, Trimmed } from "../../core/ShardLog.ts"
import { fromFeed, StreamHeads } from "../../core/StreamHeads.ts"
import * as Waiters from "../../core/Waiters.ts"
import { Tail } from "../Tail.ts"

const shard = "all"
/** In front of everything. */
const beginning = ""

export const layer: Layer.Layer<ChangeFeed, never, EventStore | Tail> = Layer.effect(
  ChangeFeed,
  Effect.gen(function* () {
    const store = yield* EventStore
    const tail = yield* Tail
    const { heads } = Option.getOrElse(yield* Effect.serviceOption(StreamHeads), () => fromFeed(store))
    let isStale = true
    const waiting: Waiters.Waiters = new Set()
    yield* tail.onWake(() => {
      isStale = true
      Waiters.wake(waiting)
    })
    // Stored behind the last read, before anybody waited.
    const woken = Effect.suspend(() => isStale ? Effect.void : Waiters.woken(waiting))

    return ChangeFeed.of({
      shards: Effect.succeed([{ id: shard, parents: [] }]),
      read: (_, after = beginning, limit) =>
        Effect.suspend(() => {
          isStale = false
          return Effect.map(store.feed(after === beginning ? undefined : after, limit), ({ cursor, items }) => {
            const next = cursor ?? beginning
            return {
              // Only the last one's place is known; going on at an earlier one gives the page again.
              items: items.map((value, i) => ({ value, position: i === items.length - 1 ? next : after })),
              next,
              isEnd: false,
              behindMs: items.length < limit ? 0 : undefined,
            }
          })
        }).pipe(
          Effect.catchTag("BadCursor", () => Effect.fail(new Trimmed({ shard }))),
          Effect.catchTag("StoreUnavailable", ({ reason }) => Effect.fail(new LogUnavailable({ reason }))),
        ),
      wait: (ms) => Effect.asVoid(Effect.timeoutOption(woken, ms)),
      heads,
    })
  }),
)
