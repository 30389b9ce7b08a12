/**
 * Laws of reading streams: pages, order, every field kept byte for byte, hostile names kept apart.
 * @module
 */
import { Effect } from "effect"
import { tombstone } from "../EventStore.ts"
import { empty, keyOf, type StreamKey } from "../Stream.ts"
import {
  append,
  command,
  event,
  holds,
  type Law,
  law,
  readAll,
  refused,
  repeated,
  same,
  stored,
  streamOf,
} from "./fixtures.ts"

export const reads: ReadonlyArray<Law> = [
  law("read() gives every field that was stored, byte for byte", function* (store, tenant) {
    const [full, bare] = [streamOf(tenant, "full"), streamOf(tenant, "bare")]
    const events = payloads.map((payload, i) =>
      event(`event-${i}`, { payload, schemaVersion: i + 1, type: `Type${i}` })
    )
    const record = command("c", {
      fingerprint: "0123456789abcdef",
      correlationId: "correlation",
      causationId: "causation",
      principal: 'subject with spaces, "quotes" and ünïcode',
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      writerId: "writer",
    })
    const { head } = yield* stored(store, { ...append(full, 0, "c"), events, command: record })
    yield* stored(store, append(bare, 0, "bare"))
    const { given: _, ...kept } = record
    const wanted = events.map((event, i) => ({
      ...{ ...full, ...event, ...kept },
      version: i + 1,
      recordedAt: head.recordedAt,
    }))
    yield* same(yield* readAll(store, full), wanted, "a full record")
    const [least] = yield* readAll(store, bare)
    const { given: __, ...fewest } = command("bare")
    const { recordedAt } = least!
    yield* same(least, { ...bare, ...event("bare.0"), ...fewest, version: 1, recordedAt }, "a record without options")
  }),

  law("read() and readBackwards() give pages of ten thousand events", function* (store, tenant) {
    const [stream, count] = [streamOf(tenant, "long"), 10_000]
    for (let version = 0; version < count; version += 1_000) {
      const group = Array.from({ length: 20 }, (_, i) => append(stream, version + i * 50, `c-${version + i * 50}`, 50))
      yield* store.commit(group)
    }
    const ascending = (yield* readAll(store, stream, 333)).map(({ version }) => version)
    yield* same(ascending, Array.from({ length: count }, (_, i) => i + 1), "versions upwards")
    const descending: Array<number> = []
    while (true) {
      const page = yield* store.readBackwards(stream, descending.at(-1) ?? Infinity, 500)
      if (page.length === 0) break
      descending.push(...page.map(({ version }) => version))
    }
    yield* same(descending, ascending.toReversed(), "versions downwards")
    const around = [yield* store.read(stream, 4_998, 3), yield* store.readBackwards(stream, 5_002, 3)]
    const versions = around.map((page) => page.map(({ version }) => version))
    yield* same(versions, [[4_999, 5_000, 5_001], [5_001, 5_000, 4_999]], "a page in the middle")
    yield* same([yield* store.read(stream, count, 5), yield* store.readBackwards(stream, 1, 5)], [[], []], "the ends")
    yield* same((yield* store.receipt(stream, "c-9950"))?.version, count, "the last receipt")
  }),

  law("readEach() answers in the order of the requests", function* (store, tenant) {
    const streams = [
      ...["c", "a", "b"].map((id) => streamOf(tenant, id)),
      streamOf(tenant, "b", "Cart"),
      streamOf(`${tenant}.b`, "b"),
    ]
    for (const [i, stream] of streams.entries()) yield* stored(store, append(stream, 0, "c", i + 2))
    const [c, a, b, cart, foreign] = streams as [StreamKey, StreamKey, StreamKey, StreamKey, StreamKey]
    const asked: ReadonlyArray<readonly [stream: StreamKey, after: number, wanted: ReadonlyArray<number>]> = [
      [b, 1, [2, 3]],
      [streamOf(tenant, "absent"), 0, []],
      [c, 0, [1, 2]],
      [b, 0, [1, 2]],
      [streamOf(tenant, "c", "Cart"), 0, []],
      [cart, 3, [4, 5]],
      [a, 9, []],
      [foreign, 4, [5, 6]],
    ]
    const answers = yield* store.readEach(asked.map(([stream, after]) => ({ stream, after })), 2)
    const found = answers.map((events) => events.map((event) => `${keyOf(event)} ${event.version}`))
    const wanted = asked.map(([stream, _, versions]) => versions.map((version) => `${keyOf(stream)} ${version}`))
    yield* same(found, wanted, "answers")
    yield* same(yield* store.readEach([], 2), [], "no request")
  }),

  law("begun() tells the streams that hold an event, in the order of the streams", function* (store, tenant) {
    if (store.begun === undefined) return
    const [one, two, closed] = [streamOf(tenant, "a"), streamOf(tenant, "b", "Cart"), streamOf(tenant, "c")]
    yield* stored(store, append(one, 0, "c", 3))
    yield* stored(store, append(two, 0, "c", 1))
    yield* stored(store, append(closed, 0, "c", 1, { type: tombstone.type }))
    yield* stored(store, refused(streamOf(tenant, "no"), 0, "no"))
    const absent = [
      streamOf(tenant, "absent"),
      streamOf(tenant, "b"),
      streamOf(`${tenant}.b`, "a"),
      streamOf(tenant, "no"),
    ]
    const asked = [absent[0]!, one, absent[1]!, two, one, absent[2]!, closed, absent[3]!]
    yield* same(yield* store.begun(asked), [false, true, false, true, true, false, true, false], "known")
    const many = Array.from({ length: 250 }, (_, i) => streamOf(tenant, `m-${i}`))
    for (const i of [0, 99, 100, 249]) yield* stored(store, append(many[i]!, 0, "c", 1))
    const found = (yield* store.begun(many)).flatMap((begun, i) => begun ? [i] : [])
    yield* same(found, [0, 99, 100, 249], "of several requests")
    yield* same(yield* store.begun([]), [], "no stream")
  }),

  law("head() and read() of an absent stream are empty", function* (store, tenant) {
    const stream = streamOf(tenant, "absent")
    yield* same(yield* store.head(stream), empty, "head")
    const pages = [yield* store.read(stream, 0, 5), yield* store.readBackwards(stream, Infinity, 5)]
    yield* same(pages, [[], []], "pages")
  }),

  law("commit() keeps streams of hostile and look-alike names apart", function* (store, tenant) {
    const streams: ReadonlyArray<StreamKey> = [
      ...hostile.map((id) => streamOf(tenant, id)),
      ...hostile.filter((id) => id.length < 64).map((id) => streamOf(`${tenant}.${id}`, "a")),
      streamOf(`${tenant}.a`, "b.c"),
      streamOf(`${tenant}.a.b`, "c"),
      streamOf(tenant, "a.b.c"),
      streamOf(tenant, "1", "Order1"),
      streamOf(tenant, "1", "Order11"),
      streamOf(tenant, "11", "Order1"),
    ]
    for (const [i, stream] of streams.entries()) {
      yield* stored(store, append(stream, 0, hostile[i % hostile.length]!, (i % 3) + 1))
    }
    for (const [i, stream] of streams.entries()) {
      const events = yield* readAll(store, stream)
      yield* same(
        events.map(({ tenant, aggregate, id }) => ({ tenant, aggregate, id })),
        Array((i % 3) + 1).fill(stream),
        "keys",
      )
      const again = append(stream, 0, hostile[i % hostile.length]!)
      yield* same((yield* repeated(store, again)).version, (i % 3) + 1, "the receipt under a hostile command id")
    }
    const ids = (yield* store.streams(tenant, "Order", undefined, 500)).items.map(({ id }) => id)
    yield* same(ids, [...hostile, "a.b.c"].toSorted((a, b) => a < b ? -1 : 1), "listed ids")
    const heads = yield* Effect.all(streams.map((stream) => store.head(stream)))
    yield* holds(heads.every(({ version }, i) => version === (i % 3) + 1), "heads of look-alike streams are mixed up")
  }),
]

/** JSON objects that a careless store would change: spaces, key order, escapes, numbers, quotes of other languages. */
const payloads = [
  "{}",
  `{ "b" : 1,\t"a":\n[ ] }`,
  `{"b":1,"a":2,"b":3}`,
  `{"n":1.0,"m":1e2,"big":12345678901234567890,"neg":-0}`,
  `{"s":"\\u0000 \\ud83d\\ude00 \\/ \\" ' ; DROP TABLE events; -- %s ? :a $1"}`,
  `{"s":"äöü ß 漢字 😀 \u2028 \u200f \ufeff e\u0301"}`,
  `{"__proto__":{"x":1},"constructor":null,"s":"'); DELETE FROM events"}`,
]

/** Ids at the edges of the id rule, and such that a cast, a pattern, a prototype or another case would mix up. */
const hostile = [
  "a",
  "A",
  "a.",
  "a~",
  "a-",
  "a_",
  "a.b",
  "a_b",
  "aXb",
  "0",
  "00",
  "0.0",
  "0x0",
  "1e0",
  "1",
  "null",
  "true",
  "NaN",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "9007199254740993",
  "9007199254740992",
  "x".repeat(127),
  "x".repeat(128),
]
