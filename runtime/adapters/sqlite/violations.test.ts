import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { append, stored, streamOf } from "../../../core/laws/fixtures.ts"
import * as Limits from "../../../core/Limits.ts"
import { laws, reopened } from "../../../core/Violations.laws.ts"
import { type Violation, Violations } from "../../../core/Violations.ts"
import { connect, run } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { freshFolder, takingTurns } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

const violation = (tenant: string): Violation => ({
  time: 1,
  policy: "p",
  rule: "r",
  action: "read",
  aggregate: "",
  type: "",
  subject: "read",
  tenant,
  principal: "alice",
  inputDigest: "d",
  bundle: "b",
})

describe("the SQLite keeper of violations", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const { name, law } of laws) {
    it.effect(`two connections: ${name}`, () => Effect.provide(law, takingTurns(Violations)))
  }
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }

  it.effect("is bounded over all tenants", () =>
    Effect.gen(function* () {
      const keeper = yield* Violations
      for (let i = 0; i < 9; i++) yield* keeper.keep([violation(`t${i}`)])
      const left = yield* Effect.forEach(Array.from({ length: 9 }), (_, i) => keeper.list(`t${i}`, undefined, 9))
      assert.deepEqual(left.map(({ items }) => items.length), [0, 0, 0, 0, 1, 1, 1, 1, 1])
    }).pipe(Effect.provide(fresh), Effect.provideService(Limits.Limits, Limits.lowered({ violationsOfAll: 5 }))))

  it.effect("refuses while another process holds the file, and leaves what the event store knows as it is", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const context = yield* Layer.build(Sqlite.layer({ folder }))
      const [keeper, store] = [Context.get(context, Violations), Context.get(context, EventStore)]
      yield* stored(store, append(streamOf("t", "a"), 0, "c"))
      yield* keeper.keep([violation("t")])
      yield* stored(store, append(streamOf("t", "a"), 1, "d"))
      const other = yield* Effect.acquireRelease(
        Effect.sync(() => connect(`${folder}/nexus.db`)),
        (driver) => Effect.sync(() => driver.close()),
      )
      run(other, "BEGIN IMMEDIATE")
      assert.strictEqual((yield* Effect.flip(keeper.keep([violation("t")]))).reason, "locked")
      run(other, "ROLLBACK")
      yield* keeper.keep([violation("t")])
      assert.strictEqual((yield* keeper.list("t", undefined, 9)).items.length, 2)
    }))
})
