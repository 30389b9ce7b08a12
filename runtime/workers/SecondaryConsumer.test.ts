import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import type { Fate } from "../../core/Fate.ts"
import * as World from "../../testing/simulation/World.ts"
import type { Handle } from "./testConsumers.ts"
import * as consumers from "./testConsumers.ts"
import { limits } from "./testConsumers.ts"

const run = (seed: number, body: Parameters<typeof consumers.run>[1]) => consumers.run(World.make(seed), body)
const fine: Handle = () => Effect.void
const notes = { events: ["Noted"] } as object

describe("a consumer of secondary events", () => {
  it("is handed each message of its queue, and removes it once it is done", async () => {
    await run(1, function* ({ called, consumer, open, states, until, write }) {
      yield* open("p", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(1_000)
      for (let i = 0; i < 15; i++) yield* write(`x${i}`, "Noted")
      assert.isTrue(yield* until(() => called("a").length === 15))
      yield* Effect.sleep(120_000)
      assert.lengthOf(called("a"), 15)
      assert.strictEqual(states.secondary.get("a")!.queue.messages.size, 0)
    })
  })

  it("is handed once what its queue brings while it waits for its first walk, which brings the same", async () => {
    await run(11, function* ({ called, consumer, open, until, write }) {
      yield* open("p", [consumer("a", fine, { from: "beginning", ...notes })])
      yield* Effect.sleep(limits.settleMs / 2)
      for (let i = 0; i < 5; i++) yield* write(`x${i}`, "Noted")
      assert.isTrue(yield* until(() => called("a").length === 5))
      yield* Effect.sleep(120_000)
      assert.lengthOf(called("a"), 5)
    })
  })

  it("hides a message for as long as its handler takes, so that nobody else is handed it", async () => {
    await run(2, function* ({ called, consumer, open, until, write }) {
      const slow = consumer("a", () => Effect.sleep(limits.handlerMs - 1_000), { from: "now", ...notes })
      const short = { limits: { ...limits, hiddenMs: 3_000 } }
      yield* open("p1", [slow], short)
      yield* open("p2", [slow], short)
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => called("a", true).length === 1))
      yield* Effect.sleep(120_000)
      assert.deepStrictEqual(called("a"), ["x@1"])
    })
  })

  it("gives a message to another process once its own died in the middle of it", async () => {
    await run(3, function* ({ called, calls, consumer, open, until, write }) {
      const handle: Handle = ({ process }) => process === "p1" ? Effect.never : Effect.void
      const first = yield* open("p1", [consumer("a", handle, { from: "now", ...notes })])
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => called("a").length === 1))
      first.kill()
      yield* open("p2", [consumer("a", handle, { from: "now", ...notes })])
      assert.isTrue(yield* until(() => called("a", true).length === 1))
      assert.deepStrictEqual(calls.map(({ process }) => process), ["p1", "p2"])
    })
  })

  it("tries 1 + 5 times with growing delays; then it is a dead letter of the queue, skipped, or tried on", async () => {
    await run(4, function* ({ calls, consumer, open, states, until, write }) {
      const handle: Handle = () => Effect.fail("no")
      yield* open("p", [
        consumer("parks", handle, { from: "now", ...notes }),
        consumer("skips", handle, { from: "now", onError: "skip", ...notes }),
        consumer("retries", handle, { from: "now", onError: "retry", ...notes }),
      ])
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      const queue = (name: string) => states.secondary.get(name)!.queue
      assert.isTrue(yield* until(() => queue("parks").dead!.messages.size === 1))
      assert.isTrue(yield* until(() => queue("skips").messages.size === 0))
      yield* Effect.sleep(300_000)
      const attempts = (name: string) => calls.filter((call) => call.consumer === name).length
      assert.deepStrictEqual([attempts("parks"), attempts("skips")], [6, 6])
      assert.isAbove(attempts("retries"), 12)
      assert.deepStrictEqual([queue("retries").messages.size, queue("retries").dead!.messages.size], [1, 0])
      assert.strictEqual(queue("skips").dead!.messages.size, 0)
    })
  })

  it("loses nothing where its queue fails, and is handed again what it could not remove", async () => {
    for (let seed = 10; seed < 15; seed++) {
      await run(seed, function* ({ called, consumer, open, random, states, until, write }) {
        const fates: ReadonlyArray<Fate> = ["done", "done", "done", "refused", "lost", "twice"]
        let isCalm = false
        const fate = { fate: () => isCalm ? "done" as const : random.pick(fates) }
        const more = { fate, limits: { ...limits, hiddenMs: 3_000 } }
        const dying = yield* open("p1", [consumer("a", fine, { from: "now", ...notes })], more)
        yield* open("p2", [consumer("a", fine, { from: "now", onError: "retry", ...notes })], more)
        yield* Effect.sleep(1_000)
        for (let i = 0; i < 20; i++) yield* write(`x${i}`, "Noted")
        yield* Effect.sleep(random.below(5_000))
        dying.kill()
        yield* Effect.sleep(5_000)
        isCalm = true
        const queue = states.secondary.get("a")!.queue
        assert.isTrue(yield* until(() => queue.messages.size === 0))
        assert.strictEqual(new Set(called("a", true)).size + queue.dead!.messages.size, 20, `seed ${seed}`)
      })
    }
  })

  it("lets handlers end when the process goes away, and gives back what they do not end", async () => {
    await run(5, function* ({ called, consumer, open, states, until, write }) {
      const handle: Handle = ({ at }) => at.startsWith("slow") ? Effect.never : Effect.sleep(3_000)
      const one = yield* open("p", [consumer("a", handle, { from: "now", ...notes })])
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      yield* write("slow", "Noted")
      assert.isTrue(yield* until(() => called("a").length === 2))
      yield* one.close
      assert.deepStrictEqual(called("a", true), ["x@1"])
      const [left, ...none] = [...states.secondary.get("a")!.queue.messages.values()]
      assert.lengthOf(none, 0)
      const now = yield* Clock.currentTimeMillis
      assert.isAtMost(left!.visibleAt, now, "others may have it at once")
    })
  })

  it("is handed what was stored before its first start, where it begins at the beginning", async () => {
    await run(6, function* ({ called, consumer, open, until, write }) {
      yield* write("x", "Noted", "Moved")
      yield* Effect.sleep(60_000)
      yield* open("p", [consumer("a", fine, notes), consumer("both", fine)])
      assert.isTrue(yield* until(() => called("a").length === 1 && called("both").length === 2))
      yield* Effect.sleep(60_000)
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => called("a").length === 2 && called("both").length === 3))
      assert.deepStrictEqual(called("both").sort(), ["x@1", "x@2", "x@3"])
    })
  })
})
