/**
 * What every archive must keep, as data; each law uses a tenant of its own.
 * @module
 */
import { Effect } from "effect"
import { Archive, type Entry, type PassedReceipt, type Shape } from "./Archive.ts"
import { EventStore, type Shape as Store, type StoredEvent, tombstone } from "./EventStore.ts"
import * as fixtures from "./laws/fixtures.ts"
import { Limits } from "./Limits.ts"
import type { StreamKey } from "./Stream.ts"

const { append, epochMs, freshTenant, holds, noop, readAll, refused, repeated, same, sold, stored, streamOf, walk } =
  fixtures

const law = (
  name: string,
  body: (archive: Shape, store: Store, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
): fixtures.Law<Archive | EventStore> => ({
  name,
  law: Effect.gen(function* () {
    const [archive, store, tenant] = [yield* Archive, yield* EventStore, yield* freshTenant]
    yield* Effect.gen(() => body(archive, store, tenant))
  }),
})

const past = epochMs - 5_000_000
/** One command's events, with every field they may have. */
const written = (
  stream: StreamKey,
  version: number,
  commandId: string,
  count = 1,
  more: Partial<StoredEvent> = {},
): Entry => ({
  _tag: "Events",
  events: Array.from({ length: count }, (_, i): StoredEvent => ({
    ...stream,
    version: version + i,
    recordedAt: past + version,
    eventId: `${commandId}.${i}`,
    type: "Noted",
    schemaVersion: 3,
    payload: `{ "s" : "äöü 漢字 😀", "n":1.0 }`,
    commandId,
    fingerprint: `fingerprint of ${commandId}`,
    correlationId: "correlation",
    causationId: "causation",
    principal: "alice",
    traceparent: "00-1-2-01",
    writerId: "writer-9",
    ...more,
  })),
})
const eventsOf = (entry: Entry) => entry._tag === "Events" ? entry.events : []
const receipt = (stream: StreamKey, version: number, commandId: string, recordedAt: number): PassedReceipt => ({
  ...{ stream, version, commandId, recordedAt, fingerprint: `fingerprint of ${commandId}`, refusal: sold },
})
const passed = (one: PassedReceipt): Entry => ({ _tag: "Receipt", receipt: one })
const mine = (archive: Shape, tenant: string) =>
  Effect.map(
    walk((cursor) => archive.receipts(cursor, 2)),
    (all) => all.filter(({ stream }) => stream.tenant === tenant),
  )

export const laws: ReadonlyArray<fixtures.Law<Archive | EventStore>> = [
  law("restore() keeps every field and the order, and the command is known", function* (archive, store, tenant) {
    const [a, b] = [streamOf(tenant, "a"), streamOf(tenant, "b")]
    const entries = [written(a, 1, "one", 2), written(b, 1, "one"), written(a, 3, "two", 1, { recordedAt: past + 1 })]
    yield* same(yield* archive.restore(entries), ["Stored", "Stored", "Stored"], "outcomes")
    const of = (stream: StreamKey) => entries.flatMap(eventsOf).filter(({ id }) => id === stream.id)
    yield* same(yield* readAll(store, a), of(a), "a")
    yield* same(yield* readAll(store, b), of(b), "b")
    const fed = yield* walk((cursor) => store.feed(cursor, 100))
    yield* same(fed.filter((event) => event.tenant === tenant), entries.flatMap(eventsOf), "the feed")
    yield* same((yield* repeated(store, append(a, 3, "one", 2))).version, 2, "the receipt")
    yield* stored(store, append(a, 3, "goes on"))
    yield* same([yield* archive.events(tenant), yield* archive.events("nobody")], [5, 0], "events")
  }),

  law(
    "restore() of what is there changes nothing, and of anything else is refused",
    function* (archive, store, tenant) {
      const a = streamOf(tenant, "again")
      const entries = [written(a, 1, "one", 2), written(a, 3, "two")]
      yield* archive.restore(entries)
      yield* same(yield* archive.restore(entries), ["Present", "Present"], "the same again")
      const others: ReadonlyArray<Entry> = [
        written(a, 1, "one", 2, { payload: `{"s":"other"}` }),
        written(a, 1, "one", 2, { recordedAt: past + 2 }),
        written(a, 3, "three"),
        written(a, 3, "two", 2),
        written(a, 5, "gap"),
        written(a, 4, "earlier", 1, { recordedAt: past }),
        written(a, 4, "two"),
      ]
      for (const other of others) {
        const outcomes = yield* archive.restore([entries[0]!, other, written(a, 4, "behind")])
        yield* same(outcomes, ["Present", "Conflict"], `outcomes of ${eventsOf(other)[0]!.eventId}`)
      }
      yield* same(yield* readAll(store, a), entries.flatMap(eventsOf), "the stream")
      yield* archive.restore([written(a, 4, "closes", 1, tombstone)])
      yield* same(yield* archive.restore([written(a, 5, "late")]), ["Conflict"], "behind a tombstone")
      yield* same((yield* store.head(a)).closed, true, "closed")
    },
  ),

  law(
    "receipts() gives refusals and no-ops, and restore() makes them answer again",
    function* (archive, store, tenant) {
      const [a, b] = [streamOf(tenant, "from"), streamOf(tenant, "to")]
      yield* stored(store, append(a, 0, "accepted"))
      yield* stored(store, refused(a, 1, "refused"))
      yield* stored(store, noop(a, 1, "noop"))
      yield* stored(store, noop(streamOf(tenant, "other"), 0, "noop"))
      const all = yield* mine(archive, tenant)
      yield* same(all.map(({ commandId }) => commandId).toSorted(), ["noop", "noop", "refused"], "the receipts")
      yield* same(all.find((one) => one.commandId === "refused")?.refusal, sold, "the refusal")
      yield* archive.restore([written(b, 1, "one")])
      const moved = all.filter(({ stream }) => stream.id === "from").map((one) => ({ ...one, stream: b }))
      yield* same(yield* archive.restore(moved.map(passed)), ["Stored", "Stored"], "outcomes")
      yield* same(yield* archive.restore(moved.map(passed)), ["Present", "Present"], "again")
      const times = (yield* mine(archive, tenant)).filter(({ stream }) => stream.id === "to")
      yield* same(times, moved, "what was restored")
      yield* same((yield* repeated(store, noop(b, 1, "refused"))).refusal, sold, "a repeat")
      const other = { ...moved[0]!, fingerprint: "another" }
      yield* same(yield* archive.restore([passed(other)]), ["Conflict"], "another under the same id")
      yield* same(yield* archive.restore([written(b, 2, "refused")]), ["Conflict"], "events of a refused command")
    },
  ),

  law("restore() skips receipts that have expired or know events that are not there", function* (archive, _, tenant) {
    const a = streamOf(tenant, "skipped")
    const { receiptTtlMs } = yield* Limits
    const hands = { ms: epochMs }
    const entries = [receipt(a, 1, "newer", epochMs), receipt(a, 0, "expired", epochMs - receiptTtlMs - 1)].map(passed)
    const outcomes = yield* archive.restore(entries).pipe(fixtures.withClock(hands))
    yield* same(outcomes, ["Skipped", "Skipped"], "outcomes")
    yield* same(yield* mine(archive, tenant).pipe(fixtures.withClock(hands)), [], "receipts")
  }),

  law("cursorBehind() is where the feed goes on", function* (archive, store, tenant) {
    const a = streamOf(tenant, "cursor")
    yield* archive.restore([written(a, 1, "one", 3), written(a, 4, "two")])
    for (let version = 1; version <= 4; version++) {
      const { items } = yield* store.feed(yield* archive.cursorBehind(a, version), 100)
      const here = items.filter((event) => event.tenant === tenant).map((event) => event.version)
      yield* same(here, [1, 2, 3, 4].slice(version), `behind ${version}`)
    }
    yield* holds((yield* archive.cursorBehind(a, 5)) === undefined, "a cursor behind no event")
  }),
]
