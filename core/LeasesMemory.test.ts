import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bounded, laws, reopened } from "./Leases.laws.ts"
import * as LeasesMemory from "./LeasesMemory.ts"

describe("the memory keeper of leases", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, LeasesMemory.layer))
  for (const { name, law } of reopened(LeasesMemory.layerOf(new Map()))) it.effect(name, () => law)
  for (const { name, law } of bounded(LeasesMemory.layerOf(new Map()))) it.effect(name, () => law)
})
