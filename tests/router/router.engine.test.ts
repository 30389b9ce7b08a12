import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { CoreEvent } from "../../core/CoreBus.ts"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import { append, stored, streamOf } from "../../core/laws/fixtures.ts"
import { object, text } from "../../core/laws/schemas.ts"
import * as PolicyEnforcerMemory from "../../core/PolicyEnforcerMemory.ts"
import { Progress } from "../../core/Progress.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import * as SecondaryBusMemory from "../../core/SecondaryBusMemory.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { patient, settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Router } from "../../runtime/workers/Router.ts"
import { engine } from "../engine.ts"
import { app } from "./Rig.ts"

const dynamodb = engine("dynamodb")
const streams = Array.from({ length: 8 }, (_, i) => streamOf("t", `s${i}`))

it.live(
  "two routers in turn send everything that DynamoDB stores, in order, each naming the one before",
  () =>
    Effect.gen(function* () {
      const registry = yield* SchemaRegistryMemory.make()
      for (const type of ["Noted", "Chatted"]) yield* registry.register(`Order.${type}.v1`, object({ of: text! }))
      const bus = CoreBusMemory.emptyState()
      const stores = yield* Layer.build(Layer.provide(DynamoDB.layer(settingsOf(dynamodb().url)), patient))
      const [store, progress] = [Context.get(stores, EventStore), Context.get(stores, Progress)]
      const ports = Layer.mergeAll(
        Layer.succeedContext(stores),
        CoreBusMemory.layerOf(bus),
        SecondaryBusMemory.layer,
        PolicyEnforcerMemory.layerDeniesNothingForTests,
        Layer.provide(CachedRegistry.layer, Layer.succeed(SchemaRegistry, registry)),
      )
      const open = Layer.build(Layer.fresh(Layer.provide(Router.layer(app), ports)))
      const say = (from: number) =>
        Effect.forEach(streams, (stream) =>
          Effect.forEach([0, 1, 2, 3], (i) => {
            const one = append(stream, from + i * 3, `c${from + i}`, 3)
            const events = one.events.map((event, n) => n === 1 ? { ...event, type: "Chatted" } : event)
            return stored(store, { ...one, events })
          }), { concurrency: 4 })
      const drained = Effect.fnUntraced(function* (version: number) {
        for (let i = 0; i < 600; i++) {
          const marks = yield* progress.read("router", streams)
          if (marks.every((mark) => mark.version === version)) return
          yield* Effect.sleep(100)
        }
        assert.deepStrictEqual(yield* progress.read("router", streams), [])
      })

      yield* Effect.scoped(Effect.gen(function* () {
        yield* open
        yield* say(0)
        yield* drained(12)
      }))
      // Given back in order: the next one need not wait for a lease to run out.
      yield* say(12)
      yield* Effect.scoped(Effect.andThen(open, drained(24)))

      const sent = [...bus.shards.values()].flatMap(({ items }) => items.flatMap(({ record }) => record.events))
      for (const stream of streams) {
        const firsts = new Map<number, CoreEvent>()
        for (const event of sent) {
          if (event.id === stream.id && !firsts.has(event.version)) firsts.set(event.version, event)
        }
        const core = (yield* store.read(stream, 0, 100)).filter(({ type }) => type === "Noted")
        const expected = core.map((event: StoredEvent, i) => ({ ...event, prevCore: core[i - 1]?.version ?? 0 }))
        assert.deepStrictEqual([...firsts.values()], expected)
      }
    }).pipe(Effect.scoped),
  120_000,
)
