import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { laws, reopened } from "../../../core/Progress.laws.ts"
import { Progress } from "../../../core/Progress.ts"
import * as Sqlite from "./Sqlite.ts"
import { watched } from "./testDriver.ts"
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

  it.effect("advance() is one transaction for a batch", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      const folder = yield* freshFolder
      const connect = watched((sql, run) => (ran.push(sql), run()))
      const progress = Context.get(yield* Layer.build(Sqlite.layer({ folder }, connect)), Progress)
      ran.splice(0)
      const marks = Array.from({ length: 50 }, (_, i) => ({
        stream: streamOf("t", `s-${i}`),
        mark: { version: 1, core: 1 },
      }))
      yield* progress.advance("mailer", marks)
      assert.deepEqual([ran[0], ran.at(-1), ran.length], ["BEGIN IMMEDIATE", "COMMIT", 52])
    }))
})
