import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Random } from "effect"
import { make, Stuck } from "./World.ts"

const run = <A>(seed: number, body: (world: ReturnType<typeof make>) => Effect.Effect<A>) => {
  const world = make(seed)
  return world.run(world.process("main"), Effect.suspend(() => body(world)))
}

/** Three fibers that yield and sleep, and the order in which they passed each point. */
const race = (seed: number) => {
  const world = make(seed)
  const passed: Array<string> = []
  const fiber = (name: string) =>
    Effect.gen(function* () {
      for (let i = 0; i < 5; i++) {
        passed.push(`${name}${i}`)
        yield* Effect.yieldNow
        if (i === 2) yield* Effect.sleep("1 second")
      }
      world.note(name, "done")
    })
  const all = Effect.forEach(["a", "b", "c"], fiber, { concurrency: "unbounded", discard: true })
  return world.run(world.process("main"), all).then(() => ({ passed: passed.join(), digest: world.digest() }))
}

describe("a world", () => {
  it("does the same again for the same seed, and other things for others", async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, (_, seed) => race(seed)))
    const again = await Promise.all(Array.from({ length: 20 }, (_, seed) => race(seed)))
    assert.deepEqual(again, runs)
    assert.isAbove(new Set(runs.map(({ passed }) => passed)).size, 10)
    assert.strictEqual(new Set(runs.map(({ digest }) => digest)).size, 20)
  })
  it("has the same digest on every runtime", async () => {
    assert.strictEqual((await race(7)).digest, "d27b3dbd6774beb5")
  })
  it("passes twenty minutes at once, in the order of the timers", async () => {
    const order: Array<number> = []
    const exit = await run(1, (world) =>
      Effect.gen(function* () {
        const sleeps = [1_200_000, 5, 700, 5].map((ms) =>
          Effect.andThen(Effect.sleep(ms), Effect.sync(() => order.push(ms)))
        )
        yield* Effect.all(sleeps, { concurrency: "unbounded" })
        return world.now()
      }))
    assert.deepEqual(exit, Exit.succeed(1_200_000))
    assert.deepEqual(order, [5, 5, 700, 1_200_000])
  })
  it("runs nothing of a killed process, not even what it slept for", async () => {
    const seen: Array<string> = []
    await run(2, (world) =>
      Effect.gen(function* () {
        const victim = world.process("victim")
        const work = Effect.gen(function* () {
          seen.push("began")
          yield* Effect.sleep("1 second")
          seen.push("went on")
        }).pipe(Effect.ensuring(Effect.sync(() => seen.push("cleaned up"))))
        victim.post(() => Effect.runForkWith(victim.context)(work))
        yield* Effect.sleep("10 millis")
        victim.post(() => seen.push("posted"))
        victim.kill()
        yield* Effect.sleep("20 minutes")
      }))
    assert.deepEqual(seen, ["began"])
  })
  it("holds a paused process still and lets it go on afterwards", async () => {
    const times = await run(3, (world) =>
      Effect.gen(function* () {
        const sleeper = world.process("sleeper")
        const woke = yield* Deferred.make<number>()
        sleeper.post(() =>
          Effect.runForkWith(sleeper.context)(
            Effect.andThen(
              Effect.sleep("1 second"),
              Effect.sync(() => Deferred.doneUnsafe(woke, Exit.succeed(world.now()))),
            ),
          )
        )
        yield* Effect.sleep("500 millis")
        sleeper.pause(60_000)
        return [yield* Deferred.await(woke), sleeper.pausedMs()]
      }))
    assert.deepEqual(times, Exit.succeed([60_500, 60_000]))
  })
  it("moves the wall clock of one process, never the time that passes", async () => {
    const times = await run(4, (world) =>
      Effect.gen(function* () {
        const main = world.process("moved")
        const before = main.wallMs()
        main.jump(-3_600_000)
        const own = yield* Clock.currentTimeMillis
        return [main.wallMs() - before, own - before]
      }))
    assert.deepEqual(times, Exit.succeed([-3_600_000, 0]))
  })
  it("gives each process randomness of its own, from the seed", async () => {
    const drawn = () => run(5, (world) => Effect.map(Random.next, (own) => [own, world.random("x").next()] as const))
    assert.deepEqual(await drawn(), await drawn())
  })
  it("says when somebody waits for ever", async () => {
    const error = await run(6, () => Effect.never).catch((error: unknown) => error)
    assert.instanceOf(error, Stuck)
  })
  it("says when something spins", { timeout: 60_000 }, async () => {
    const error = await run(6, () => Effect.forever(Effect.yieldNow)).catch((error: unknown) => error)
    assert.instanceOf(error, Stuck)
  })
})
