/**
 * Laws of what reads across streams: the feed, time ranges, instances, cursors.
 * @module
 */
import { Arbitrary, Effect, Schema } from "effect"
import type { Append, Shape, StoredEvent, TimeRange } from "../EventStore.ts"
import { keyOf, type StreamKey } from "../Stream.ts"
import {
  append,
  epochMs,
  holds,
  type Law,
  law,
  LawBroken,
  noop,
  readAll,
  refused,
  same,
  stored,
  streamOf,
  tags,
  walk,
  withClock,
} from "./fixtures.ts"

/** Of stores whose feed has one order over all streams. */
export const oneOrder: ReadonlyArray<Law> = [
  law("feed() gives every event once, in order, resumed at any cut", function* (store, tenant) {
    const end = yield* feedEnd(store)
    const streams = [streamOf(tenant, "a"), streamOf(`${tenant}.b`, "a"), streamOf(tenant, "c")]
    for (let round = 0; round < 4; round++) {
      const group = streams.flatMap((
        stream,
      ) => [append(stream, round * 2, `c-${round}`, 2), refused(stream, round * 2 + 2, `r-${round}`)])
      yield* store.commit([...group, append(streams[0]!, 99, "stale")])
    }
    const mine = ({ items }: { readonly items: ReadonlyArray<StoredEvent> }) =>
      items.filter((event) => event.tenant.startsWith(tenant)).map(nameOf)
    const names = mine({ items: yield* walk((cursor) => store.feed(cursor, 5), end) })
    for (const stream of streams) {
      const own = names.filter((name) => name.startsWith(`${keyOf(stream)} `))
      yield* same(own, (yield* readAll(store, stream)).map(nameOf), `the events of ${keyOf(stream)}`)
    }
    yield* same(names.length, 24, "events in the feed")
    for (let cut = 1; cut < names.length; cut++) {
      const head = yield* store.feed(end, cut)
      const tail = yield* walk((cursor) => store.feed(cursor, 7), head.cursor)
      yield* same([...mine(head), ...mine({ items: tail })], names, `the feed cut behind ${cut} events`)
    }
    const last = yield* feedEnd(store)
    yield* same(yield* store.feedEnd, last, "where the feed ends")
    const none = yield* store.feed(last, 10)
    yield* same(none, { items: [], cursor: last }, "the page behind the end")
    yield* stored(store, append(streams[0]!, 8, "later"))
    const later = yield* store.feed(none.cursor, 10)
    yield* same(mine(later), [`${keyOf(streams[0]!)} 9`], "what came later")
    yield* same(yield* store.feedEnd, later.cursor, "where the feed ends then")
  }),
]

/** `runs` is the count of random cases. */
export const listings = (runs: number): ReadonlyArray<Law> => [
  law("feed() gives each stream's events in order and misses none, resumed at any cut", function* (store, tenant) {
    const streams = [streamOf(tenant, "a"), streamOf(`${tenant}.b`, "a"), streamOf(tenant, "c")]
    for (let round = 0; round < 3; round++) {
      yield* store.commit(streams.map((stream) => append(stream, round * 2, `c-${round}`, 2)))
    }
    /** Of each stream, the versions as they first came. */
    const firsts = (items: ReadonlyArray<StoredEvent>) =>
      streams.map((stream) => [
        ...new Set(items.flatMap((event) => keyOf(event) === keyOf(stream) ? [event.version] : [])),
      ])
    const upTo = (count: number) => streams.map(() => Array.from({ length: count }, (_, i) => i + 1))
    // From the beginning of a store that other laws have filled: in large pages, behind few cuts.
    const whole = yield* walk((cursor) => store.feed(cursor, 200))
    yield* same(firsts(whole), upTo(6), "versions from the beginning")
    for (const cut of [1, 2, 3, 5, 8, 13, 21, 34].filter((cut) => cut < whole.length)) {
      const head = yield* store.feed(undefined, cut)
      yield* holds(head.items.length <= cut, "a page is larger than its limit")
      const rest = yield* walk((cursor) => store.feed(cursor, 200), head.cursor)
      yield* same(firsts([...head.items, ...rest]), upTo(6), `versions, cut behind ${cut} events`)
    }
    const end = yield* store.feedEnd
    for (const stream of streams) yield* stored(store, append(stream, 6, "later", 2))
    const later = firsts(yield* walk((cursor) => store.feed(cursor, 4), end))
    yield* same(later.map((versions) => versions.slice(-2)), streams.map(() => [7, 8]), "versions behind the end")
  }),

  law("byTime() equals a filter of the log and never crosses tenants", function* (store, tenant) {
    let run = 0
    const result = yield* Arbitrary.checkEffect(
      Arbitrary.schema(Schema.Struct({ writes: Schema.Array(Write), queries: Schema.Array(Query) })),
      ({ writes, queries }) => Effect.as(timeRanges(store, `${tenant}.${run++}`, writes, queries), true),
      { runs, seed: 1, size: 24 },
    )
    const failure = Arbitrary.formatCheckFailure(result)
    if (failure !== undefined) return yield* new LawBroken({ message: failure })
  }),

  law("streams() gives the instances that hold an event, by id, in pages", function* (store, tenant) {
    const ids = ["b", "a", "c10", "c1", "c2", "B", "a.b", "0"]
    for (const id of ids) yield* stored(store, append(streamOf(tenant, id), 0, "c"))
    yield* stored(store, append(streamOf(tenant, "cart", "Cart"), 0, "c"))
    yield* stored(store, append(streamOf(`${tenant}.x`, "foreign"), 0, "c"))
    yield* stored(store, refused(streamOf(tenant, "refused"), 0, "c"))
    yield* stored(store, noop(streamOf(tenant, "noop"), 0, "c"))
    for (let limit = 1; limit <= ids.length + 1; limit++) {
      const found = yield* walk((cursor) => store.streams(tenant, "Order", cursor, limit))
      const wanted = ids.toSorted((a, b) => a < b ? -1 : 1).map((id) => streamOf(tenant, id))
      yield* same(found, wanted, `instances in pages of ${limit}`)
    }
    yield* same(yield* store.streams(tenant, "Nothing", undefined, 5), { items: [] }, "an aggregate without instances")
  }),

  law("a range that has not begun is empty", function* (store, tenant) {
    const noon = epochMs + 12 * 3_600_000
    const now = withClock({ ms: noon })
    yield* now(store.commit([append(streamOf(tenant, "a"), 0, "c")]))
    for (const ms of [1, 1_000, 86_400_000]) {
      const range = { tenant, from: noon + ms, to: noon + ms + 1_000, limit: 5 }
      yield* same(yield* now(store.byTime(range)), { items: [] }, `${ms} ms from now`)
    }
  }),

  law("a cursor of another listing, tenant, aggregate or store is refused", function* (store, tenant) {
    const hands = { ms: epochMs }
    for (const id of ["a", "b"]) yield* store.commit([append(streamOf(tenant, id), 0, "c")]).pipe(withClock(hands))
    hands.ms += settled
    const span = { from: epochMs, to: epochMs + 1 }
    const range = (more: Partial<TimeRange> = {}): TimeRange => ({ tenant, ...span, limit: 1, ...more })
    const timed = (asked: TimeRange) => withClock(hands)(store.byTime(asked))
    const cursors = {
      feed: (yield* store.feed(undefined, 1)).cursor!,
      byTime: (yield* timed(range())).cursor!,
      streams: (yield* store.streams(tenant, "Order", undefined, 1)).cursor!,
    }
    const { feed, byTime, streams } = cursors
    const asked: Record<string, Effect.Effect<unknown, unknown>> = {
      "the feed by time": timed(range({ cursor: feed })),
      "the feed as instances": store.streams(tenant, "Order", feed, 1),
      "time as a feed": store.feed(byTime, 1),
      "time of another tenant": timed(range({ tenant: `${tenant}.x`, cursor: byTime })),
      "time of one aggregate": timed(range({ aggregate: "Order", cursor: byTime })),
      "instances of another tenant": store.streams(`${tenant}.x`, "Order", streams, 1),
      "instances of another aggregate": store.streams(tenant, "Cart", streams, 1),
    }
    for (const foreign of ["", "x", "W10", "bnVsbA", `${feed}${feed}`, "%00", "[1]"]) {
      asked[`"${foreign}" as a feed`] = store.feed(foreign, 1)
      asked[`"${foreign}" as time`] = timed(range({ cursor: foreign }))
      asked[`"${foreign}" as instances`] = store.streams(tenant, "Order", foreign, 1)
    }
    for (const [what, effect] of Object.entries(asked)) {
      const error = yield* Effect.flip(Effect.mapError(effect, (error) => (error as { readonly _tag: string })._tag))
        .pipe(Effect.catch(() => Effect.succeed("an answer")))
      yield* same(error, "BadCursor", what)
    }
  }),
]

/** Longer than any store needs until its listings show what was committed. */
const settled = 60_000

const nameOf = (event: StoredEvent): string => `${keyOf(event)} ${event.version}`

const feedEnd = Effect.fnUntraced(function* (store: Shape) {
  let cursor: string | undefined
  while (true) {
    const page = yield* store.feed(cursor, 500)
    if (page.items.length === 0) return page.cursor
    cursor = page.cursor
  }
})

const between = (minimum: number, maximum: number) =>
  Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum, maximum })))
/** `count` events to one of six streams of two tenants, in the group of the write before or `step` milliseconds later. */
const Write = Schema.Struct({
  stream: between(0, 5),
  count: between(1, 3),
  step: between(-3, 3),
  joined: Schema.Boolean,
})
const Query = Schema.Struct({
  from: between(-8, 8),
  span: between(0, 12),
  limit: between(1, 5),
  of: Schema.Literals(["all", "Order", "Cart"]),
})

/** Writes under a clock that goes to and fro, then compares each range with a filter of what the streams hold. */
const timeRanges = Effect.fnUntraced(function* (
  store: Shape,
  tenant: string,
  writes: ReadonlyArray<typeof Write.Type>,
  queries: ReadonlyArray<typeof Query.Type>,
) {
  const hands = { ms: epochMs }
  const streams: ReadonlyArray<StreamKey> = [tenant, `${tenant}.x`].flatMap((of) => [
    streamOf(of, "a"),
    streamOf(of, "b"),
    streamOf(of, "a", "Cart"),
  ])
  const versions = streams.map(() => 0)
  let group: Array<Append> = []
  const commit = Effect.suspend(() => {
    const appends = group
    group = []
    return Effect.flatMap(
      withClock(hands)(store.commit(appends)),
      (outcomes) => same(tags(outcomes), appends.map(() => "Committed"), "a group"),
    )
  })
  for (const [i, write] of writes.entries()) {
    if (!write.joined) {
      yield* commit
      hands.ms += write.step
    }
    group.push(append(streams[write.stream]!, versions[write.stream]!, `c-${i}`, write.count))
    versions[write.stream]! += write.count
  }
  yield* commit
  const log: Array<StoredEvent> = []
  for (const stream of streams) log.push(...(yield* readAll(store, stream)))
  hands.ms = epochMs + settled
  for (const { from, span, limit, of } of queries) {
    const range = { tenant, from: epochMs + from, to: epochMs + from + span, limit }
    const filter = of === "all" ? {} : { aggregate: of }
    const found = yield* walk((cursor) =>
      withClock(hands)(store.byTime({ ...range, ...filter, ...(cursor === undefined ? {} : { cursor }) }))
    )
    const wanted = log
      .filter((event) => event.tenant === tenant && (of === "all" || event.aggregate === of))
      .filter((event) => event.recordedAt >= range.from && event.recordedAt < range.to)
      .toSorted((a, b) =>
        a.recordedAt - b.recordedAt || order(a.aggregate, b.aggregate) || order(a.id, b.id) || a.version - b.version
      )
    yield* same(found, wanted, `events from ${from} for ${span} ms in pages of ${limit}, ${of}`)
    const sizes = yield* withClock(hands)(store.byTime({ ...range, ...filter }))
    yield* holds(sizes.items.length <= limit, "a page is larger than its limit")
  }
})

const order = (a: string, b: string): number => a === b ? 0 : a < b ? -1 : 1
