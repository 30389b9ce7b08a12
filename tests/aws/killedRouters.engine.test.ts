/**
 * Routers as processes, killed again and again while events come: nothing is missing on Kinesis, nothing out of order.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { engine } from "../engine.ts"
import { randomOf } from "../kill/load.ts"
import { createStream, kill, start, two } from "./RouterProcess.ts"
import { drained, keepSaying, make, parked, type Place, wrongOn } from "./routing.ts"

const [kills, streams, eventsPerSecond, drainMsMax, seed] = [20, 25, 100, 30_000, 11]

describe("two routers under 100 events a second", () => {
  const [dynamodb, kinesis] = [engine("dynamodb"), engine("kinesis")]

  it.live(
    "are killed 20 times, and route all of it in order",
    () =>
      Effect.gen(function* () {
        const place: Place = { dynamodb: dynamodb().url, kinesis: kinesis().url, prefix: "killed-" }
        yield* createStream(place, 2)
        const ground = yield* make(place)
        const random = randomOf(seed)
        const routers = yield* two(place)
        const load = { said: 0 }
        const writing = yield* Effect.forkChild(keepSaying(ground, streams, eventsPerSecond, random, load))
        const from = yield* Clock.currentTimeMillis
        let atWork = 0
        for (let n = 0; n < kills; n++) {
          const which = random() < 0.5 ? 0 : 1
          // Some are killed while they start.
          const isEarly = random() < 0.2
          while (!isEarly && !routers[which]!.isReady) yield* Effect.sleep("50 millis")
          yield* Effect.sleep(random() * 3_000)
          if ((yield* ground.behind).length > 0) atWork++
          yield* kill(routers[which]!)
          routers[which] = start(place)
        }
        yield* Fiber.interrupt(writing)
        const seconds = ((yield* Clock.currentTimeMillis) - from) / 1_000
        const behind = (yield* ground.behind).length
        const ms = yield* drained(ground, drainMsMax)
        const records = yield* ground.records
        const { repeats, wrong } = wrongOn(records, ground.heads)
        console.log(
          `${load.said} events in ${
            seconds.toFixed(0)
          } s, ${kills} kills, ${atWork} with events on their way: ${behind} of ${streams} streams behind at the end, ` +
            `drained after ${ms} ms; ${records.length} records, ${repeats} events twice`,
        )
        assert.deepStrictEqual(wrong, [])
        assert.deepStrictEqual(yield* parked(ground), [])
        assert.isAtLeast(load.said, kills * streams, "the load")
        assert.isAbove(atWork, 0, "no kill struck a router at work")
      }).pipe(Effect.scoped),
    300_000,
  )
})
