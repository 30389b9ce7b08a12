import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { laws, reopened } from "./EventStore.laws.ts"
import * as EventStoreMemory from "./EventStoreMemory.ts"

describe("the memory store", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, EventStoreMemory.layer))
  const state = EventStoreMemory.emptyState()
  for (const { name, law } of reopened(EventStoreMemory.layerOf(state))) it.effect(name, () => law)
})
