import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { laws, reopened } from "./SnapshotStore.laws.ts"
import * as SnapshotStoreMemory from "./SnapshotStoreMemory.ts"

describe("the memory store of snapshots", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, SnapshotStoreMemory.layer))
  const layer = SnapshotStoreMemory.layerOf(new Map())
  for (const { name, law } of reopened(layer)) it.effect(name, () => law)
})
