/**
 * Laws in two halves: what was stored is found by a store that is opened anew over the same data.
 * @module
 */
import { Effect } from "effect"
import { EventStore, type Shape, tombstone } from "../EventStore.ts"
import {
  append,
  fence,
  holds,
  type Law,
  noop,
  readAll,
  refused,
  repeated,
  same,
  sold,
  stored,
  streamOf,
  tags,
} from "./fixtures.ts"

/** `write` runs once on empty data, `check` in another opening of the store. */
export interface DurableLaw {
  readonly name: string
  readonly write: Law["law"]
  readonly check: Law["law"]
}

const half = (
  name: string,
  body: (store: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): Law["law"] => Effect.flatMap(Effect.service(EventStore), (store) => Effect.gen(() => body(store, `durable-${name}`)))

export const durable: ReadonlyArray<DurableLaw> = [
  {
    name: "events, heads and tombstones outlive the store that wrote them",
    write: half("events", function* (store, tenant) {
      yield* stored(store, append(streamOf(tenant, "open"), 0, "one", 3))
      const close = append(streamOf(tenant, "closed"), 1, "two", 1, { type: tombstone.type })
      const outcomes = yield* store.commit([append(streamOf(tenant, "closed"), 0, "one"), close])
      yield* same(tags(outcomes), ["Committed", "Committed"], "outcomes")
    }),
    check: half("events", function* (store, tenant) {
      const [open, closed] = [streamOf(tenant, "open"), streamOf(tenant, "closed")]
      const events = yield* readAll(store, open)
      yield* same(events.map(({ eventId }) => eventId), ["one.0", "one.1", "one.2"], "events")
      const { version, recordedAt } = events.at(-1)!
      yield* same(yield* store.head(open), { version, recordedAt, closed: false }, "head")
      yield* holds((yield* store.head(closed)).closed, "a closed stream was opened")
      yield* same(tags(yield* store.commit([append(open, 0, "stale"), append(closed, 2, "late")])), [
        "Conflict",
        "Closed",
      ], "fences")
      yield* stored(store, append(open, 3, "next"))
      yield* stored(store, fence(open, 4))
    }),
  },
  {
    name: "receipts outlive the store that wrote them",
    write: half("receipts", function* (store, tenant) {
      const stream = streamOf(tenant, "a")
      yield* store.commit([append(stream, 0, "accepted", 2), noop(stream, 2, "noop"), refused(stream, 2, "refused")])
    }),
    check: half("receipts", function* (store, tenant) {
      const stream = streamOf(tenant, "a")
      const before = yield* readAll(store, stream)
      yield* same((yield* repeated(store, append(stream, 0, "accepted", 2))).events.length, 2, "accepted")
      yield* same((yield* repeated(store, noop(stream, 0, "noop"))).version, 2, "no-op")
      yield* same((yield* repeated(store, refused(stream, 9, "refused"))).refusal, sold, "refused")
      const generated = append(stream, 0, "accepted", 2, { given: false })
      yield* same((yield* repeated(store, generated)).version, 2, "accepted, its id not given")
      yield* same(yield* readAll(store, stream), before, "events")
    }),
  },
  {
    name: "the feed goes on behind what was there, and its cursors stay good",
    write: half("feed", function* (store, tenant) {
      yield* stored(store, append(streamOf(tenant, "a"), 0, "one", 2))
    }),
    check: half("feed", function* (store, tenant) {
      let cursor: string | undefined
      const seen: Array<string> = []
      const follow = Effect.gen(function* () {
        while (true) {
          const page = yield* store.feed(cursor, 100)
          cursor = page.cursor
          if (page.items.length === 0) return
          // A feed without one order may give an event again.
          const mine = page.items.filter((event) => event.tenant === tenant).map(({ eventId }) => eventId)
          seen.push(...new Set(mine.filter((eventId) => !seen.includes(eventId))))
        }
      })
      yield* follow
      yield* stored(store, append(streamOf(tenant, "b"), 0, "two"))
      yield* follow
      yield* same(seen, ["one.0", "one.1", "two.0"], "the feed")
    }),
  },
]
