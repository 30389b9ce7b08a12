import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import { DeadLetters, type Failure, idOf } from "../../../core/DeadLetters.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { first } from "../../../core/laws/schemas.ts"
import { Leases } from "../../../core/Leases.ts"
import { defaults } from "../../../core/Limits.ts"
import { Progress } from "../../../core/Progress.ts"
import { QueryLimiter } from "../../../core/QueryLimiter.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { type Violation, Violations } from "../../../core/Violations.ts"
import { type Asked, engine, type Fault, faults, type Proxy, proxy } from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")
let before: Proxy
beforeAll(async () => {
  before = await proxy(dynamodb().url)
})
afterAll(() => before.stop())

const opened = Effect.suspend(() => {
  before.on(() => undefined)
  return Layer.build(DynamoDB.layer(settingsOf(before.url)))
})
const actionOf = ({ headers }: Asked) => headers["x-amz-target"]?.split(".")[1] ?? ""
const isWrite = (asked: Asked) => /^(Put|Update|Delete|Transact)/.test(actionOf(asked))

/** The answer to the next write is lost, behind the engine's act. */
const losing = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let isLost = false
    before.on((asked) => {
      if (isLost || !isWrite(asked)) return undefined
      isLost = true
      return faults.drop
    })
    return Effect.tap(self, () =>
      Effect.sync(() => (assert.isTrue(isLost, "no answer was lost"), before.on(() => undefined))))
  })

const letter: Failure = {
  ...{ id: idOf("mailer", streamOf("t", "a")), kind: "stream", consumer: "mailer", stream: streamOf("t", "a") },
  ...{ version: 1, eventId: "e", type: "Noted", error: "failed", attempts: 6, firstAt: 1, lastAt: 2, traceId: "" },
}
const violation: Violation = {
  ...{ time: 1, policy: "p", rule: "r", action: "read", aggregate: "", type: "", subject: "read", tenant: "t" },
  ...{ principal: "alice", inputDigest: "d", bundle: "b" },
}

describe("a write whose answer was lost", () => {
  it.live("is a lease of ours, taken once", () =>
    Effect.gen(function* () {
      const leases = Context.get(yield* opened, Leases)
      const lease = (yield* losing(leases.take("mailer/a", "p1", undefined)))!
      assert.deepEqual([lease.owner, lease.fence], ["p1", 1])
      assert.isUndefined(yield* leases.take("mailer/a", "p2", undefined))
      const next = (yield* losing(leases.take("mailer/a", "p2", lease)))!
      assert.deepEqual([next.owner, next.fence], ["p2", 2])
      assert.isUndefined(yield* losing(leases.keep(lease, "late")))
      assert.strictEqual((yield* losing(leases.keep(next, "seven")))?.checkpoint, "seven")
      yield* losing(leases.release(next))
      const free = (yield* leases.list("mailer/"))[0]!
      assert.deepEqual([free.owner, free.fence, free.checkpoint], ["", 2, "seven"])
      const last = (yield* leases.take("mailer/a", "p3", free))!
      yield* losing(leases.remove(last))
      assert.deepEqual(yield* leases.list("mailer/"), [])
    }), 60_000)

  it.live(
    "leaves one of 16 rivals the lease, also of one name, whichever answers are lost",
    () =>
      Effect.gen(function* () {
        const leases = Context.get(yield* opened, Leases)
        for (const lost of [1, 2, 3]) {
          before.on((asked) =>
            isWrite(asked) && asked.index % 3 < lost && asked.index % 7 > 0 ? faults.drop : undefined
          )
          const got = yield* Effect.all(
            Array.from({ length: 16 }, () => Effect.option(leases.take(`rivals/${lost}`, "same", undefined))),
            { concurrency: "unbounded" },
          )
          before.on(() => undefined)
          const won = got.filter((one) => one._tag === "Some" && one.value !== undefined).length
          // Whose last answer was lost, too, is not told that he has it.
          assert.isAtMost(won, 1)
          assert.strictEqual((yield* leases.list("rivals/")).find(({ name }) => name === `rivals/${lost}`)?.fence, 1)
        }
      }),
    60_000,
  )

  it.live(
    "is a mark that was raised, and a dead letter that was put, asked for and resolved once",
    () =>
      Effect.gen(function* () {
        const context = yield* opened
        const [progress, letters] = [Context.get(context, Progress), Context.get(context, DeadLetters)]
        yield* losing(progress.advance("mailer", [{ stream: letter.stream, mark: { version: 3, core: 2 } }]))
        assert.deepEqual(yield* progress.read("mailer", [letter.stream]), [{ version: 3, core: 2 }])
        const put = yield* losing(letters.put(letter))
        const again = yield* losing(letters.put(letter))
        assert.deepEqual([put.attempts, again.attempts, again.fence - put.fence], [6, 12, 1])
        const asked = (yield* losing(letters.ask("t", letter.id, "redrive")))!
        assert.deepEqual([asked.asked, asked.fence - again.fence], ["redrive", 1])
        assert.strictEqual((yield* losing(letters.parked("mailer", [letter.stream]))).size, 1)
        assert.isFalse(yield* letters.resolve(asked))
        assert.isTrue(yield* losing(letters.resolve((yield* letters.get("t", letter.id))!)))
        assert.isUndefined(yield* letters.get("t", letter.id))
      }),
    60_000,
  )

  it.live("is one admission, one revision and violations that are kept once", () =>
    Effect.gen(function* () {
      const context = yield* opened
      const [limiter, registry] = [Context.get(context, QueryLimiter), Context.get(context, SchemaRegistry)]
      for (let i = 0; i < defaults.queries; i++) {
        assert.strictEqual((yield* losing(limiter.admit({ tenant: "t", subject: "alice" })))._tag, "Admitted")
      }
      assert.strictEqual((yield* limiter.admit({ tenant: "t", subject: "alice" }))._tag, "Refused")
      assert.strictEqual((yield* losing(registry.register("Order.Placed.v1", first))).revision, 1)
      assert.strictEqual((yield* registry.revisions("Order.Placed.v1")).length, 1)
      const keeper = Context.get(context, Violations)
      yield* losing(keeper.keep([violation, { ...violation, rule: "s" }]))
      const { items } = yield* keeper.list("t", undefined, 9)
      assert.deepEqual(items.map(({ rule }) => rule), ["s", "r"])
    }), 60_000)
})

describe("a table that does not answer", () => {
  const throttled = faults.answer(
    400,
    JSON.stringify({ __type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException" }),
    { "content-type": "application/x-amz-json-1.0" },
  )
  const silent: Readonly<Record<string, Fault>> = { throttled, refused: faults.refuse, unanswered: faults.drop }
  for (const [reason, fault] of Object.entries(silent)) {
    it.live(`is said to be ${reason} after bounded attempts`, () =>
      Effect.gen(function* () {
        const context = yield* opened
        const stream = streamOf("t", "a")
        const calls = {
          list: Context.get(context, Leases).list("mailer/"),
          take: Context.get(context, Leases).take("mailer/a", "p", undefined),
          read: Context.get(context, Progress).read("mailer", [stream]),
          advance: Context.get(context, Progress).advance("mailer", [{ stream, mark: { version: 1, core: 1 } }]),
          put: Context.get(context, DeadLetters).put(letter),
          admit: Context.get(context, QueryLimiter).admit({ tenant: "t", subject: "alice" }),
          keep: Context.get(context, Violations).keep([violation]),
        }
        for (const [name, call] of Object.entries<Effect.Effect<unknown, { readonly reason: string }>>(calls)) {
          let count = 0
          before.on(() => (count++, fault))
          const error = yield* Effect.flip(call)
          assert.include(reason === "refused" ? ["refused", "unanswered"] : [reason], error.reason, name)
          assert.isAtMost(count, defaults.callAttempts, name)
        }
      }), 60_000)
  }
})
