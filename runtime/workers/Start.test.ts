import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import { defaults } from "../../core/Limits.ts"
import * as World from "../../testing/simulation/World.ts"
import * as consumers from "./testConsumers.ts"
import { type Handle, limits, streamOf } from "./testConsumers.ts"

const run = (seed: number, body: Parameters<typeof consumers.run>[1]) => consumers.run(World.make(seed), body)
const fine: Handle = () => Effect.void
/** Clocks may differ. */
const whole = { limits: { ...limits, clocksMs: defaults.clocksMs } }

describe("where a consumer begins", () => {
  it("is not behind the secondary events of a stream that the walk had to park: the redrive brings them", async () => {
    await run(1, function* ({ called, commit, consumer, letter, lose, open, states, until, write }) {
      // Stored and routed before anybody had asked for them: no queue holds the notes.
      yield* commit("x", ["Opened", "Noted", "Moved", "Noted", "Noted"])
      lose("x", 3)
      yield* Effect.sleep(120_000)
      const broken = { at: ["x@1", "x@4"] }
      const handle: Handle = ({ at }) => broken.at.includes(at) ? Effect.fail("no") : Effect.void
      const one = yield* open("p", [consumer("a", handle)])
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      broken.at = ["x@4"]
      assert.deepStrictEqual(yield* one.redo("a").stream(streamOf("x")), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true), ["x@1", "x@2", "x@3", "x@5"])
      assert.deepInclude(letter("a", "x", "x.4"), { kind: "message", version: 4, attempts: 6 })

      // As the worker of redrives ends it.
      states.letters.clear()
      // What is stored from then on comes through the queue, and a redrive leaves it there.
      yield* Effect.sleep(60_000)
      broken.at = ["x@6"]
      yield* write("x", "Moved", "Noted", "Moved")
      assert.isTrue(yield* until(() => called("a", true).includes("x@7")))
      assert.isTrue(yield* until(() => letter("a", "x")?.version === 6))
      broken.at = []
      assert.deepStrictEqual(yield* one.redo("a").stream(streamOf("x")), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true).slice(4), ["x@7", "x@6", "x@8"])
    })
  })

  it("beginning: a stream that is never given up holds no other up in the walk, which begins anew behind a death", async () => {
    await run(7, function* ({ called, consumer, letter, lines, open, states, until, write }) {
      const bad = { at: ["s0@2", "s1@1"] }
      const handle: Handle = ({ at }) => bad.at.includes(at) ? Effect.fail("no") : Effect.void
      for (let i = 0; i < 12; i++) yield* write(`s${i}`, "Noted", "Moved", "Noted")
      yield* Effect.sleep(60_000)
      const make = consumer("a", handle, { onError: "retry" })
      const first = yield* open("p1", [make])
      const isDone = (id: string) => [1, 2, 3].every((version) => called("a", true).includes(`${id}@${version}`))
      assert.isTrue(yield* until(() => Array.from({ length: 10 }, (_, i) => `s${i + 2}`).every(isDone)))
      yield* Effect.sleep(60_000)
      const over = () => JSON.parse(states.leases.get("a/start")!.checkpoint!)
      assert.deepInclude(over(), { isOver: false })
      assert.notProperty(over(), "cursor", "all of the first page is not done")
      assert.isUndefined(letter("a", "s1", "s1.1"), "nothing is given up")
      // What heals is gone on with; what does not is found by the next one.
      bad.at = ["s0@2"]
      assert.isTrue(yield* until(() => isDone("s1")))
      first.kill()
      const second = yield* open("p2", [make])
      yield* Effect.sleep(60_000)
      assert.isFalse(over().isOver)
      bad.at = []
      assert.isTrue(yield* until(() => isDone("s0") && over().isOver))
      yield* write("s0", "Moved")
      assert.isTrue(yield* until(() => called("a", true).includes("s0@4")))
      assert.strictEqual(called("a", true).length, 12 * 3 + 1, "and nothing twice")
      assert.include(JSON.stringify(lines), "a consumer failed")
      second.kill()
    })
  })

  it("beginning: secondary events of a stream that no listing shows yet are handed over", async () => {
    await run(3, function* ({ called, consumer, open, until, write }) {
      yield* write("old", "Opened", "Noted")
      yield* Effect.sleep(60_000)
      // Routed before anybody had asked for them: neither a queue nor, for their sake, the bus brings them.
      yield* write("x", "Noted")
      yield* write("y", "Noted", "Moved")
      yield* open("p", [consumer("a", fine)], { listsLateMs: limits.settleMs - 100 })
      assert.isTrue(yield* until(() => called("a").length >= 5))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a").sort(), ["old@1", "old@2", "x@1", "y@1", "y@2"])
    })
  })

  it("now: what was stored before and is routed later is handed over, for only a clock would tell it from what is new", async () => {
    await run(2, function* ({ called, commit, consumer, open, route, until, write }) {
      yield* commit("x", ["Moved", "Noted", "Moved"])
      yield* commit("y", ["Noted"])
      yield* write("z", "Moved")
      yield* Effect.sleep(60_000)
      yield* open("p", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(10_000)
      yield* route(streamOf("x"), 0)
      yield* route(streamOf("y"), 0)
      yield* write("z", "Noted", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 6))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a").sort(), ["x@1", "x@2", "x@3", "y@1", "z@2", "z@3"])
    })
  })

  for (const ms of [3_600_000, -3_600_000]) {
    const where = ms > 0 ? "ahead" : "behind"
    it(`now: loses nothing and is handed nothing older where its first process runs an hour ${where}`, async () => {
      await run(4, function* ({ called, consumer, open, states, until, write }) {
        yield* write("x", "Moved")
        yield* Effect.sleep(10_000)
        const { process } = yield* open("p", [consumer("a", fine, { from: "now" })], whole)
        process.jump(ms)
        yield* Effect.sleep(10_000)
        process.jump(-ms)
        yield* write("y", "Moved", "Noted")
        yield* write("new", "Noted", "Moved")
        // A shard that nobody knew when the consumer began.
        CoreBusMemory.split(states.bus, CoreBusMemory.openShards(states.bus)[0]!)
        CoreBusMemory.split(states.bus, CoreBusMemory.openShards(states.bus)[0]!)
        yield* write("y", "Moved")
        yield* write("new", "Moved")
        assert.isTrue(yield* until(() => called("a").length === 6))
        yield* Effect.sleep(60_000)
        assert.deepStrictEqual(called("a").sort(), ["new@1", "new@2", "new@3", "y@1", "y@2", "y@3"])
      })
    })
  }

  it("now: is handed what a writer stores whose clock jumps back an hour", async () => {
    await run(5, function* ({ called, consumer, main, open, until, write }) {
      yield* open("p", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(600_000)
      main.jump(-3_600_000)
      yield* write("z", "Moved", "Noted", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 3))
      assert.deepStrictEqual(called("a").sort(), ["z@1", "z@2", "z@3"])
    })
  })

  it("now: reads it from the store, too, where the bus has forgotten it", async () => {
    await run(6, function* ({ called, consumer, main, open, states, until, write }) {
      main.jump(-2 * defaults.clocksMs)
      yield* write("old", "Moved")
      main.jump(2 * defaults.clocksMs)
      const first = yield* open("p1", [consumer("a", fine, { from: "now" })], whole)
      yield* Effect.sleep(20_000)
      first.kill()
      main.jump(-3_600_000)
      yield* write("z", "Moved", "Moved")
      yield* write("old", "Moved")
      CoreBusMemory.trim(states.bus, Infinity)
      yield* open("p2", [consumer("a", fine, { from: "now" })], whole)
      assert.isTrue(yield* until(() => called("a").length >= 3))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a").sort(), ["old@2", "z@1", "z@2"])
    })
  })

  it("beginning: loses no secondary event where writers and its first process differ by two hours", async () => {
    await run(7, function* ({ called, consumer, main, open, until, write }) {
      main.jump(3_600_000)
      yield* write("x", "Moved", "Noted", "Moved")
      const { process } = yield* open("p", [consumer("a", fine)], whole)
      process.jump(-3_600_000)
      assert.isTrue(yield* until(() => called("a").length === 3))
      assert.deepStrictEqual(called("a").sort(), ["x@1", "x@2", "x@3"])
    })
  })
})
