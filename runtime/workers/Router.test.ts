import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Fate } from "../../core/Fate.ts"
import { streamOf } from "../../core/laws/fixtures.ts"
import { object, text } from "../../core/laws/schemas.ts"
import { defaults, Limits, lowered } from "../../core/Limits.ts"
import * as ShardLogMemory from "../../core/ShardLogMemory.ts"
import * as World from "../../testing/simulation/World.ts"
import * as Metrics from "./RouterMetrics.ts"
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

  it("routes what was stored while nobody routed, longer than the feed remembers", async () => {
    await run(21, { shards: 2 }, function* (rig) {
      for (let i = 0; i < 12; i++) yield* rig.say(streamOf("t", `s${i}`), "Noted", "Chatted", "Noted")
      for (const id of rig.feed.log.shards.keys()) ShardLogMemory.trim(rig.feed.log, id)
      const { context } = yield* rig.open("r")
      assert.deepStrictEqual(yield* rig.drained(30_000), [])
      assert.deepStrictEqual(rig.wrongOnBus(), [])
      assert.deepStrictEqual(rig.secondaryMissing(), [])
      const { CoreEvents, Gaps, SecondaryEvents, TotalEvents } = Metrics
      const counted = yield* Effect.provideContext(
        Effect.forEach([TotalEvents, CoreEvents, SecondaryEvents, Gaps], (metric) => Metric.value(metric)),
        context,
      )
      assert.deepStrictEqual(counted.map(({ count }) => count), [36, 24, 12, 36])
      const { count } = yield* Effect.provideContext(Metric.value(Metrics.RoutingLatency), context)
      assert.strictEqual(count, 36)
    })
  })

  it("looks at every stream once the feed has forgotten what was not read, and only then moves on", async () => {
    await run(27, {}, function* (rig) {
      for (let i = 0; i < 12; i++) yield* rig.say(streamOf("t", `s${i}`), "Noted")
      yield* rig.open("r")
      assert.deepStrictEqual(yield* rig.drained(20_000), [])
      yield* Effect.sleep(8_000)
      for (let i = 0; i < 12; i++) yield* rig.say(streamOf("t", `s${i}`), "Noted")
      for (const id of rig.feed.log.shards.keys()) ShardLogMemory.trim(rig.feed.log, id)
      yield* rig.say(streamOf("t", "last"), "Noted")
      // Long before a round would come by.
      assert.deepStrictEqual([yield* rig.drained(10_000), rig.wrongOnBus()], [[], []])
    })
  })

  for (const why of ["its registry", "newer code", "a hole in the store"]) {
    it(`looks at every stream whose history was forgotten though some wait for ${why}, and loses none`, async () => {
      await run(31, {}, function* (rig) {
        const all = Array.from({ length: 150 }, (_, i) => streamOf("t", `s${i}`))
        // One on each page, and more than are looked at before any is done.
        for (const [i, one] of all.entries()) yield* rig.say(one, ...i % 5 > 0 ? ["Noted"] : ["Noted", "Chatted"])
        for (const shard of rig.feed.log.shards.values()) shard.waiting = []
        const holed = all.filter((_, i) => why === "a hole in the store" && i % 5 === 0)
        for (const { id } of holed) rig.store.streams.get(`t/Order/${id}`)!.events.shift()
        if (why === "its registry") rig.known.down.add("Order.Chatted.v1")
        const first = yield* rig.open("r", why === "newer code")
        yield* Effect.sleep(20_000)
        for (const [i, one] of all.entries()) if (i % 5 > 0) yield* rig.say(one, "Noted")
        for (const id of rig.feed.log.shards.keys()) ShardLogMemory.trim(rig.feed.log, id)
        yield* Effect.sleep(20_000)
        assert.lengthOf(rig.behind(), 30)
        if (holed.length > 0) return
        first.process.kill()
        rig.known.down.clear()
        yield* rig.open("other")
        assert.deepStrictEqual([yield* rig.drained(60_000), rig.wrongOnBus(), rig.secondaryMissing()], [[], [], []])
      })
    })
  }

  it("finds in its rounds what the feed never brought", async () => {
    await run(22, {}, function* (rig) {
      yield* rig.open("r")
      yield* Effect.sleep(5_000)
      // More than a page: rounds go on where the one before ended.
      for (let i = 0; i < 12; i++) {
        yield* rig.say(streamOf("t", `s${i}`), "Noted")
        for (const shard of rig.feed.log.shards.values()) shard.waiting = []
      }
      assert.lengthOf(rig.behind(), 12)
      assert.deepStrictEqual(yield* rig.drained(4 * limits.reconcileMs), [])
      assert.deepStrictEqual(rig.wrongOnBus(), [])
    })
  })

  it("parks a stream in front of what must not be sent, holds no other up, and goes on when it is redriven", async () => {
    await run(23, {}, function* (rig) {
      const [bad, good] = [streamOf("t", "bad"), streamOf("t", "good")]
      const { router } = yield* rig.open("r")
      yield* rig.say(bad, "Noted", "Strange", "Noted")
      yield* rig.say(good, "Noted")
      assert.deepStrictEqual(yield* rig.drained(20_000), [])
      yield* rig.say(bad, "Noted")
      yield* rig.say(good, "Noted")
      assert.deepStrictEqual(yield* rig.drained(20_000), [])
      yield* Effect.sleep(2_000)
      const letter = rig.letters.get("router/t/Order/bad")!
      assert.deepStrictEqual(
        [letter.version, letter.type, letter.error, letter.kind],
        [2, "Strange", "SchemaNotRegistered Order.Strange.v1", "stream"],
      )
      assert.deepStrictEqual([rig.markOf(bad).version, rig.markOf(good).version], [1, 2])

      const redo = () => router().redo.stream(bad)
      const failed = yield* redo()
      assert.strictEqual(failed._tag, "Failed")
      assert.strictEqual(rig.markOf(bad).version, 1)
      yield* rig.registry.register("Order.Strange.v1", object({ of: text! }))
      yield* Effect.sleep(limits.registryRetryMs)
      assert.deepStrictEqual(yield* redo(), { _tag: "Done" })
      assert.deepStrictEqual(rig.markOf(bad), { version: 4, core: 4 })
      rig.letters.delete(letter.id)
      yield* rig.say(bad, "Noted")
      assert.deepStrictEqual(yield* rig.drained(20_000), [])
      assert.deepStrictEqual(rig.wrongOnBus(), [])
    })
  })

  it("parks a stream in front of what a bus can never take, whichever bus, and sends what stands before it", async () => {
    for (const type of ["Noted", "Chatted"]) {
      const isTooLarge = { is: true }
      const isUnsendable = (event: StoredEvent) =>
        isTooLarge.is && event.id === "bad" && event.type === type && event.version > 3
      await run(29, { isUnsendable }, function* (rig) {
        const [bad, good] = [streamOf("t", "bad"), streamOf("t", "good")]
        const { router } = yield* rig.open("r")
        yield* rig.say(bad, "Noted", "Chatted", "Noted", type, "Noted", "Chatted")
        yield* rig.say(good, "Noted", type)
        assert.deepStrictEqual(yield* rig.drained(20_000), [])
        yield* rig.say(good, "Noted")
        assert.deepStrictEqual(yield* rig.drained(20_000), [])
        const letter = rig.letters.get("router/t/Order/bad")!
        assert.deepStrictEqual([letter.version, letter.type, letter.error], [4, type, "Unsendable: too large"])
        assert.deepStrictEqual([rig.markOf(bad).version, rig.markOf(good).version], [3, 3])
        const failed = yield* router().redo.stream(bad)
        assert.deepStrictEqual(
          failed._tag === "Failed" ? [failed.letter.version, failed.letter.error] : failed,
          [4, "Unsendable: too large"],
        )
        isTooLarge.is = false
        assert.deepStrictEqual(yield* router().redo.stream(bad), { _tag: "Done" })
        assert.strictEqual(rig.markOf(bad).version, 6)
        rig.letters.delete(letter.id)
        assert.deepStrictEqual(rig.wrongOnBus(), [])
        assert.deepStrictEqual(rig.secondaryMissing(), [])
      })
    }
  })

  it("lets a stream wait alone whose schema cannot be asked for", async () => {
    await run(24, {}, function* (rig) {
      const [waiting, other] = [streamOf("t", "waiting"), streamOf("t", "other")]
      const { context } = yield* rig.open("r")
      const lagOf = Effect.map(Effect.provideContext(Metric.value(Metrics.FeedLag), context), ({ value }) => value)
      yield* rig.registry.register("Order.Strange.v1", object({ of: text! }))
      rig.known.down.add("Order.Strange.v1")
      yield* rig.say(waiting, "Strange", "Noted")
      for (let i = 0; i < 5; i++) yield* rig.say(other, "Noted")
      yield* Effect.sleep(10_000)
      assert.deepStrictEqual(rig.behind(), ["t/Order/waiting 0/2"])
      assert.strictEqual(rig.letters.size, 0)
      assert.isAtLeast(yield* lagOf, 8_000)
      rig.known.down.clear()
      assert.deepStrictEqual(yield* rig.drained(60_000), [])
      assert.deepStrictEqual(rig.wrongOnBus(), [])
      yield* Effect.sleep(2_000)
      assert.isBelow(yield* lagOf, 1_000)
    })
  })

  it("lets a stream wait alone that newer code has written, until newer code routes it", async () => {
    await run(30, {}, function* (rig) {
      const [newer, other] = [streamOf("t", "newer"), streamOf("t", "other")]
      const { process } = yield* rig.open("old", true)
      yield* rig.say(newer, "Noted", "Chatted", "Noted")
      for (let i = 0; i < 5; i++) yield* rig.say(other, "Noted")
      yield* Effect.sleep(10_000)
      assert.deepStrictEqual(rig.behind(), ["t/Order/newer 1/3"])
      assert.include(rig.logs.join(), "a stream waits to be routed")
      yield* rig.open("new")
      process.kill()
      assert.deepStrictEqual(yield* rig.drained(120_000), [])
      assert.strictEqual(rig.letters.size, 0)
      assert.deepStrictEqual(rig.wrongOnBus(), [])
      assert.deepStrictEqual(rig.secondaryMissing(), [])
    })
  })

  it("lets a stream wait alone in which the store has a hole", async () => {
    await run(28, {}, function* (rig) {
      const [holed, other] = [streamOf("t", "holed"), streamOf("t", "other")]
      yield* rig.say(holed, "Noted", "Noted", "Noted")
      rig.store.streams.get("t/Order/holed")!.events.splice(1, 1)
      // The feed has lost what the store lacks.
      for (const shard of rig.feed.log.shards.values()) {
        shard.waiting = shard.waiting.filter(({ version }) => version !== 2)
      }
      yield* rig.open("r")
      yield* Effect.sleep(3_000)
      for (let i = 0; i < 5; i++) yield* rig.say(other, "Noted")
      yield* Effect.sleep(10_000)
      assert.deepStrictEqual(rig.behind(), ["t/Order/holed 1/3"])
      assert.include(rig.logs.join(), "routing a stream broke")
    })
  })

  it("sends again only what failed, while the others of the call go on", async () => {
    let refused = 0
    // The first record of every stream is refused three times.
    const fate = (): Fate => refused++ < 3 ? "refused" : "done"
    await run(25, { fate }, function* (rig) {
      const streams = [1, 2, 3, 4].map((i) => streamOf("t", `s${i}`))
      for (const one of streams) yield* rig.say(one, "Noted", "Noted")
      yield* rig.open("r")
      assert.deepStrictEqual([yield* rig.drained(30_000), rig.wrongOnBus()], [[], []])
      const records = [...rig.bus.shards.values()].flatMap(({ items }) => items)
      assert.strictEqual(records.length, 4)
    })
  })

  it("sends a stream's backlog in full records, one after the other", { timeout: 60_000 }, async () => {
    await run(26, { publishMs: 20, limits: defaults }, function* (rig, world) {
      const types = Array.from({ length: 50 }, () => "Noted")
      for (let i = 0; i < 60; i++) yield* rig.say(streamOf("t", "hot"), ...types)
      yield* rig.open("r")
      const began = world.now()
      assert.deepStrictEqual(yield* rig.drained(30_000), [])
      const records = [...rig.bus.shards.values()].flatMap(({ items }) => items)
      assert.deepStrictEqual(records.map(({ record }) => record.events.length), Array(6).fill(500))
      // 2,000 events a second would take 1.5 s.
      assert.isBelow(world.now() - began, 1_500)
      assert.deepStrictEqual(rig.wrongOnBus(), [])
    })
  })
})
