/**
 * Shards of Kinesis split and merge between routers in processes of their own and consumers that joined from the beginning.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Layer } from "effect"
import { Actors } from "../../core/Actors.ts"
import * as App from "../../core/App.ts"
import { CommandBus } from "../../core/CommandBus.ts"
import * as Consumer from "../../core/Consumer.ts"
import { CoreBus } from "../../core/CoreBus.ts"
import { keyOf } from "../../core/Stream.ts"
import { clientOf, merge, split } from "../../runtime/adapters/kinesis/testStream.ts"
import { Consumers } from "../../runtime/workers/Consumers.ts"
import { engine } from "../engine.ts"
import { randomOf } from "../kill/load.ts"
import { app } from "../router/Rig.ts"
import { createStream, two } from "./RouterProcess.ts"
import { drained, keepSaying, make, parked, type Place, ports, wrongOn } from "./routing.ts"

const [streams, eventsPerSecond, waitMsMax, seed] = [25, 100, 60_000, 5]
const acts = [split, split, merge, split, merge]

describe("shards that split and merge under load", () => {
  const [dynamodb, kinesis] = [engine("dynamodb"), engine("kinesis")]

  it.live(
    "are nothing to routers and consumers: each event is handled once, in order",
    () =>
      Effect.gen(function* () {
        const place: Place = { dynamodb: dynamodb().url, kinesis: kinesis().url, prefix: "shards-" }
        yield* createStream(place, 1)
        const ground = yield* make(place)
        // Some of it is there before anybody consumes or routes.
        yield* ground.say(Array.from({ length: streams }, (_, i) => `s-${i}`), 3)

        const [handled, wrong] = [new Map<string, number>(), Array<string>()]
        let twice = 0
        const reader = Consumer.make("reader", {
          ...{ contract: app.aggregates["Order"]!.contract, events: ["Noted"], from: "beginning", onError: "retry" },
          handler: (_event: unknown, about: Consumer.About) =>
            Effect.sync(() => {
              const mark = handled.get(keyOf(about)) ?? 0
              if (about.version <= mark) twice++
              else {
                if (about.version !== mark + 1) wrong.push(`${keyOf(about)}: ${about.version} came behind ${mark}`)
                handled.set(keyOf(about), about.version)
              }
            }),
        } as never)
        const consuming = App.make("reader", { aggregates: [], consumers: [reader] })
        const none = Layer.mergeAll(
          Layer.succeed(Actors, { send: () => Effect.never, state: () => Effect.succeed(undefined) }),
          Layer.succeed(CommandBus, { send: () => Effect.void }),
        )
        const consumer = Layer.build(Layer.fresh(Layer.provide(
          Consumers.layer(consuming),
          Layer.merge(none, Layer.fresh(ports(place))),
        )))
        yield* consumer
        yield* consumer
        const routers = yield* two(place)
        while (!routers.every(({ isReady }) => isReady)) yield* Effect.sleep("50 millis")

        const load = { said: 0 }
        const writing = yield* Effect.forkChild(keepSaying(ground, streams, eventsPerSecond, randomOf(seed), load))
        const client = clientOf(place.kinesis)
        for (const act of acts) {
          yield* Effect.sleep("3 seconds")
          yield* Effect.promise(() => act(client, `${place.prefix}core`))
        }
        yield* Effect.sleep("3 seconds")
        client.destroy()
        yield* Fiber.interrupt(writing)
        const ms = yield* drained(ground, waitMsMax)
        const isDone = () => [...ground.heads].every(([key, { head }]) => handled.get(key) === head.version)
        const until = (yield* Clock.currentTimeMillis) + waitMsMax
        while (!isDone() && (yield* Clock.currentTimeMillis) < until) yield* Effect.sleep("50 millis")
        const shards = yield* Context.get(ground.context, CoreBus).shards
        const onBus = wrongOn(yield* ground.records, ground.heads)
        console.log(
          `${load.said} events, ${shards.length} shards: routed after ${ms} ms more, ${onBus.repeats} events twice on the ` +
            `bus, ${twice} twice at the handler`,
        )
        assert.deepStrictEqual(wrong, [])
        assert.isTrue(isDone(), "not all was handled")
        assert.deepStrictEqual(onBus.wrong, [])
        assert.deepStrictEqual(yield* parked(ground), [])
        assert.isAtLeast(shards.length, 9)
        assert.isTrue(shards.some(({ parents }) => parents.length === 2), "no merge")
      }).pipe(Effect.scoped),
    240_000,
  )
})
