import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { laws } from "../../../core/Archive.laws.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the archive of the SQLite store", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
})
