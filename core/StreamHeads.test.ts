import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Shape as Store } from "./EventStore.ts"
import { EventStore } from "./EventStore.ts"
import * as EventStoreMemory from "./EventStoreMemory.ts"
import { append, stored, streamOf } from "./laws/fixtures.ts"
import { fromFeed } from "./StreamHeads.ts"

const walk = Effect.fnUntraced(function* (store: Store, limit: number) {
  const found: Array<string> = []
  let cursor: string | undefined
  do {
    const page = yield* fromFeed(store).heads(cursor, limit)
    found.push(...page.items.map(({ stream, version }) => `${stream.tenant}/${stream.id}/${version}`))
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
})

it.effect("fromFeed() finds each stream of every tenant once, with its head, whatever the page", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* stored(store, append(streamOf("t", "a"), 0, "1", 3))
    yield* stored(store, append(streamOf("u", "a"), 0, "1"))
    yield* stored(store, append(streamOf("t", "b"), 0, "1", 2))
    yield* stored(store, append(streamOf("t", "a"), 3, "2"))
    for (const limit of [1, 2, 7, 100]) assert.deepStrictEqual(yield* walk(store, limit), ["t/a/4", "u/a/1", "t/b/2"])
  }).pipe(Effect.provide(EventStoreMemory.layer)))
