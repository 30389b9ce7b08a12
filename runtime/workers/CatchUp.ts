/**
 * Reads a stream from a version to its head, and hands its events on in order: how gaps are filled, how a consumer starts
 * at the beginning, how the reconciler and a redrive make good what was not done.
 * @module
 */
import { Effect } from "effect"
import type { Shape as Store, StoredEvent, StoreUnavailable } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"

/** A page of the stream behind version `after`; fewer than `limit` events end at the head. A hole in it is a defect. */
export const page = (
  store: Pick<Store, "read">,
  stream: StreamKey,
  after: number,
  limit: number,
): Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable> =>
  Effect.flatMap(store.read(stream, after, limit), (events) => {
    const hole = events.findIndex(({ version }, i) => version !== after + i + 1)
    return hole < 0
      ? Effect.succeed(events)
      : Effect.die(new Error(`the store does not have version ${after + hole + 1} of ${keyOf(stream)}`))
  })

/**
 * Hands every event behind version `after` to `hand`, in order, page by page, until the head as it is then; answers with
 * the last version handed on. What fails leaves the pages before it handed on: go on behind them.
 */
export const run = Effect.fnUntraced(function* <E, R>(
  store: Pick<Store, "read">,
  stream: StreamKey,
  after: number,
  hand: (events: ReadonlyArray<StoredEvent>) => Effect.Effect<void, E, R>,
): Effect.fn.Return<number, StoreUnavailable | E, R> {
  const { page: limit } = yield* Limits
  let version = after
  while (true) {
    const events = yield* page(store, stream, version, limit)
    if (events.length > 0) yield* hand(events)
    version += events.length
    if (events.length < limit) return version
  }
})
