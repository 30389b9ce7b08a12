import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { laws, reopened } from "./EventStore.laws.ts"
import * as EventStoreMemory from "./EventStoreMemory.ts"
import { append, epochMs, noop, streamOf, withClock } from "./laws/fixtures.ts"
import * as Limits from "./Limits.ts"

describe("the memory store", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, EventStoreMemory.layer))
  const state = EventStoreMemory.emptyState()
  for (const { name, law } of reopened(EventStoreMemory.layerOf(state))) it.effect(name, () => law)

  it.effect("refuses the cursor of a feed that was longer", () =>
    Effect.gen(function* () {
      const [long, short] = [yield* EventStoreMemory.make(), yield* EventStoreMemory.make()]
      yield* long.commit([append(streamOf("t", "a"), 0, "c", 3)])
      const { cursor } = yield* long.feed(undefined, 9)
      assert.strictEqual((yield* Effect.flip(short.feed(cursor, 9)))._tag, "BadCursor")
    }))

  it.effect("forgets expired receipts as new ones come", () =>
    Effect.gen(function* () {
      const state = EventStoreMemory.emptyState()
      const store = yield* EventStoreMemory.make(state)
      const hands = { ms: epochMs }
      for (let day = 0; day < 3; day++) {
        for (let i = 0; i < 100; i++) {
          yield* withClock(hands)(store.commit([noop(streamOf("t", "a"), 0, `${day}-${i}`)]))
        }
        hands.ms += Limits.defaults.receiptTtlMs + 1
      }
      assert.strictEqual(state.passing.size, 100)
    }))
})
