/**
 * Reading by SubscribeToShard, as kinesis-local has it: over HTTP/1.1, an event a second, and none for the end of a closed
 * shard. The laws of every core bus, and a subscription that is cut.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import { laws } from "../../../core/CoreBus.laws.ts"
import { CoreBus, type CoreRecord } from "../../../core/CoreBus.ts"
import { chained, eventAt, publish, recordsOf } from "../../../core/laws/buses.ts"
import { freshTenant, streamOf } from "../../../core/laws/fixtures.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { engine, type Proxy, proxy } from "../../../tests/engine.ts"
import * as Kinesis from "./Kinesis.ts"
import { consumerOf, nameOf } from "./resources.ts"
import { active, clientOf, local, registered, reshard } from "./testStream.ts"

const secondsMax = 90

describe("the core bus over Kinesis, pushed", () => {
  const kinesis = engine("kinesis")
  let before: Proxy
  beforeAll(async () => {
    before = await proxy(kinesis().url)
    const client = clientOf(kinesis().url)
    for (const [prefix, ShardCount] of [["laws-", 2], ["cut-", 1], ["one-", 1]] as const) {
      const StreamName = nameOf(prefix)
      await client.createStream({ StreamName, ShardCount })
      await active(client, StreamName)
      if (prefix !== "one-") await registered(client, StreamName, consumerOf(prefix))
    }
    client.destroy()
  })
  afterAll(() => before.stop())

  const layer = (prefix: string, shardPollMs: number) =>
    Layer.unwrap(Effect.sync(() => Kinesis.layer({ ...local(before.url), prefix, read: "fan-out" }))).pipe(
      Layer.provide(Layer.succeed(Limits, { ...defaults, shardPollMs })),
    )

  const settings = {
    patienceMs: secondsMax * 1000,
    reshard: Effect.suspend(() => reshard(kinesis().url, "laws-core")),
  }
  for (const { law, name } of laws(settings)) {
    it.live(name, () => Effect.provide(law, layer("laws-", 1)), secondsMax * 1000)
  }

  it.live(
    "a subscription that is cut is made good by polling, and closing the bus ends one at once",
    () =>
      Effect.gen(function* () {
        const asked = { GetRecords: 0, SubscribeToShard: 0 }
        before.on((one) => {
          const action = one.headers["x-amz-target"]?.replace("Kinesis_20131202.", "")
          if (action === "GetRecords" || action === "SubscribeToShard") asked[action]++
          return undefined
        })
        const scope = yield* Scope.make()
        const bus = Context.get(yield* Scope.provide(Layer.build(layer("cut-", 50)), scope), CoreBus)
        const stream = streamOf(yield* freshTenant, "a")
        const sent = recordsOf(chained(Array.from({ length: 9 }, (_, i) => eventAt(stream, i + 1))), 1)
        const [shard] = yield* bus.shards
        const found: Array<CoreRecord> = []
        let next = bus.positionAt((yield* Clock.currentTimeMillis) - 1_000)
        const readUntil = Effect.fnUntraced(function* (isEnough: () => boolean) {
          while (!isEnough()) {
            // What else was cut is asked again.
            const batch = yield* Effect.retry(bus.read(shard!.id, next, 100), { times: 10 })
            found.push(...batch.items.map(({ value }) => value))
            next = batch.next
          }
        })
        for (const record of sent.slice(0, 3)) yield* publish(bus, [record])
        yield* readUntil(() => found.length >= 3 && asked.SubscribeToShard > 0)
        const polled = asked.GetRecords
        for (const record of sent.slice(3, 6)) yield* publish(bus, [record])
        yield* readUntil(() => found.length >= 6)
        assert.strictEqual(asked.GetRecords, polled, "pushed")
        before.cut()
        for (const record of sent.slice(6)) yield* publish(bus, [record])
        yield* readUntil(() => found.length >= 9)
        assert.isAbove(asked.GetRecords, polled)
        const subscribed = asked.SubscribeToShard
        yield* readUntil(() => asked.SubscribeToShard > subscribed)
        yield* Effect.timeout(Scope.close(scope, Exit.void), "10 seconds")
        assert.deepStrictEqual(found, sent)
      }),
    secondsMax * 1000,
  )

  it.live(
    "a consumer that is missing is said with what makes it, and is made where that is asked for",
    () =>
      Effect.gen(function* () {
        const how = { ...local(kinesis().url), prefix: "one-", read: "fan-out" } as const
        const error = yield* Effect.flip(Layer.build(Kinesis.layer(how)))
        assert.match(error.message, /no registered consumer one-fan-out: .*kinesis:RegisterStreamConsumer/)
        const made = Kinesis.layer({ ...how, create: true })
        yield* Effect.all([Layer.build(made), Layer.build(Layer.fresh(made))], { concurrency: 2 })
        yield* Layer.build(Layer.fresh(Kinesis.layer(how)))
      }),
    secondsMax * 1000,
  )
})
