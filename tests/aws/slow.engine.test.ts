/**
 * Commands on a store that answers late: streams go side by side, and what waits for a hot one shares its calls.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Actors } from "../../core/Actors.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { patient, settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { type Asked, engine, faults, type Proxy, proxy } from "../engine.ts"
import { alice, app } from "../host/Counter.ts"

const dynamodb = engine("dynamodb")
let before: Proxy
beforeAll(async () => {
  before = await proxy(dynamodb().url)
})
afterAll(() => before.stop())

const opened = Effect.gen(function* () {
  before.on(() => undefined)
  const host = ActorHost.layer(app).pipe(
    Layer.provide(Layer.mergeAll(DynamoDB.layer(settingsOf(before.url)), Gate.layerOpen, TickTrigger.layerImmediate)),
    Layer.provide(patient),
  )
  const actors = Context.get(yield* Layer.build(Layer.fresh(host)), Actors)
  return (id: string, commandId?: string) =>
    actors.send({
      ...{ principal: alice, aggregate: "Counter", id, command: "Add", payload: { n: 1 } },
      ...commandId === undefined ? {} : { commandId },
    })
})
const all = <A, E>(effects: ReadonlyArray<Effect.Effect<A, E>>) => Effect.all(effects, { concurrency: "unbounded" })
const many = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)
const isWrite = ({ headers }: Asked) => /\.(PutItem|TransactWriteItems)$/.test(headers["x-amz-target"] ?? "")

describe("commands on a store that answers late", () => {
  it.live("of a hundred streams are under way side by side", () =>
    Effect.gen(function* () {
      const add = yield* opened
      yield* all(many(100).map((id) => add(id)))
      let [begun, besideTheFirst] = [0, 0]
      before.on((asked) => (isWrite(asked) && begun++, faults.delay(3_000)))
      const first = yield* Effect.forkChild(add("0"))
      const others = yield* Effect.forkChild(all(many(100).slice(1).map((id) => add(id))))
      yield* Fiber.join(first)
      besideTheFirst = begun
      yield* Fiber.join(others)
      assert.strictEqual(begun, 100)
      assert.isAbove(besideTheFirst, 50)
    }).pipe(Effect.scoped), 120_000)

  it.live("of one stream share its calls", () =>
    Effect.gen(function* () {
      const add = yield* opened
      yield* add("hot")
      let writes = 0
      before.on((asked) => (isWrite(asked) && writes++, faults.delay(50)))
      for (const given of [false, true]) {
        writes = 0
        const answers = yield* all(many(300).map((i) => add("hot", given ? `c-${i}` : undefined)))
        assert.strictEqual(new Set(answers.map(({ version }) => version)).size, 300)
        assert.isAtMost(writes, given ? 8 : 5)
      }
    }).pipe(Effect.scoped), 120_000)
})
