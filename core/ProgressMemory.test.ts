import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { laws, reopened } from "./Progress.laws.ts"
import * as ProgressMemory from "./ProgressMemory.ts"

describe("the memory keeper of progress", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, ProgressMemory.layer))
  for (const { name, law } of reopened(ProgressMemory.layerOf(new Map()))) it.effect(name, () => law)
})
