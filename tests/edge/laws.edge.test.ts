/**
 * The laws of the memory stores inside workerd: the specification holds on every runtime.
 * @module
 */
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, it } from "vitest"
import * as EventStoreLaws from "../../core/EventStore.laws.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as QueryLimiterLaws from "../../core/QueryLimiter.laws.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import * as SchemaRegistryLaws from "../../core/SchemaRegistry.laws.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreLaws from "../../core/SnapshotStore.laws.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"

const run = <E>(law: Effect.Effect<void, E>) => Effect.runPromise(Effect.provide(law, TestClock.layer()))

describe("the memory event store in workerd", () => {
  for (const { name, law } of EventStoreLaws.laws) it(name, () => run(Effect.provide(law, EventStoreMemory.layer)))
})
describe("the memory snapshot store in workerd", () => {
  for (const { name, law } of SnapshotStoreLaws.laws) {
    it(name, () => run(Effect.provide(law, SnapshotStoreMemory.layer)))
  }
})
describe("the memory limiter of queries in workerd", () => {
  for (const { name, law } of QueryLimiterLaws.laws) it(name, () => run(Effect.provide(law, QueryLimiterMemory.layer)))
})
describe("the memory schema registry in workerd", () => {
  for (const { name, law } of [...SchemaRegistryLaws.laws, ...SchemaRegistryLaws.embeddedLaws]) {
    it(name, () => run(Effect.provide(law, SchemaRegistryMemory.layer)))
  }
})
