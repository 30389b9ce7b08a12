import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { laws, reopened } from "./DeadLetters.laws.ts"
import * as DeadLettersMemory from "./DeadLettersMemory.ts"

describe("the memory keeper of dead letters", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, DeadLettersMemory.layer))
  for (const { name, law } of reopened(DeadLettersMemory.layerOf(new Map()))) it.effect(name, () => law)
})
