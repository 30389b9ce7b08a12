import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as World from "../../testing/simulation/World.ts"
import * as consumers from "./testConsumers.ts"
import { streamOf } from "./testConsumers.ts"

const run = (seed: number, body: Parameters<typeof consumers.run>[1]) => consumers.run(World.make(seed), body)

describe("a consumer of core events that is asked to discard", () => {
  it("gives up one event of a parked stream, and nothing that stands elsewhere than where it was seen", async () => {
    await run(72, function* ({ called, consumer, events, letter, mark, open, until, write }) {
      const one = yield* open("p", [consumer("a", ({ at }) => at === "x@3" ? Effect.fail("no") : Effect.void)])
      yield* Effect.sleep(60_000)
      yield* write("x", "Moved", "Noted", "Moved", "Moved")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      const { discard, stream } = one.redo("a")
      // The bus has none of the secondary ones; of what is done, or stands behind another that fails, nothing is given up.
      assert.deepStrictEqual(mark("a", "x"), { version: 1, core: 1 })
      for (const version of [1, 4]) assert.isFalse(yield* discard!(streamOf("x"), version), `${version}`)
      assert.deepStrictEqual(mark("a", "x"), { version: 2, core: 1 })
      assert.deepStrictEqual([yield* discard!(streamOf("x"), 3), yield* discard!(streamOf("x"), 3)], [true, false])
      assert.deepStrictEqual(mark("a", "x"), { version: 3, core: 3 })
      assert.deepStrictEqual(yield* stream(streamOf("x")), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true).toSorted(), ["x@1", "x@2", "x@4"])
      // Of what the store does not have, the mark is all that there is.
      assert.strictEqual((yield* (yield* events).head(streamOf("none"))).version, 0)
      assert.isTrue(yield* discard!(streamOf("none"), 1))
      assert.deepStrictEqual(mark("a", "none"), { version: 1, core: 1 })
    })
  })

  it("goes on behind a gap that the store has not", async () => {
    await run(73, function* ({ called, commit, consumer, letter, lose, mark, open, states, until, write }) {
      const one = yield* open("p", [consumer("a", () => Effect.void, { from: "now" })], { hasHistory: false })
      yield* Effect.sleep(5_000)
      yield* write("x", "Moved")
      yield* commit("x", ["Moved"])
      lose("x", 2)
      yield* write("x", "Moved")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      const { id, version } = letter("a", "x")!
      assert.isTrue(yield* one.redo("a").discard!(streamOf("x"), version))
      assert.deepStrictEqual(mark("a", "x"), { version: 2, core: 2 })
      states.letters.delete(id)
      yield* write("x", "Moved")
      // The next one is given up by itself, too.
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      assert.deepStrictEqual([letter("a", "x")!.version, called("a")], [3, ["x@1"]])
    })
  })
})
