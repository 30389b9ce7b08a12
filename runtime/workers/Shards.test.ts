import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Latch, Logger } from "effect"
import { type Lease, Leases, type Shape } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"

import { Limits, lowered } from "../../core/Limits.ts"
import type { ShardLog } from "../../core/ShardLog.ts"
import * as ShardLogMemory from "../../core/ShardLogMemory.ts"
import type { Process } from "../../testing/simulation/Process.ts"
import type { Random } from "../../testing/simulation/random.ts"
import * as World from "../../testing/simulation/World.ts"
import { flaky } from "../../tests/router/flaky.ts"
import type { Held } from "./Shards.ts"
import * as Shards from "./Shards.ts"
import { ended, positionOf } from "./shares.ts"

const limits = lowered({ shardPage: 7, shardWindow: 20, shardsPollMs: 4_000 })

/** One log, its leases, and what any process has done of it. */
const bench = (seed: number, faulty: boolean) => {
  const world = World.make(seed)
  const main = world.process("main")
  const random = world.random("bench")
  const log = ShardLogMemory.emptyState<number>(3)
  const leases: LeasesMemory.State = new Map()
  const done = new Set<number>()
  const wrong = new Set<string>()
  const parentsOf = new Map<string, ReadonlyArray<string>>()
  const lost = new Set<number>()
  /** By shard and process: whether it believes that it holds the shard. */
  const held = new Map<string, Map<string, Held["isHeld"]>>()
  const processes: Array<Process> = []
  let [added, isCalm, trims] = [0, !faulty, 0]

  const keeper = (own: Random): Effect.Effect<Shape> =>
    Effect.map(LeasesMemory.make(leases), (base) => flaky(base, own.next, () => isCalm))

  const itemsOf = new Map<string, Set<number>>()
  const checked = new Map<string, number>()
  const watch = () => {
    for (const [id, state] of log.shards) {
      const checkpoint = leases.get(`test/shards/${id}`)?.checkpoint
      const upTo = checkpoint === ended ? state.items.length : Number(positionOf(checkpoint) ?? 0) - state.trimmed
      const from = Math.max(0, (checked.get(id) ?? 0) - state.trimmed)
      for (const item of state.items.slice(from, Math.max(0, upTo))) {
        if (!done.has(item)) wrong.add(`the checkpoint of ${id} is ahead of ${item}`)
      }
      checked.set(id, Math.max(checked.get(id) ?? 0, upTo + state.trimmed))
    }
    for (const [shard, all] of held) {
      const believers = [...all].filter(([, isHeld]) => isHeld()).map(([name]) => name)
      if (believers.length > 1) wrong.add(`${believers} believe that they hold ${shard}`)
    }
  }
  world.onSettled(watch)

  const open = (name: string) =>
    Effect.gen(function* () {
      const process = world.process(name)
      const own = world.random(name)
      processes.push(process)
      const mine = yield* keeper(own)
      const work = Shards.run<number>({
        name: "test",
        owner: name,
        log: ShardLogMemory.make(log, faulty ? { late: 0.3, twice: 0.3, refused: 0.1 } : undefined),
        from: () => Effect.succeed(undefined),
        onTrimmed: () => Effect.sync(() => void trims++),
        work: (one, items, taken) =>
          Effect.gen(function* () {
            const holders = (taken(), held.get(one.shard) ?? new Map<string, Held["isHeld"]>())
            held.set(one.shard, holders.set(name, () => process.isAlive() && one.isHeld()))
            for (const parent of parentsOf.get(one.shard) ?? []) {
              for (const item of itemsOf.get(parent)!) {
                if (!done.has(item) && !lost.has(item)) {
                  wrong.add(`${one.shard} began before ${item} of its parent ${parent} was done`)
                }
              }
            }
            yield* Effect.sleep(own.below(faulty ? 3_000 : 50))
            for (const { value } of items) done.add(value)
          }),
      })
      const context = process.context.pipe(
        Context.add(Limits, limits),
        Context.add(Leases, mine),
        Context.add(Logger.CurrentLoggers, new Set()),
      )
      process.post(() => Effect.runForkWith(context)(work))
      return process
    })

  /** Remembers what stands where; whatever is trimmed later. */
  const record = () => {
    for (const { id, items, parents, waiting } of log.shards.values()) {
      parentsOf.set(id, parents)
      const known = itemsOf.get(id) ?? new Set()
      itemsOf.set(id, known)
      for (const item of [...items, ...waiting]) known.add(item)
    }
  }
  const feed = (count: number) => {
    for (let i = 0; i < count; i++) {
      added++
      ShardLogMemory.add(log, `key-${random.below(40)}`, added)
    }
    record()
  }
  const trim = (id: string, kept: number) => {
    const shard = log.shards.get(id)!
    const items = shard.items.concat(shard.waiting)
    items.slice(0, Math.max(0, items.length - kept)).forEach((item) => lost.add(item))
    ShardLogMemory.trim(log, id, kept)
  }
  const missing = () =>
    Array.from({ length: added }, (_, i) => i + 1).filter((item) => !done.has(item) && !lost.has(item))
  const drained = (ms: number) =>
    Effect.gen(function* () {
      for (let waited = 0; waited < ms && missing().length > 0; waited += 250) yield* Effect.sleep(250)
      return missing()
    })
  return {
    ...{ world, main, random, log, leases, wrong, processes, open, feed, record, trim, drained },
    calm: () => void (isCalm = true),
    trims: () => trims,
  }
}
type Bench = ReturnType<typeof bench>

const run = async <A>(
  seed: number,
  faulty: boolean,
  body: (bench: Bench) => Generator<Effect.Effect<unknown, unknown>, A, never>,
) => {
  const made = bench(seed, faulty)
  const exit = await made.world.run(made.main, Effect.provideService(Effect.gen(() => body(made)), Limits, limits))
  assert.strictEqual(exit._tag, "Success", String(exit))
  assert.deepStrictEqual([...made.wrong], [])
}
const holders = (leases: LeasesMemory.State): ReadonlyArray<string> =>
  [...leases.values()].filter(({ checkpoint, name }) => name.startsWith("test/shards/") && checkpoint !== ended)
    .map(({ owner }) => owner).sort()

describe("work on a log in shards", () => {
  it("is done, in every order of things, while processes die and pause and shards split, merge and are trimmed", {
    timeout: 120_000,
  }, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      await run(seed, true, function* (bench) {
        const { log, random } = bench
        let opened = 0
        for (let i = 0; i < 3; i++) yield* bench.open(`p${++opened}`)
        for (let round = 0; round < 30; round++) {
          bench.feed(random.below(30))
          yield* Effect.sleep(random.below(4_000))
          const [open, all] = [ShardLogMemory.openShards(log), [...log.shards.keys()]]
          const alive = bench.processes.filter((process) => process.isAlive())
          if (random.chance(0.15)) ShardLogMemory.split(log, random.pick(open))
          if (random.chance(0.15)) ShardLogMemory.merge(log, random.pick(open))
          bench.record()
          if (random.chance(0.1)) bench.trim(random.pick(all), random.below(5))
          if (random.chance(0.2)) random.pick(alive).pause(random.below(40_000))
          if (random.chance(0.15)) random.pick(alive).kill()
          if (alive.length < 3) yield* bench.open(`p${++opened}`)
        }
        bench.calm()
        yield* bench.open("last")
        assert.deepStrictEqual(yield* bench.drained(300_000), [], `seed ${seed}`)
        yield* Effect.sleep(60_000)
        const counts = Map.groupBy(holders(bench.leases), (owner) => owner)
        const live = bench.processes.filter((process) => process.isAlive()).map(({ name }) =>
          counts.get(name)?.length ?? 0
        )
        assert.isAtMost(Math.max(...live) - Math.min(...live), 1, `seed ${seed}: ${live}`)
        assert.strictEqual([...counts.values()].flat().length, ShardLogMemory.openShards(log).length)
      })
    }
  })

  it("is taken over within the lease and a look once a process died, and shared anew when one comes", async () => {
    await run(1, false, function* ({ drained, feed, leases, open }) {
      const first = yield* open("a")
      yield* Effect.sleep(1_000)
      assert.deepStrictEqual(holders(leases), ["a", "a", "a"])
      yield* open("b")
      yield* Effect.sleep(8_000)
      assert.deepStrictEqual(holders(leases), ["a", "a", "b"])
      first.kill()
      feed(50)
      assert.deepStrictEqual(yield* drained(limits.leaseMs + limits.leaseMs / 2), [])
      assert.deepStrictEqual(holders(leases), ["b", "b", "b"])
    })
  })

  it("forgets the leases of shards that were done and are gone, and of processes that died", async () => {
    await run(2, false, function* ({ drained, feed, leases, log, open, trim }) {
      yield* open("a")
      const dying = yield* open("b")
      feed(30)
      yield* drained(30_000)
      const [old] = ShardLogMemory.openShards(log)
      ShardLogMemory.split(log, old!)
      yield* Effect.sleep(15_000)
      assert.strictEqual(leases.get(`test/shards/${old}`)?.checkpoint, ended)
      trim(old!, 0)
      dying.kill()
      yield* Effect.sleep(30_000)
      assert.isFalse(leases.has(`test/shards/${old}`))
      assert.isTrue(leases.has("test/owners/a"))
      assert.isFalse(leases.has("test/owners/b"))
    })
  })

  it("keeps the lease of a shard that is newer than its listing, also one that was done", async () => {
    await run(4, false, function* ({ leases, log, open }) {
      yield* open("a")
      yield* Effect.sleep(100)
      // Another process has found it, and has come to its end.
      const name = "test/shards/newer"
      log.shards.set("newer", {
        ...{ id: "newer", parents: [], range: [0, 0], items: [], waiting: [], trimmed: 0, isClosed: true },
      })
      leases.set(name, { name, owner: "", fence: 7, beat: 0, checkpoint: ended })
      yield* Effect.sleep(3_500)
      assert.strictEqual(leases.get(name)?.fence, 7)
    })
  })

  it("goes on with a shard that was given up before its work had begun", async () => {
    const once = Effect.gen(function* () {
      const [shards, worked] = [["y", "z"], new Array<string>()]
      const base = yield* LeasesMemory.make()
      const slow = Latch.makeUnsafe(false)
      let looks = 0
      const leases: Shape = {
        ...base,
        list: (prefix) =>
          Effect.gen(function* () {
            const all = yield* base.list(prefix)
            if (prefix !== "test/") return all
            looks++
            if (looks === 1) shards.push("a")
            if (looks === 2) {
              // While the new shard is taken another one comes to its end: the next look follows at once.
              slow.openUnsafe()
              for (let i = 0; i < 100; i++) yield* Effect.yieldNow
              return yield* base.list(prefix)
            }
            // Then others have come, who are as soon gone again.
            const others = ["0", "1"].map((owner): Lease => {
              return { name: `test/owners/${owner}`, owner, fence: 1, beat: 1, checkpoint: undefined }
            })
            return looks === 3 ? [...all, ...others] : all
          }),
      }
      const log: ShardLog<string> = {
        shards: Effect.sync(() => shards.map((id) => ({ id, parents: [] }))),
        read: (shard, after = "0") =>
          Effect.gen(function* () {
            if (shard === "y") yield* slow.await
            const items = shard === "a" && after === "0" ? [{ position: "1", value: "said" }] : []
            return { items, next: items.length > 0 ? "1" : after, isEnd: shard !== "a", behindMs: undefined }
          }),
        wait: Effect.sleep,
      }
      yield* Effect.forkScoped(Effect.provideService(
        Shards.run<string>({
          ...{ name: "test", owner: "me", log, from: () => Effect.undefined, onTrimmed: () => Effect.void },
          work: (_, items) => Effect.sync(() => void worked.push(...items.map(({ value }) => value))),
        }),
        Leases,
        leases,
      ))
      yield* Effect.sleep("1 minute")
      assert.isAbove(looks, 3)
      assert.deepStrictEqual(worked, ["said"])
    })
    for (let seed = 1; seed <= 20; seed++) {
      const world = World.make(seed)
      const exit = await world.run(world.process("main"), Effect.provideService(Effect.scoped(once), Limits, limits))
      assert.strictEqual(exit._tag, "Success", `seed ${seed}: ${exit}`)
    }
  })

  it("tells of a trimmed history once for each shard, and reads on from the oldest", async () => {
    await run(3, false, function* ({ drained, feed, log, open, trim, trims }) {
      feed(60)
      const dying = yield* open("a")
      yield* drained(10_000)
      // Far enough that what is done stands in the checkpoints.
      yield* Effect.sleep(10_000)
      dying.kill()
      feed(60)
      for (const id of log.shards.keys()) trim(id, 3)
      yield* open("b")
      assert.deepStrictEqual(yield* drained(30_000), [])
      assert.strictEqual(trims(), 3)
    })
  })
})
