import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { type DeadLetter, type Shape as Letters } from "../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import { StoreUnavailable } from "../../core/EventStore.ts"
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

  it("tries 1 + 5 times, or as it says, with growing delays; then it is a dead letter, skipped, or tried on", async () => {
    await run(4, function* ({ calls, consumer, letter, open, states, until, write }) {
      const handle: Handle = () => Effect.fail(new TypeError("a secret"))
      yield* open("p", [
        consumer("parks", handle, { from: "now", ...notes }),
        consumer("skips", handle, { from: "now", onError: "skip", ...notes }),
        consumer("retries", handle, { from: "now", onError: "retry", ...notes }),
        consumer("slow", handle, { from: "now", onError: { policy: "retry", delayMs: 30_000 }, ...notes }),
        consumer("soon", handle, { from: "now", onError: { policy: "skip", attempts: 2 }, ...notes }),
      ])
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      const queue = (name: string) => states.secondary.get(name)!.queue
      const attempts = (name: string) => calls.filter((call) => call.consumer === name).length
      assert.isTrue(yield* until(() => letter("parks", "x", "x.1") !== undefined))
      assert.isBelow(attempts("slow"), 4)
      assert.isTrue(yield* until(() => queue("skips").messages.size === 0))
      yield* Effect.sleep(300_000)
      assert.deepStrictEqual(["parks", "skips", "soon"].map(attempts), [6, 6, 2])
      assert.isAbove(attempts("retries"), 12)
      assert.deepStrictEqual([queue("retries").messages.size, queue("retries").dead!.messages.size], [1, 0])
      for (const name of ["parks", "skips", "soon"]) {
        assert.deepStrictEqual([queue(name).messages.size, queue(name).dead!.messages.size], [0, 0])
      }
      const [{ error, firstAt, lastAt, ...row }, ...more] = [...states.letters.values()] as [DeadLetter]
      assert.isEmpty(more)
      assert.deepInclude(row, {
        kind: "message",
        consumer: "parks",
        version: 1,
        eventId: "x.1",
        type: "Noted",
        attempts: 6,
      })
      assert.match(error, /^TypeError at SecondaryConsumer\.test\.ts:\d+:\d+$/)
      assert.isBelow(firstAt, lastAt)
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

const unsaid = "no consumer said why: given up by its queue, or never delivered"
const refused = Effect.fail(new StoreUnavailable({ reason: "locked" }))
const short = { limits: { ...limits, hiddenMs: 3_000 }, sweeps: true }

describe("a secondary event that is given up", () => {
  it("is a row with its reason, whoever is killed, and whatever queue and store refuse: none is lost, none counted twice", async () => {
    let [reasons, silent] = [0, 0]
    for (let seed = 20; seed < 40; seed++) {
      await run(seed, function* ({ calls, consumer, open, random, states, until, write }) {
        const fates: ReadonlyArray<Fate> = ["done", "done", "done", "done", "refused", "lost", "twice"]
        let isCalm = false
        const lossy = (letters: Letters): Letters => ({
          ...letters,
          put: (one) =>
            Effect.suspend(() => {
              if (isCalm || random.chance(0.5)) return letters.put(one)
              return random.chance(0.5) ? refused : Effect.andThen(letters.put(one), refused)
            }),
        })
        const handle: Handle = ({ at }) =>
          Effect.andThen(
            Effect.sleep(random.below(2_000)),
            at.startsWith("bad") ? Effect.fail(new TypeError("a secret")) : Effect.void,
          )
        const more = { ...short, fate: { fate: () => isCalm ? "done" as const : random.pick(fates) }, letters: lossy }
        const ours = [consumer("a", handle, { from: "now", ...notes })]
        let dying = yield* open("p1", ours, more)
        yield* open("p2", ours, more)
        yield* Effect.sleep(1_000)
        for (let i = 0; i < 6; i++) yield* Effect.andThen(write(`bad${i}`, "Noted"), write(`good${i}`, "Noted"))
        for (let i = 3; i < 7; i++) {
          yield* Effect.sleep(random.below(4_000))
          dying.kill()
          dying = yield* open(`p${i}`, ours, more)
        }
        isCalm = true
        const queue = states.secondary.get("a")!.queue
        assert.isTrue(yield* until(() => queue.messages.size + queue.dead!.messages.size === 0))
        const rows = [...states.letters.values()]
        const good = new Set(calls.filter(({ at, isDone }) => isDone && at.startsWith("good")).map(({ at }) => at))
        for (const { eventId, stream } of rows) if (stream.id.startsWith("good")) good.add(eventId.replace(".", "@"))
        assert.strictEqual(good.size, 6, `seed ${seed}`)
        assert.lengthOf(rows.filter(({ stream }) => stream.id.startsWith("bad")), 6, `seed ${seed}`)
        for (const { attempts, error } of rows) {
          const isSaid = error.startsWith("TypeError at ")
          if (isSaid) reasons++
          else silent++
          assert.strictEqual(attempts, isSaid ? 6 : 0, error)
          if (!isSaid) assert.strictEqual(error, unsaid)
        }
      })
    }
    assert.isAbove(reasons, silent)
    assert.isAbove(silent, 0)
  })

  it("is found as its row where the process died before it could remove the message", async () => {
    await run(50, function* ({ consumer, letter, open, states, until, write }) {
      const dies = (letters: Letters, process: { readonly kill: () => void }): Letters => ({
        ...letters,
        put: (one) => Effect.andThen(letters.put(one), Effect.andThen(Effect.sync(process.kill), Effect.never)),
      })
      const ours = [consumer("a", () => Effect.fail(new TypeError("a secret")), { from: "now", ...notes })]
      yield* open("p1", ours, { ...short, letters: dies })
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => letter("a", "x", "x.1") !== undefined))
      const queue = states.secondary.get("a")!.queue
      assert.strictEqual(queue.messages.size, 1)
      const row = letter("a", "x", "x.1")
      yield* open("p2", ours, short)
      assert.isTrue(yield* until(() => queue.messages.size + queue.dead!.messages.size === 0))
      assert.deepStrictEqual(letter("a", "x", "x.1"), row)
    })
  })

  it("changes no row that was written, and ends no redrive, where a handler outlives its message", async () => {
    await run(51, function* ({ called, consumer, letter, open, states, until, write }) {
      let hangs = false
      const handle: Handle = () =>
        Effect.andThen(Effect.suspend(() => Effect.sleep(hangs ? 20_000 : 0)), Effect.fail(new TypeError("a secret")))
      const ours = [consumer("a", handle, { from: "now", ...notes })]
      // This one cannot hide its message for longer, and another process looks after the dead.
      const fate = { fate: (act: string) => act === "hide" && hangs ? "refused" as const : "done" as const }
      yield* open("p1", ours, { limits: short.limits, fate })
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => called("a").length === 5))
      hangs = true
      assert.isTrue(yield* until(() => called("a").length === 6))
      yield* open("p2", [consumer("a", () => Effect.never, { from: "now", ...notes })], short)
      assert.isTrue(yield* until(() => letter("a", "x", "x.1") !== undefined))
      assert.deepInclude(letter("a", "x", "x.1"), { error: unsaid, attempts: 0 })
      const asked = yield* DeadLettersMemory.make(states.letters).ask("t", letter("a", "x", "x.1")!.id, "redrive")
      yield* Effect.sleep(30_000)
      assert.deepStrictEqual(letter("a", "x", "x.1"), asked)
    })
  })

  it("adds attempts up, under its new reason, where it was redriven", async () => {
    await run(52, function* ({ consumer, events, letter, open, until, write }) {
      let error: Error = new TypeError("a secret")
      const process = yield* open("p1", [
        consumer("a", () => Effect.fail(error), { from: "now", ...notes }),
      ], short)
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => letter("a", "x", "x.1") !== undefined))
      error = new RangeError("a secret")
      const [event] = yield* (yield* events).read({ tenant: "t", aggregate: "Door", id: "x" }, 0, 1)
      assert.isTrue(yield* process.redo("a").message(event!))
      assert.isTrue(yield* until(() => letter("a", "x", "x.1")?.attempts === 12))
      assert.match(letter("a", "x", "x.1")!.error, /^RangeError at /)
    })
  })

  it("stays with the dead of its queue for as long as no row can be written", async () => {
    await run(53, function* ({ consumer, letter, open, states, until, write }) {
      let isDown = true
      const down = (letters: Letters): Letters => ({
        ...letters,
        put: (one) => Effect.suspend(() => isDown ? refused : letters.put(one)),
      })
      const ours = [consumer("a", () => Effect.fail(new TypeError("a secret")), { from: "now", ...notes })]
      yield* open("p1", ours, { ...short, letters: down })
      yield* Effect.sleep(1_000)
      yield* write("x", "Noted")
      yield* Effect.sleep(300_000)
      const { dead, messages } = states.secondary.get("a")!.queue
      assert.deepStrictEqual([messages.size, dead!.messages.size, states.letters.size], [0, 1, 0])
      isDown = false
      assert.isTrue(yield* until(() => dead!.messages.size === 0))
      assert.deepInclude(letter("a", "x", "x.1"), { error: unsaid, attempts: 0 })
    })
  })
})
