/**
 * The port to the listing of all streams of all tenants with their heads, for stores that can answer it by an index.
 *
 * It is a part of the change feed (`ChangeFeed.heads`); a store with one feed of all is walked where it has none.
 * @module
 */
import { Context, Effect } from "effect"
import type { Shape as Feed } from "./ChangeFeed.ts"
import type { Shape as Store } from "./EventStore.ts"

export type Shape = Pick<Feed, "heads">

export class StreamHeads extends Context.Service<StreamHeads, Shape>()("nexus/core/StreamHeads") {}

/**
 * Finds streams by their first events: each has one. Reads the whole feed, and each head by itself: for small stores. A
 * page may be empty and yet not the last.
 */
export const fromFeed = (store: Store): Shape => ({
  heads: Effect.fnUntraced(function* (cursor, limit) {
    const page = yield* store.feed(cursor, limit)
    const begun = page.items.filter(({ version }) => version === 1)
    const items = yield* Effect.forEach(
      begun,
      ({ aggregate, id, tenant }) =>
        Effect.map(store.head({ tenant, aggregate, id }), ({ version }) => ({
          stream: { tenant, aggregate, id },
          version,
        })),
    )
    return { items, cursor: page.items.length < limit ? undefined : page.cursor }
  }),
})
