import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { EventStore } from "../../../core/EventStore.ts"
import { append, epochMs, fence, stored, streamOf, withClock } from "../../../core/laws/fixtures.ts"
import { defaults } from "../../../core/Limits.ts"
import { laws, reopened } from "../../../core/QueryLimiter.laws.ts"
import { QueryLimiter } from "../../../core/QueryLimiter.ts"
import { connect, run } from "./driver.ts"
import * as Sqlite from "./Sqlite.ts"
import { watched } from "./testDriver.ts"
import { freshFolder, takingTurns } from "./testFolder.ts"

const fresh = Layer.unwrap(Effect.map(freshFolder, (folder) => Sqlite.layer({ folder })))

describe("the SQLite limiter of queries", () => {
  for (const { name, law } of laws) it.effect(name, () => Effect.provide(law, fresh))
  for (const { name, law } of laws) {
    it.effect(`two connections: ${name}`, () => Effect.provide(law, takingTurns(QueryLimiter)))
  }
  for (const [i, { name }] of reopened(fresh).entries()) {
    it.effect(name, () => Effect.flatMap(freshFolder, (folder) => reopened(Sqlite.layer({ folder }))[i]!.law))
  }
})

const setUp = Effect.gen(function* () {
  const ran: Array<string> = []
  const folder = yield* freshFolder
  const context = yield* Layer.build(Sqlite.layer({ folder }, watched((sql, run) => (ran.push(sql), run()))))
  const [limiter, store] = [Context.get(context, QueryLimiter), Context.get(context, EventStore)]
  const other = yield* Effect.acquireRelease(
    Effect.sync(() => connect(`${folder}/nexus.db`)),
    (driver) => Effect.sync(() => driver.close()),
  )
  const hands = { ms: epochMs }
  const admit = (subject: string) => withClock(hands)(limiter.admit({ tenant: "t", subject }))
  const written = () => ran.splice(0).filter((sql) => /^(BEGIN|COMMIT|REPLACE|DELETE|INSERT)/.test(sql.trim()))
  return { admit, hands, other, store, written }
})
const rows = (other: ReturnType<typeof connect>) =>
  (run(other, "SELECT count(*) AS n FROM queries") as { readonly n: number }).n

describe("what the limiter costs", () => {
  it.effect("is one transaction for an admission and nothing written for a refusal", () =>
    Effect.gen(function* () {
      const { admit, written } = yield* setUp
      written()
      for (let i = 0; i < defaults.queries; i++) {
        yield* admit("alice")
        assert.strictEqual(written().filter((sql) => sql.startsWith("COMMIT")).length, 1)
      }
      for (let i = 0; i < 50; i++) assert.strictEqual((yield* admit("alice"))._tag, "Refused")
      assert.deepEqual(written(), [])
    }))

  it.effect("leaves what the event store knows as it is", () =>
    Effect.gen(function* () {
      const { admit, store } = yield* setUp
      yield* stored(store, append(streamOf("t", "a"), 0, "c"))
      yield* admit("alice")
      yield* stored(store, fence(streamOf("t", "a"), 1))
      yield* stored(store, append(streamOf("t", "a"), 1, "d"))
    }))

  it.effect("is bounded: ten times a client, and idle clients are forgotten in steps", () =>
    Effect.gen(function* () {
      const { admit, hands, other } = yield* setUp
      for (let i = 0; i < 30; i++) yield* admit(`old-${i}`)
      hands.ms += defaults.queryMemoryMs + 1
      for (let i = 0; i < 10; i++) yield* admit(`new-${i}`)
      assert.strictEqual(rows(other), 30 - 10 * 2 + 10)
      for (let i = 0; i < 100; i++, hands.ms += defaults.queryWindowMs / 2) yield* admit("busy")
      const { admissions } = other.prepare("SELECT admissions FROM queries WHERE client = 't/busy'").get() as {
        readonly admissions: string
      }
      assert.isAtMost(JSON.parse(admissions).length, defaults.queries)
    }))

  it.effect("is a bounded wait where another process holds the file; who is refused anyway does not wait", () =>
    Effect.gen(function* () {
      const { admit, other, written } = yield* setUp
      for (let i = 0; i < defaults.queries; i++) yield* admit("alice")
      written()
      run(other, "BEGIN IMMEDIATE")
      assert.strictEqual((yield* admit("alice"))._tag, "Refused")
      assert.deepEqual(written(), [])
      const error = yield* Effect.flip(admit("bob"))
      assert.strictEqual(
        `${(error as { readonly _tag: string })._tag} ${(error as { reason: string }).reason}`,
        "StoreUnavailable locked",
      )
      const tries = written().filter((sql) => sql.startsWith("BEGIN")).length
      assert.isTrue(tries > 1 && tries <= 21, `${tries} tries`)
      run(other, "ROLLBACK")
      assert.strictEqual((yield* admit("bob"))._tag, "Admitted")
    }))
})
