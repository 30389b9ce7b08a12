import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { laws, reopened } from "../../../core/SnapshotStore.laws.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite store of snapshots", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
})
