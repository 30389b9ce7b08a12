import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ChangeFeed, type Shape } from "../../../core/ChangeFeed.ts"
import { EventStore, type StoredEvent } from "../../../core/EventStore.ts"
import { append, stored, streamOf } from "../../../core/laws/fixtures.ts"
import { keyOf } from "../../../core/Stream.ts"
import { engine } from "../../../tests/engine.ts"
import { fresh } from "./testStore.ts"

const dynamodb = engine("dynamodb")
const here = fresh(() => dynamodb().url)
const nameOf = (event: StoredEvent) => `${keyOf(event)} ${event.version}`

/** Reads on until `count` events came, or nothing came for ten seconds. */
const follow = Effect.fnUntraced(function* (feed: Shape, after: string | undefined, count: number, limit = 1_000) {
  const [shard] = yield* feed.shards
  const found: Array<StoredEvent> = []
  let position = after
  for (let empty = 0; found.length < count && empty < 100;) {
    const { items, next } = yield* feed.read(shard!.id, position, limit)
    found.push(...items.map(({ value }) => value))
    empty = items.length === 0 ? empty + 1 : 0
    position = next
    if (items.length === 0) yield* Effect.sleep(100)
  }
  return { found, position: position!, shard: shard!.id }
})

describe("the change feed on DynamoDB", () => {
  it.live(
    "brings every event as it was stored, and goes on where a reader stands, also behind an earlier place",
    () =>
      Effect.gen(function* () {
        const [store, feed] = [yield* EventStore, yield* ChangeFeed]
        const streams = ["a", "b", "c"].map((id) => streamOf("t", id))
        for (let i = 0; i < 5; i++) for (const one of streams) yield* stored(store, append(one, i * 3, `c${i}`, 3))
        const { found, position, shard } = yield* follow(feed, undefined, 45, 7)
        const expected = (yield* Effect.forEach(streams, (one) => store.read(one, 0, 100))).flat()
        const byName = new Map(found.map((event) => [nameOf(event), event]))
        assert.deepStrictEqual([...byName.keys()].sort(), expected.map(nameOf).sort())
        for (const event of expected) assert.deepStrictEqual(byName.get(nameOf(event)), event)

        yield* stored(store, append(streams[0]!, 15, "later", 1))
        const later = yield* follow(feed, position, 1)
        assert.deepStrictEqual(later.found.map(nameOf), ["t/Order/a 16"])
        const again = yield* follow(feed, undefined, 46)
        assert.strictEqual(new Set(again.found.map(nameOf)).size, 46)
        const inside = (yield* feed.read(shard, undefined, 10)).items[4]!
        const behind = yield* feed.read(shard, inside.position, 10)
        assert.notInclude(behind.items.map(({ value }) => nameOf(value)), nameOf(inside.value))
      }).pipe(Effect.provide(here)),
    60_000,
  )

  it.live("lists every stream of all tenants with its head, page by page", () =>
    Effect.gen(function* () {
      const [store, feed] = [yield* EventStore, yield* ChangeFeed]
      for (const tenant of ["t", "u"]) {
        for (let i = 1; i <= 6; i++) yield* stored(store, append(streamOf(tenant, `s${i}`), 0, "c", i))
      }
      const found: Array<string> = []
      let cursor: string | undefined
      do {
        const page = yield* feed.heads(cursor, 5)
        found.push(...page.items.map(({ stream, version }) => `${stream.tenant}/${stream.id}/${version}`))
        cursor = page.cursor
      } while (cursor !== undefined)
      const expected = ["t", "u"].flatMap((tenant) => [1, 2, 3, 4, 5, 6].map((i) => `${tenant}/s${i}/${i}`))
      assert.deepStrictEqual(found.sort(), expected)
      assert.strictEqual((yield* Effect.flip(feed.heads("none of ours", 5)))._tag, "BadCursor")
    }).pipe(Effect.provide(here)), 60_000)

  it.live("says of a shard that is none that its history is gone", () =>
    Effect.gen(function* () {
      const feed = yield* ChangeFeed
      const [shard] = yield* feed.shards
      const none = shard!.id.replace(/\d/g, "9")
      const error = yield* Effect.flip(feed.read(none, undefined, 10))
      assert.strictEqual(error._tag, "Trimmed", String(error))
    }).pipe(Effect.provide(here)), 60_000)
})
