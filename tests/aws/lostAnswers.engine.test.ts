/**
 * The real host over DynamoDB while answers are lost behind the engine's act: what was stored is never taken for another's
 * write, and is never stored again.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Logger } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Actors } from "../../core/Actors.ts"
import { EventStore, type Shape as Store } from "../../core/EventStore.ts"
import { keyOf } from "../../core/Stream.ts"
import { SnapshotStore } from "../../core/SnapshotStore.ts"
import { patient, settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { engine, type Fault, faults, operationOf, type Proxy, proxy } from "../engine.ts"
import app from "../kill/app.ts"
import { randomOf } from "../kill/load.ts"
import { type Acknowledged, aggregate, command, differences, logOf, payload, tenant } from "./acknowledged.ts"

const [commands, clients, seed] = [5_000, 16, 7]
const dynamodb = engine("dynamodb")
let before: Proxy
beforeAll(async () => {
  before = await proxy(dynamodb().url)
})
afterAll(() => before.stop())

const open = Layer.succeed(Gate, { look: () => true, learn: () => Effect.succeed(() => true) })

/** A process: a host with a client of DynamoDB of its own. `wrong`: conflicts in streams that nobody else writes. */
const process = Effect.fnUntraced(function* (prefix: string, wrong: Array<string>) {
  const stores = yield* Layer.build(Layer.fresh(Layer.provide(
    DynamoDB.layer(settingsOf(before.url, { prefix })),
    patient,
  )))
  const store = Context.get(stores, EventStore)
  const commit: Store["commit"] = (group) =>
    Effect.tap(store.commit(group), (outcomes) =>
      Effect.sync(() => {
        const broken = new Set<string>()
        for (const [i, { _tag }] of outcomes.entries()) {
          if (_tag === "Committed") continue
          const { stream } = group[i]!
          // Behind one that did not go in now, the others of its stream are conflicts as they should be.
          if (_tag === "Conflict" && stream.id.startsWith("own") && !broken.has(stream.id)) {
            wrong.push(`${keyOf(stream)} ${group[i]!.command?.commandId}`)
          }
          broken.add(stream.id)
        }
      }))
  const ports = Layer.mergeAll(
    Layer.succeed(EventStore, { ...store, commit }),
    Layer.succeed(SnapshotStore, Context.get(stores, SnapshotStore)),
    TickTrigger.layerImmediate,
    open,
    patient,
    Logger.layer([]),
  )
  return Context.get(yield* Layer.build(Layer.fresh(Layer.provide(ActorHost.layer(app), ports))), Actors)
})

describe("5,000 commands of 16 clients in two processes, one in 20 answers of the store lost", () => {
  it.live(
    "find no conflict where there was none, and store each command once",
    () =>
      Effect.gen(function* () {
        const wrong: Array<string> = []
        const { prefix } = settingsOf(before.url)
        const hosts = [yield* process(prefix, wrong), yield* process(prefix, wrong)]
        const random = randomOf(seed)
        let [asked, lost, lostForGood] = [0, 0, 0]
        const forGood = new Set<string>()
        before.on((request): Fault | undefined => {
          asked++
          // Some writes have no attempt that is answered: the host is left to find out what became of them.
          const isWrite = /^(PutItem|TransactWriteItems)$/.test(operationOf(request))
          if (isWrite && !forGood.has(request.body) && random() < 0.004) forGood.add(request.body)
          if (forGood.has(request.body)) return (lostForGood++, faults.drop)
          return random() < 0.05 ? (lost++, faults.drop) : undefined
        })

        const acknowledged: Array<Acknowledged> = []
        let [unknown, again] = [0, 0]
        const client = Effect.fnUntraced(function* (index: number) {
          const own = randomOf(seed * 1_000 + index)
          const actors = hosts[index % 2]!
          const principal = {
            ...{ tenant, subject: `client-${index}`, scopes: ["commands:Account"] },
          }
          for (let n = index; n < commands; n += clients) {
            const id = own() < 0.4 ? `shared-${Math.floor(own() * 2)}` : `own-${index % 2}-${Math.floor(own() * 4)}`
            const given = n % 2 === 0 ? `c-${n}` : undefined
            let commandId = given
            const request = { principal, aggregate, id, command, payload }
            const until = (yield* Clock.currentTimeMillis) + 60_000
            for (;;) {
              const answer = yield* Effect.result(
                actors.send({ ...request, ...commandId === undefined ? {} : { commandId } }),
              )
              if (answer._tag === "Success") {
                acknowledged.push({ id, given, text: JSON.stringify(answer.success) })
                break
              }
              const error = answer.failure
              if ((yield* Clock.currentTimeMillis) > until) return yield* Effect.die(error)
              if (error._tag === "OutcomeUnknown") {
                unknown++
                commandId = error.commandId
              } else if (error._tag === "Contended" || error._tag === "Unavailable") again++
              else return yield* Effect.die(error)
              yield* Effect.sleep("20 millis")
            }
          }
        })
        const from = yield* Clock.currentTimeMillis
        yield* Effect.forEach(Array.from({ length: clients }, (_, i) => i), client, { concurrency: "unbounded" })
        const seconds = ((yield* Clock.currentTimeMillis) - from) / 1000
        before.on(() => undefined)

        const log = yield* Effect.promise(() => logOf(dynamodb().url, prefix, acknowledged.map(({ id }) => id)))
        console.log(
          `${commands} commands in ${seconds.toFixed(1)} s: ${asked} requests, ${lost} answers lost at random, ` +
            `${forGood.size} writes never answered (${lostForGood} attempts); told: ${unknown} unknown, ${again} try again`,
        )
        assert.deepStrictEqual(wrong, [])
        assert.strictEqual(acknowledged.length, commands)
        assert.deepStrictEqual(differences(acknowledged, log), [])
        assert.isAtLeast(lost, commands / 100)
        assert.isAtLeast(forGood.size, 1)
      }).pipe(Effect.provide(patient)),
    300_000,
  )
})
