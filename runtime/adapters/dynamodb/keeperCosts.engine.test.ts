/**
 * What docs/aws.md says that each request of the small ports costs, and the ports themselves.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { DeadLetters, type Failure, idOf } from "../../../core/DeadLetters.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { first, growing } from "../../../core/laws/schemas.ts"
import { Leases } from "../../../core/Leases.ts"
import { defaults } from "../../../core/Limits.ts"
import { Progress } from "../../../core/Progress.ts"
import { QueryLimiter } from "../../../core/QueryLimiter.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { type Violation, Violations } from "../../../core/Violations.ts"
import { engine } from "../../../tests/engine.ts"
import * as DynamoDB from "./DynamoDB.ts"
import { counter } from "./testCounter.ts"
import { patient, settingsOf } from "./testStore.ts"

const dynamodb = engine("dynamodb")

/** New tables, and a check of what an effect asks of them: calls, and units all together. */
const opened = Effect.gen(function* () {
  const { costOf, watch } = counter()
  const layer = DynamoDB.layer(settingsOf(dynamodb().url, { watch }))
  const context = yield* Layer.build(Layer.fresh(Layer.provide(layer, patient)))
  const costs = <A, E>(what: string, effect: Effect.Effect<A, E>, calls: string, units: number) =>
    Effect.gen(function* () {
      let answer: A | undefined
      const cost = yield* costOf(Effect.tap(effect, (given) => Effect.sync(() => void (answer = given))))
      assert.deepStrictEqual([cost.calls.toSorted().join(", "), cost.units], [calls, units], what)
      return answer!
    })
  return { context, costs }
})

const streams = Array.from({ length: 3 }, (_, i) => streamOf("t", `s-${i}`))
const letter: Failure = {
  ...{ id: idOf("mailer", streams[0]!), kind: "stream", consumer: "mailer", stream: streams[0]! },
  ...{ version: 1, eventId: "e", type: "Noted", error: "failed", attempts: 6, firstAt: 1, lastAt: 2, traceId: "" },
}
const violation: Violation = {
  ...{ time: 1, policy: "p", rule: "r", action: "read", aggregate: "", type: "", subject: "read", tenant: "t" },
  ...{ principal: "alice", inputDigest: "d", bundle: "b" },
}

it.live("a lease costs one call and one unit each time, and so does a mark", () =>
  Effect.gen(function* () {
    const { context, costs } = yield* opened
    const [leases, progress] = [Context.get(context, Leases), Context.get(context, Progress)]
    const lease = (yield* costs("take", leases.take("mailer/a", "p", undefined), "UpdateItem", 1))!
    const kept = (yield* costs("keep", leases.keep(lease, "seven"), "UpdateItem", 1))!
    yield* costs("list", leases.list("mailer/"), "Query", 1)
    yield* costs("release", leases.release(kept), "UpdateItem", 1)
    const taken = (yield* costs("take again", leases.take("mailer/a", "q", kept), "UpdateItem", 1))!
    yield* costs("remove", leases.remove(taken), "DeleteItem", 1)
    const marks = streams.map((stream) => ({ stream, mark: { version: 2, core: 1 } }))
    yield* costs("advance", progress.advance("mailer", marks), "PutItem, PutItem, PutItem", 3)
    yield* costs("read", progress.read("mailer", streams), "BatchGetItem", 3)
  }).pipe(Effect.scoped), 60_000)

it.live("a dead letter costs what its indexes cost besides", () =>
  Effect.gen(function* () {
    const { context, costs } = yield* opened
    const letters = Context.get(context, DeadLetters)
    yield* costs("parked, where none is", letters.parked("mailer", streams), "BatchGetItem", 0)
    yield* costs("put", letters.put(letter), "PutItem", 2)
    yield* costs("get", letters.get("t", letter.id), "GetItem", 1)
    yield* costs("list", letters.list("t", {}, undefined, 20), "Query", 0.5)
    yield* costs("parked, where one is", letters.parked("mailer", streams), "BatchGetItem, UpdateItem", 3)
    yield* costs("redrive", letters.ask("t", letter.id, "redrive"), "GetItem, UpdateItem", 4)
    const [asked] = yield* costs("asked", letters.asked("mailer", 10), "BatchGetItem, Query", 1.5)
    yield* costs("resolve", letters.resolve(asked!), "DeleteItem", 3)
  }).pipe(Effect.scoped), 60_000)

it.live("an admission costs a read and a write, a refusal a read", () =>
  Effect.gen(function* () {
    const { context, costs } = yield* opened
    const limiter = Context.get(context, QueryLimiter)
    const admit = limiter.admit({ tenant: "t", subject: "alice" })
    for (let i = 0; i < defaults.queries; i++) yield* costs("admit", admit, "GetItem, PutItem", 2)
    yield* costs("refuse", admit, "GetItem", 1)
  }).pipe(Effect.scoped), 60_000)

it.live(
  "a registration and what policies refused cost two reads and a transaction at most",
  () =>
    Effect.gen(function* () {
      const { context, costs } = yield* opened
      const [registry, violations] = [Context.get(context, SchemaRegistry), Context.get(context, Violations)]
      const place = "Order.Placed.v1"
      yield* costs("register", registry.register(place, first), "GetItem, Query, TransactWriteItems 2", 5)
      yield* costs("register more", registry.register(place, growing(2)), "GetItem, Query, TransactWriteItems 2", 6)
      yield* costs("register again", registry.register(place, first), "GetItem, Query", 2)
      yield* costs("look up", registry.revisions(place), "Query", 1)
      yield* costs("keep", violations.keep([violation, violation]), "BatchGetItem, TransactWriteItems 2", 4)
      yield* costs("list", violations.list("t", undefined, 20), "BatchGetItem, Query", 2)
    }).pipe(Effect.scoped),
  60_000,
)
