/**
 * One stream's backlog on its way to a Kinesis that is 20 ms away: one record under way, so all rests on how much it holds.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { engine, faults, operationOf, proxy } from "../engine.ts"
import { createStream } from "./RouterProcess.ts"
import { drained, make, type Place, router, wrongOn } from "./routing.ts"

const [events, eventsPerCommand, delayMs, perSecondMin] = [20_000, 80, 20, 2_000]
/** A busy machine is slow, and not a reason to fail. */
const drainMsMax = 120_000

describe("a backlog of 20,000 core events of one stream", () => {
  const [dynamodb, kinesis] = [engine("dynamodb"), engine("kinesis")]

  it.live(
    "drains in order and in few calls, one after the other",
    () =>
      Effect.gen(function* () {
        const place: Place = { dynamodb: dynamodb().url, kinesis: kinesis().url, prefix: "backlog-" }
        yield* createStream(place, 1)
        const ground = yield* make(place)
        for (let said = 0; said < events; said += eventsPerCommand) yield* ground.say(["hot"], eventsPerCommand)

        const away = yield* Effect.acquireRelease(
          Effect.promise(() => proxy(place.kinesis)),
          (one) => Effect.promise(one.stop),
        )
        const calls: Array<number> = []
        let [records, other] = [0, 0]
        away.on((asked) => {
          if (operationOf(asked) === "PutRecords") {
            calls.push(performance.now())
            records += (JSON.parse(asked.body) as { readonly Records: ReadonlyArray<unknown> }).Records.length
          } else other++
          return faults.delay(delayMs)
        })
        const from = yield* Clock.currentTimeMillis
        yield* router({ ...place, kinesis: away.url })
        yield* drained(ground, drainMsMax)
        const ms = (yield* Clock.currentTimeMillis) - from
        const sendingMs = (calls.at(-1) ?? 0) - (calls[0] ?? 0)
        const { repeats, wrong } = wrongOn(yield* ground.records, ground.heads)
        const rate = Math.round(events / sendingMs * 1_000)
        console.log(
          `${events} events: ${calls.length} calls with ${records} records in ${
            Math.round(sendingMs)
          } ms, ${rate} a second; ` +
            `${ms} ms with the router's start; ${repeats} events twice`,
        )
        assert.deepStrictEqual(wrong, [])
        // One record of the stream under way: calls are in sequence, and this many times 20 ms is the floor.
        assert.isAtMost(calls.length, Math.ceil(events / 500 * 1.2), "calls of PutRecords")
        assert.strictEqual(records, calls.length, "records of one stream in one call")
        assert.isAtLeast(
          events / (calls.length * delayMs) * 1_000,
          perSecondMin * 5,
          "what the calls alone would allow",
        )
      }).pipe(Effect.scoped),
    300_000,
  )
})
