import { assert, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { EventStore } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { append, stored, streamOf } from "../../core/laws/fixtures.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import * as CatchUp from "./CatchUp.ts"

const a = streamOf("t", "a")
const small = Effect.provideService(Limits, lowered({ page: 3 }))

it.effect("a stream is handed on in order, page by page, with what is stored meanwhile", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* stored(store, append(a, 0, "1", 6))
    const pages: Array<ReadonlyArray<number>> = []
    const last = yield* CatchUp.run(store, a, 1, (events) => {
      pages.push(events.map(({ version }) => version))
      return pages.length === 1 ? stored(store, append(a, 6, "2", 2)) : Effect.void
    })
    assert.deepStrictEqual([pages, last], [[[2, 3, 4], [5, 6, 7], [8]], 8])
    assert.strictEqual(yield* CatchUp.run(store, a, 8, () => Effect.die("nothing is left")), 8)
    assert.strictEqual(yield* CatchUp.run(store, streamOf("t", "none"), 0, () => Effect.die("there is nothing")), 0)
  }).pipe(small, Effect.provide(EventStoreMemory.layer)))

it.effect("what fails leaves the pages before it handed on", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* stored(store, append(a, 0, "1", 6))
    const handed: Array<number> = []
    const exit = yield* Effect.exit(CatchUp.run(store, a, 0, (events) =>
      events[0]!.version > 3
        ? Effect.fail("no")
        : Effect.sync(() =>
          handed.push(...events.map(({ version }) =>
            version
          ))
        )))
    assert.deepStrictEqual([exit, handed], [Exit.fail("no"), [1, 2, 3]])
  }).pipe(small, Effect.provide(EventStoreMemory.layer)))

it.effect("a hole in the store is a defect, and nothing behind it is handed on", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    yield* stored(store, append(a, 0, "1", 3))
    const holed = {
      read: () => Effect.map(store.read(a, 0, 9), (events) => events.filter(({ version }) => version !== 2)),
    }
    const exit = yield* Effect.exit(CatchUp.run(holed, a, 0, () => Effect.fail("handed on")))
    assert.isTrue(Exit.isFailure(exit) && String(exit.cause).includes("version 2 of t/Order/a"))
  }).pipe(Effect.provide(EventStoreMemory.layer)))
