import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { embeddedLaws, laws, reopened } from "./SchemaRegistry.laws.ts"
import * as SchemaRegistryMemory from "./SchemaRegistryMemory.ts"

describe("the schema registry in memory", () => {
  for (const { name, law } of [...laws, ...embeddedLaws]) {
    it.effect(name, () => Effect.provide(law, SchemaRegistryMemory.layer))
  }
  for (const { name, law } of reopened(SchemaRegistryMemory.layerOf(SchemaRegistryMemory.fresh()))) {
    it.effect(name, () => law)
  }
})
