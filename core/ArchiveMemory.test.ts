import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { laws } from "./Archive.laws.ts"
import * as ArchiveMemory from "./ArchiveMemory.ts"

describe("the archive in memory", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, ArchiveMemory.layer))
})
