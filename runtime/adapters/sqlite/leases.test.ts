import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { bounded, laws, reopened } from "../../../core/Leases.laws.ts"
import { Leases } from "../../../core/Leases.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder, takingTurns } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite keeper of leases", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const { name, law } of laws) {
    it.effect(`two connections: ${name}`, () => Effect.provide(law, takingTurns(Leases)))
  }
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
  for (const [i, { name }] of bounded(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => bounded(Sqlite.layer({ folder }))[i]!.law))
  }
})
