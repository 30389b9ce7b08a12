import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { laws, reopened } from "../../../core/Progress.laws.ts"
import { Progress } from "../../../core/Progress.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder, takingTurns } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite keeper of progress", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const { name, law } of laws) {
    it.effect(`two connections: ${name}`, () => Effect.provide(law, takingTurns(Progress)))
  }
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
})
