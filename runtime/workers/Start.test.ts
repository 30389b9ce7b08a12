import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as World from "../../testing/simulation/World.ts"
import * as consumers from "./testConsumers.ts"
import { type Handle, limits, streamOf } from "./testConsumers.ts"

const run = (seed: number, body: Parameters<typeof consumers.run>[1]) => consumers.run(World.make(seed), body)
const fine: Handle = () => Effect.void

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

  it("now: what was stored before is not handed over either where the router brings it later", async () => {
    await run(2, function* ({ called, commit, consumer, open, route, until, write }) {
      yield* commit("x", ["Moved", "Noted", "Moved"])
      yield* commit("y", ["Noted"])
      yield* Effect.sleep(60_000)
      yield* open("p", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(10_000)
      yield* route(streamOf("x"), 0)
      yield* route(streamOf("y"), 0)
      yield* Effect.sleep(10_000)
      assert.isEmpty(called("a"))
      yield* write("x", "Noted", "Moved")
      yield* write("z", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 3))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a").sort(), ["x@4", "x@5", "z@1"])
    })
  })
})
