/**
 * DynamoDB that answers reads and refuses writes, as a table does whose write capacity is used up: the store is spared there
 * too, though reads that succeed pay for repeats.
 * @module
 */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Actors } from "../../core/Actors.ts"
import { defaults, Limits } from "../../core/Limits.ts"
import { serviceOf } from "../../infra/engines/aws.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { type Asked, engine, type Fault, faults, operationOf, type Proxy, proxy, throttled } from "../engine.ts"
import { alice, app } from "../host/Counter.ts"

const [clients, commandsOfEach] = [16, 8]
/** Small, so that what was saved before does not hide what a refusal costs. */
const limits = { ...defaults, callRetryBudget: 16 }
const refusals: Readonly<Record<string, (asked: Asked) => Fault>> = { throttled, unreachable: () => faults.refuse }

const dynamodb = engine("dynamodb")
let before: Proxy
beforeAll(async () => {
  before = await proxy(dynamodb().url)
})
afterAll(() => before.stop())

const isWrite = (asked: Asked): boolean => /^(PutItem|TransactWriteItems)$/.test(operationOf(asked))

for (const [name, refusal] of Object.entries(refusals)) {
  it.live(`writes that are ${name} make at most three calls a command`, () =>
    Effect.gen(function* () {
      before.on(() => undefined)
      const host = ActorHost.layer(app).pipe(
        Layer.provide([DynamoDB.layer(settingsOf(before.url)), Gate.layerOpen, TickTrigger.layerImmediate]),
        Layer.provide([Layer.succeed(Limits, limits), Logger.layer([])]),
      )
      const actors = Context.get(yield* Layer.build(Layer.fresh(host)), Actors)
      const add = (id: string, commandId: string | undefined) =>
        Effect.result(
          actors.send({ principal: alice, aggregate: "Counter", id, command: "Add", payload: { n: 1 }, commandId }),
        )
      assert.strictEqual((yield* add(`${name}-before`, undefined))._tag, "Success")

      let calls = 0
      before.on((asked) => {
        // The feed asks for itself, whether commands come or not.
        if (serviceOf(asked) !== "dynamodb") return undefined
        calls++
        return isWrite(asked) ? refusal(asked) : undefined
      })
      // New instances, each of which has to be asked for first; under ids of both kinds.
      const client = (c: number) =>
        Effect.forEach(
          Array.from({ length: commandsOfEach }, (_, n) => n),
          (n) => add(`${name}-${c}-${n}`, c % 2 === 0 ? `c-${n}` : undefined),
        )
      const answers = (yield* Effect.forEach(Array.from({ length: clients }, (_, c) => c), client, {
        concurrency: "unbounded",
      })).flat()
      before.on(() => undefined)
      console.log(`writes ${name}: ${answers.length} commands, ${(calls / answers.length).toFixed(1)} calls each`)
      assert.isAtMost(calls, 3 * answers.length + limits.callRetryBudget)
      for (const answer of answers) {
        assert.strictEqual(answer._tag, "Failure")
        assert.property(answer._tag === "Failure" ? answer.failure : {}, "retryAfterSeconds")
      }
      const after = yield* add(`${name}-0-0`, "c-0")
      assert.strictEqual(after._tag === "Success" && after.success.version, 1, "served again")
    }).pipe(Effect.scoped), 120_000)
}
