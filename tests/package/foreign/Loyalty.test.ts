/**
 * The service over its own store: what it answers, what it survives, and that it ends cleanly.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { EventStore } from "nexus-actors/core"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as JournalStore from "./JournalStore.ts"
import { layerOver, Loyalty } from "./Loyalty.ts"
import { emptyFolder } from "./folder.ts"

/** Turns of the event loop for the host's ticks; whatever waits for time waits for the test clock. */
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
})
const minutes = (count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.andThen(TestClock.adjust("1 minute"), settle))

const lines = (folder: string) => readFileSync(join(folder, "journal.jsonl"), "utf8").trim().split("\n")

describe("a service over Nexus's layers and a store of its own", () => {
  it.effect("earns by a schedule, spends once a sale, and says what is left", () => {
    const folder = emptyFolder()
    return Effect.gen(function* () {
      const loyalty = yield* Loyalty
      yield* loyalty.enter("ada")
      yield* settle
      yield* minutes(9)
      assert.strictEqual(yield* loyalty.left("ada"), 10)
      assert.strictEqual(yield* loyalty.spend("ada", 4, "sale-1"), "taken")
      assert.strictEqual(yield* loyalty.spend("ada", 4, "sale-1"), "taken")
      assert.strictEqual(yield* loyalty.spend("ada", 7, "sale-2"), 6)
      assert.lengthOf(lines(folder), 10 + 1 + 1)
    }).pipe(Effect.provide(layerOver(JournalStore.layer(folder))))
  })

  it.effect("goes on when the code of one actor fails, and with the actor itself", () =>
    Effect.gen(function* () {
      const loyalty = yield* Loyalty
      yield* loyalty.enter("ada")
      yield* settle
      const failed = yield* Effect.flip(loyalty.stumble("ada"))
      assert.strictEqual(failed._tag, "ActorDefect")
      yield* minutes(1)
      assert.strictEqual(yield* loyalty.left("ada"), 2)
      assert.strictEqual(yield* loyalty.left("grace"), 0)
    }).pipe(Effect.provide(layerOver(JournalStore.layer(emptyFolder())))))

  it.effect("waits for a store that fails, by its own schedule", () => {
    let outages = 2
    const failing = Layer.effect(
      EventStore.EventStore,
      Effect.map(EventStore.EventStore, (store) => ({
        ...store,
        commit: (group: ReadonlyArray<EventStore.Append>) =>
          group.some(({ events }) => events.length > 0) && outages-- > 0
            ? Effect.fail(new EventStore.StoreUnavailable({ reason: "unplugged" }))
            : store.commit(group),
      })),
    )
    const stores = JournalStore.layer(emptyFolder())
    return Effect.gen(function* () {
      const loyalty = yield* Loyalty
      yield* loyalty.enter("ada")
      for (let second = 0; second < 30; second++) yield* Effect.andThen(TestClock.adjust("1 second"), settle)
      assert.isBelow(outages, 1)
      assert.strictEqual(yield* loyalty.left("ada"), 1)
    }).pipe(Effect.provide(layerOver(Layer.provideMerge(failing, stores))))
  })

  it.effect("ends with its scope: nothing is written any more, and all is there when it begins again", () => {
    const folder = emptyFolder()
    const service = layerOver(JournalStore.layer(folder))
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const loyalty = Context.get(yield* Layer.buildWithScope(service, scope), Loyalty)
      yield* loyalty.enter("ada")
      yield* settle
      yield* minutes(2)
      yield* Scope.close(scope, Exit.void)
      yield* minutes(3)
      assert.lengthOf(lines(folder), 3)
      assert.strictEqual((yield* Effect.flip(loyalty.left("ada")))._tag, "ShuttingDown")
      const again = yield* Effect.flatMap(Loyalty, ({ left }) => left("ada")).pipe(Effect.provide(Layer.fresh(service)))
      assert.strictEqual(again, 3)
    })
  })
})
