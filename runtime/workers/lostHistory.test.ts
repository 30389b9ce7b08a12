import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import * as World from "../../testing/simulation/World.ts"
import * as consumers from "./testConsumers.ts"
import { ended } from "./shares.ts"
import type { Handle } from "./testConsumers.ts"

const run = (seed: number, body: Parameters<typeof consumers.run>[1], shards = 1) =>
  consumers.run(World.make(seed), body, shards)

const fine: Handle = () => Effect.void

/** All that stands on the bus now is forgotten, and with it the shards that are closed. */
const forget = (bus: CoreBusMemory.State) =>
  Effect.map(Clock.currentTimeMillis, (now) => CoreBusMemory.trim(bus, now + 1))

/** In order, whatever comes between. */
const handled = (called: ReadonlyArray<string>) => [...new Set(called)].sort()

describe("a consumer whose bus has forgotten what it has not read", () => {
  for (const from of ["beginning", "now"] as const) {
    it(`reads streams that are quiet since from the store: from ${from}`, async () => {
      await run(1, function* ({ called, consumer, open, states, until, write }) {
        yield* write("old", "Moved")
        yield* Effect.sleep(5_000)
        const first = yield* open("p1", [consumer("a", fine, { from })])
        yield* Effect.sleep(5_000)
        yield* write("x", "Moved")
        yield* write("y", "Moved")
        yield* Effect.sleep(20_000)
        first.kill()
        yield* write("x", "Moved")
        yield* write("new", "Moved")
        yield* Effect.sleep(1_000)
        yield* forget(states.bus)
        yield* open("p2", [consumer("a", fine, { from })])
        const wanted = ["new@1", "x@1", "x@2", "y@1"].concat(from === "now" ? [] : ["old@1"]).sort()
        yield* until(() => handled(called("a")).length === wanted.length)
        yield* Effect.sleep(60_000)
        assert.deepStrictEqual(handled(called("a")), wanted)
      })
    })

    it(`does so where the shard itself is gone before its end: from ${from}`, async () => {
      await run(2, function* ({ called, consumer, open, states, until, write }) {
        const first = yield* open("p1", [consumer("a", fine, { from })])
        yield* Effect.sleep(5_000)
        yield* write("x", "Moved")
        yield* Effect.sleep(20_000)
        first.kill()
        yield* write("x", "Moved")
        yield* write("quiet", "Moved")
        CoreBusMemory.split(states.bus, CoreBusMemory.openShards(states.bus)[0]!)
        yield* Effect.sleep(1_000)
        yield* forget(states.bus)
        assert.strictEqual(states.bus.shards.size, 2)
        yield* write("later", "Moved")
        yield* open("p2", [consumer("a", fine, { from })])
        yield* until(() => handled(called("a")).length === 4)
        yield* Effect.sleep(60_000)
        assert.deepStrictEqual(handled(called("a")), ["later@1", "quiet@1", "x@1", "x@2"])
      })
    })

    it(`does so where shards came and went that nobody has ever seen: from ${from}`, async () => {
      await run(3, function* ({ called, consumer, lines, open, states, until, write }) {
        const [root] = CoreBusMemory.openShards(states.bus)
        const first = yield* open("p1", [consumer("a", fine, { from })])
        yield* Effect.sleep(5_000)
        yield* write("x", "Moved")
        CoreBusMemory.split(states.bus, root!)
        yield* Effect.sleep(20_000)
        first.kill()
        assert.strictEqual(states.leases.get(`a/shards/${root}`)?.checkpoint, ended)
        // As if it had died right behind the shard's end.
        for (const id of CoreBusMemory.openShards(states.bus)) states.leases.delete(`a/shards/${id}`)
        for (let i = 0; i < 8; i++) yield* write(`quiet${i}`, "Moved")
        for (const id of CoreBusMemory.openShards(states.bus)) CoreBusMemory.split(states.bus, id)
        yield* Effect.sleep(1_000)
        yield* forget(states.bus)
        yield* open("p2", [consumer("a", fine, { from })])
        yield* until(() => handled(called("a")).length === 9)
        yield* Effect.sleep(60_000)
        assert.deepStrictEqual(handled(called("a")), [...Array.from({ length: 8 }, (_, i) => `quiet${i}@1`), "x@1"])
        const walks = JSON.stringify(lines).split("looks through all streams").length - 1
        assert.isAtMost(walks, 3, "four shards share the walks")
      })
    })
  }

  for (const why of ["a handler that is never given up on", "newer code", "a broken store"]) {
    it(`reads all others though some streams wait for ${why}, and finds those again behind a death`, async () => {
      await run(6, function* ({ called, consumer, open, states, until, write }) {
        const ids = Array.from({ length: 24 }, (_, i) => `s${i}`)
        const stuck = ids.filter((_, i) => i % 3 === 0)
        const bad = { is: why === "a handler that is never given up on" }
        const handle: Handle = ({ about: { id, version } }) =>
          bad.is && version === 2 && stuck.includes(id) ? Effect.fail("no") : Effect.void
        const make = consumer("a", handle, { onError: "retry" })
        const first = yield* open("p1", [make])
        yield* Effect.sleep(5_000)
        for (const id of ids) yield* write(id, "Moved")
        yield* until(() => called("a", true).length === ids.length)
        yield* Effect.sleep(20_000)
        first.kill()
        const type = why === "newer code" ? "Newest" : "Moved"
        for (const id of ids) yield* write(id, stuck.includes(id) ? type : "Moved")
        yield* Effect.sleep(1_000)
        yield* forget(states.bus)
        const second = yield* open("p2", [make], why === "a broken store" ? { broken: stuck } : {})
        const done = (version: number) => handled(called("a", true)).filter((at) => at.endsWith(`@${version}`)).length
        assert.isTrue(yield* until(() => done(2) === ids.length - stuck.length))
        // What comes meanwhile is handed over too.
        for (const id of ids) if (!stuck.includes(id)) yield* write(id, "Moved")
        assert.isTrue(yield* until(() => done(3) === ids.length - stuck.length))
        assert.isTrue(stuck.every((id) => states.progress.get("a")!.get(`t/Door/${id}`)!.version === 1))
        if (why === "newer code") return
        yield* Effect.sleep(60_000)
        second.kill()
        bad.is = false
        yield* open("p3", [make])
        assert.isTrue(yield* until(() => done(2) === ids.length))
      })
    })
  }

  it("is handed from now on what was forgotten of a stream that goes on", async () => {
    await run(4, function* ({ called, consumer, open, states, until, write }) {
      yield* write("x", "Moved")
      // Longer than what a consumer looks back on the bus.
      yield* Effect.sleep(60_000)
      const first = yield* open("p1", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(20_000)
      first.kill()
      yield* write("x", "Moved", "Noted", "Moved")
      yield* Effect.sleep(1_000)
      yield* forget(states.bus)
      yield* write("x", "Moved")
      yield* open("p2", [consumer("a", fine, { from: "now" })])
      yield* until(() => called("a").length === 4)
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a").filter((at) => at !== "x@3"), ["x@2", "x@4", "x@5"])
    })
  })

  it("does not do again what another process did with a stream since this one had it", async () => {
    await run(5, function* ({ called, calls, consumer, lines, open, states, until, write }) {
      const ids = ["a", "x", "old", "quiet", "later", "moor", "fell", "tarn"]
      const one = yield* open("p1", [consumer("a", fine)])
      yield* Effect.sleep(5_000)
      for (const id of ids) yield* write(id, "Moved")
      yield* until(() => called("a").length === 8)
      yield* open("p2", [consumer("a", fine)])
      yield* Effect.sleep(20_000)
      for (const id of ids) yield* write(id, "Moved", "Moved")
      yield* until(() => called("a").length === 24)
      yield* Effect.sleep(20_000)
      const byOf = (process: string) => handled(calls.filter((call) => call.process === process).map(({ at }) => at))
      assert.isTrue(byOf("p2").some((at) => at.endsWith("@3")), "the second one has a shard of its own")
      assert.isTrue(byOf("p1").some((at) => at.endsWith("@3")), "and the first one the other")
      one.process.pause(2_000)
      for (const id of ids) yield* write(id, "Moved")
      yield* Effect.sleep(1_000)
      yield* forget(states.bus)
      yield* until(() => called("a").length >= 32)
      yield* Effect.sleep(60_000)
      assert.lengthOf(handled(called("a")), 32)
      assert.lengthOf(called("a"), 32, "nothing twice")
      assert.include(JSON.stringify(lines), "looks through all streams")
    }, 2)
  })
})
