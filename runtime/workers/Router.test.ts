import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Fate } from "../../core/Fate.ts"
import { streamOf } from "../../core/laws/fixtures.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import * as ShardLogMemory from "../../core/ShardLogMemory.ts"
import * as World from "../../testing/simulation/World.ts"
import { make, type Options } from "../../tests/router/Rig.ts"

const limits = lowered({ shardPage: 20, shardWindow: 60, shardsPollMs: 4_000, reconcilePage: 5, page: 4 })
type Rig = Effect.Success<ReturnType<typeof make>>

const run = async <A>(
  seed: number,
  options: Partial<Options>,
  body: (rig: Rig, world: World.World) => Generator<Effect.Effect<unknown, unknown>, A, never>,
) => {
  const world = World.make(seed)
  const program = Effect.gen(function* () {
    const rig = yield* make({ world, limits, ...options })
    const wrong: Array<string> = []
    world.onSettled(() => wrong.push(...rig.aheadOf()))
    yield* Effect.gen(() => body(rig, world))
    assert.deepStrictEqual(wrong, [])
  })
  const exit = await world.run(world.process("main"), Effect.provideService(program, Limits, limits))
  assert.strictEqual(exit._tag, "Success", `seed ${seed}: ${exit}`)
}

describe("the router", () => {
  it(
    "sends every event, in order and with the same bytes, whatever befalls feed, buses, stores and routers",
    { timeout: 120_000 },
    async () => {
      for (let seed = 1; seed <= 6; seed++) {
        const calm = { is: false }
        const drawn = World.make(seed).random("fates")
        const fate = (): Fate =>
          calm.is || drawn.chance(0.6) ? "done" : drawn.pick(["refused", "lost", "twice", "late"])
        const disorder = { late: 0.3, twice: 0.3, refused: 0.1 }
        await run(seed, { shards: 3, disorder, fate, isCalm: () => calm.is }, function* (rig, world) {
          const random = world.random("chaos")
          const processes = []
          for (let i = 0; i < 3; i++) processes.push((yield* rig.open(`r${i}`)).process)
          for (let round = 0; round < 25; round++) {
            for (let i = random.below(12); i > 0; i--) {
              const types = Array.from(
                { length: 1 + random.below(4) },
                () => random.pick(["Noted", "Noted", "Chatted"]),
              )
              yield* rig.say(streamOf(random.pick(["t", "u"]), `s${random.below(6)}`), ...types)
            }
            yield* Effect.sleep(random.below(4_000))
            const { log } = rig.feed
            if (random.chance(0.15)) ShardLogMemory.split(log, random.pick(ShardLogMemory.openShards(log)))
            if (random.chance(0.15)) ShardLogMemory.merge(log, random.pick(ShardLogMemory.openShards(log)))
            if (random.chance(0.1)) ShardLogMemory.trim(log, random.pick([...log.shards.keys()]), random.below(5))
            const alive = processes.filter((process) => process.isAlive())
            if (random.chance(0.2)) random.pick(alive).pause(random.below(40_000))
            if (random.chance(0.15)) random.pick(alive).kill()
            if (alive.length < 3) processes.push((yield* rig.open(`r${processes.length}`)).process)
            if (random.chance(0.3)) yield* rig.land
          }
          calm.is = true
          yield* rig.open("last")
          assert.deepStrictEqual(yield* rig.drained(400_000), [], `seed ${seed}`)
          yield* rig.land
          assert.deepStrictEqual(rig.wrongOnBus(), [], `seed ${seed}`)
          assert.deepStrictEqual(rig.secondaryMissing(), [], `seed ${seed}`)
        })
      }
    },
  )
})
