/**
 * Shards of a real stream split and merge while records flow and the processes that read them come and go.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer } from "effect"
import { CoreBus } from "../../core/CoreBus.ts"
import { chained, eventAt, publish, recordsOf } from "../../core/laws/buses.ts"
import { freshTenant, streamOf } from "../../core/laws/fixtures.ts"
import { Leases } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import { defaults, Limits } from "../../core/Limits.ts"
import { keyOf } from "../../core/Stream.ts"
import * as Kinesis from "../../runtime/adapters/kinesis/Kinesis.ts"
import { active, clientOf, local, merge, split } from "../../runtime/adapters/kinesis/testStream.ts"
import * as Shards from "../../runtime/workers/Shards.ts"
import { engine } from "../engine.ts"

const secondsMax = 180
const [streams, versions] = [24, 40]

describe("readers that share the leases of a Kinesis stream", () => {
  const kinesis = engine("kinesis")

  it.live(
    "see every stream in order and whole, while shards split and merge and readers die",
    () =>
      Effect.gen(function* () {
        const [bus, tenant] = [yield* CoreBus, yield* freshTenant]
        const leases: LeasesMemory.State = new Map()
        const marks = new Map<string, number>()
        const wrong: Array<string> = []
        const readBy = new Map<string, Set<string>>()
        const reader = (owner: string) =>
          Shards.run({
            ...{ name: "test", owner, log: bus, from: () => Effect.succeed(undefined), onTrimmed: () => Effect.void },
            work: ({ shard }, items) =>
              Effect.sync(() => {
                readBy.set(shard, (readBy.get(shard) ?? new Set()).add(owner))
                for (const { value: { events, stream } } of items) {
                  const key = keyOf(stream)
                  for (const { prevCore, version } of events) {
                    const mark = marks.get(key) ?? 0
                    if (version <= mark) continue
                    if (prevCore !== mark) wrong.push(`${key}: ${version} behind ${prevCore} came at ${mark}`)
                    marks.set(key, version)
                  }
                }
              }),
          }).pipe(Effect.provideServiceEffect(Leases, LeasesMemory.make(leases)), Effect.forkChild)

        const all = Array.from({ length: streams }, (_, i) => {
          const stream = streamOf(tenant, `s-${i}`)
          return recordsOf(chained(Array.from({ length: versions }, (_, i) => eventAt(stream, i + 1))), 1)
        })
        const client = clientOf(kinesis().url)
        const act = (f: typeof split) => Effect.forkChild(Effect.promise(() => f(client, "reshard-core")))
        const acts = [split, split, merge, split, merge]
        let first = yield* reader("first-0")
        yield* reader("second")
        let acting = yield* act(split)
        for (let round = 0; round < versions; round++) {
          yield* publish(bus, all.map((records) => records[round]!))
          if (round % 7 === 6) {
            yield* Fiber.join(acting)
            acting = yield* act(acts.shift() ?? split)
            yield* Fiber.interrupt(first)
            first = yield* reader(`first-${round}`)
          }
        }
        yield* Fiber.join(acting)
        const isDone = () => marks.size === streams && [...marks.values()].every((mark) => mark === versions)
        const deadline = (yield* Clock.currentTimeMillis) + 90_000
        while (!isDone() && (yield* Clock.currentTimeMillis) < deadline) yield* Effect.sleep("50 millis")
        client.destroy()
        assert.deepStrictEqual(wrong, [])
        assert.isTrue(isDone(), `${JSON.stringify([...marks])}`)
        const shards = yield* bus.shards
        assert.isAtLeast(shards.length, 8)
        assert.isTrue(shards.some(({ parents }) => parents.length === 2), "no merge")
        assert.isAtLeast(new Set([...readBy.values()].flatMap((owners) => [...owners])).size, 2, "one did all the work")
      }).pipe(
        Effect.provide(
          Layer.unwrap(Effect.promise(async () => {
            const client = clientOf(kinesis().url)
            await client.createStream({ StreamName: "reshard-core", ShardCount: 1 })
            await active(client, "reshard-core")
            client.destroy()
            return Kinesis.layer({ ...local(kinesis().url), prefix: "reshard-" })
          })).pipe(
            Layer.provideMerge(
              Layer.succeed(Limits, { ...defaults, shardPollMs: 20, shardsPollMs: 500, leaseMs: 3_000 }),
            ),
          ),
        ),
      ),
    secondsMax * 1000,
  )
})
