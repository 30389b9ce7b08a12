import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { laws, reopened } from "../../../core/DeadLetters.laws.ts"
import { type DeadLetter, DeadLetters, type Failure } from "../../../core/DeadLetters.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { connect } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder, takingTurns } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite keeper of dead letters", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const { name, law } of laws) {
    it.effect(`two connections: ${name}`, () => Effect.provide(law, takingTurns(DeadLetters)))
  }
  it.effect("reads what a file says that was written before there were discards", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const within = <A, E>(f: (letters: DeadLetters["Service"]) => Effect.Effect<A, E>) =>
        Effect.flatMap(Effect.service(DeadLetters), f).pipe(Effect.provide(Layer.fresh(Sqlite.layer({ folder }))))
      const rows = ["a", "b"].map((id): Failure => ({
        ...{ id, kind: "stream", consumer: "mailer", stream: streamOf("t", id), version: 1, eventId: "e" },
        ...{ type: "Noted", error: "x", attempts: 6, firstAt: 1, lastAt: 2, traceId: "" },
      }))
      yield* within((letters) => Effect.forEach(rows, letters.put))
      const driver = connect(`${folder}/nexus.db`)
      for (const [id, redriving] of [["a", true], ["b", false]] as const) {
        const older = JSON.stringify({ ...rows.find((row) => row.id === id), redriving, fence: 1 })
        driver.prepare("UPDATE dead_letters SET letter = ?, redriving = ? WHERE id = ?").run(
          older,
          redriving ? 1 : 0,
          id,
        )
      }
      driver.close()
      const found = yield* within((letters) => letters.list("t", {}, undefined, 9))
      const asked = ({ asked, id }: DeadLetter) => [id, asked]
      assert.deepStrictEqual(found.items.map(asked), [["b", "nothing"], ["a", "redrive"]])
      assert.isTrue(found.items.every((item) => !("redriving" in item)))
      assert.deepStrictEqual((yield* within((letters) => letters.asked("mailer", 9))).map(asked), [["a", "redrive"]])
      const row = yield* within((letters) => letters.ask("t", "a", "discard", 1))
      assert.deepStrictEqual(yield* within((letters) => letters.get("t", "a")), row)
      assert.strictEqual(row?.asked, "discard")
    }))
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
})
