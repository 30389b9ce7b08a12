import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import * as App from "../../core/App.ts"
import * as Consumer from "../../core/Consumer.ts"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import type { DeadLetter } from "../../core/DeadLetters.ts"
import { EventStore } from "../../core/EventStore.ts"
import { Leases } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import { streamOf as anyStream } from "../../core/laws/fixtures.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import * as World from "../../testing/simulation/World.ts"
import * as RedrivePlan from "../RedrivePlan.ts"
import * as routes from "./routes.ts"
import * as consumers from "./testConsumers.ts"
import { type Bench, Door, type Handle, Noted, Opened, streamOf } from "./testConsumers.ts"

class Moved extends Event.v1("Moved", {}).secondary {}
class Next extends Contract.make("Door", { commands: [], events: [Opened, Moved, Noted] }) {}
const next = { contract: Next as never }

const run = (seed: number, body: Parameters<typeof consumers.run>[1]) => consumers.run(World.make(seed), body)
const fine: Handle = () => Effect.void

/** What a dry run says. */
const planned = Effect.fnUntraced(function* (
  { events, main, states }: Bench,
  make: ReturnType<Bench["consumer"]>,
  letter: DeadLetter,
) {
  const app = App.make("doors", { aggregates: [], consumers: [make(main)] })
  const plan = yield* RedrivePlan.make(app, 10)(letter).pipe(
    Effect.provideService(EventStore, yield* events),
    Effect.provideService(Leases, yield* LeasesMemory.make(states.leases)),
  )
  return plan.events.map(({ version }) => `${letter.stream.id}@${version}`)
})

describe("a consumer of a type whose route has changed", () => {
  it("is handed what its streams are parked in front of, and what passed by meanwhile on the ordered path", async () => {
    await run(1, function* (bench) {
      const { called, consumer, letter, open, until, write } = bench
      const one = yield* open("p", [consumer("a", () => Effect.fail("no"))])
      yield* Effect.sleep(30_000)
      yield* write("x", "Moved", "Opened", "Moved")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      yield* one.close
      const two = yield* open("q", [consumer("a", fine, next)])
      yield* Effect.sleep(30_000)
      assert.deepStrictEqual(yield* planned(bench, consumer("a", fine, next), letter("a", "x")!), ["x@1", "x@2", "x@3"])
      assert.deepStrictEqual(yield* two.redo("a").stream(streamOf("x")), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true), ["x@1", "x@2", "x@3"])
    })
  })

  it("is handed what still stands on the ordered bus, where all that it wants is secondary by now", async () => {
    await run(6, function* ({ called, consumer, open, until, write }) {
      const moves = { events: ["Moved"] as never }
      const one = yield* open("p", [consumer("a", fine, moves)])
      yield* Effect.sleep(30_000)
      yield* one.close
      yield* write("x", "Moved", "Moved")
      yield* open("q", [consumer("a", fine, { ...next, ...moves })])
      assert.isTrue(yield* until(() => called("a").length === 2))
      assert.deepStrictEqual(called("a"), ["x@1", "x@2"])
    })
  })

  it("is handed what an ordered bus forgot, read from the store", async () => {
    await run(2, function* ({ called, commit, consumer, lose, open, states, until, write }) {
      const one = yield* open("p", [consumer("a", fine)])
      yield* Effect.sleep(30_000)
      yield* write("x", "Moved")
      yield* write("y", "Opened")
      assert.isTrue(yield* until(() => called("a").length === 2))
      yield* one.close
      yield* write("x", "Moved")
      CoreBusMemory.trim(states.bus, Infinity)
      yield* commit("y", ["Moved"])
      lose("y", 2)
      yield* write("y", "Opened")
      yield* open("q", [consumer("a", fine, next)])
      assert.isTrue(yield* until(() => called("a").length >= 5))
      assert.deepStrictEqual([...new Set(called("a"))].sort(), ["x@1", "x@2", "y@1", "y@2", "y@3"])
    })
  })

  it("parks on one that was sent on the ordered path, and not on one that a queue has", () => {
    const mailer = Consumer.make("a", { contract: Next, from: "now", onError: "park", handler: () => Effect.void })
    const at = (recordedAt: number, type = "Moved") =>
      ({ ...anyStream("t", "x", "Door"), type, version: 7, recordedAt }) as never
    const first = routes.learn<routes.Known>({}, { ...mailer, contract: Door }, 1)
    assert.deepStrictEqual([first.core, first.left], [["Opened", "Moved"], {}])
    assert.strictEqual(routes.learn(first, { ...mailer, contract: Door }, 2), first)
    const hourMs = 3_600_000
    const { core, left } = routes.learn(first, mailer, 100 * hourMs)
    assert.deepStrictEqual([core, left], [["Opened"], { Moved: 100 * hourMs }])
    const manner = (event: never, secondaryBeforeMs = -Infinity, parkedAt?: number) =>
      routes.mannerOf(mailer, { left: left!, secondaryBeforeMs }, event, parkedAt)
    assert.deepStrictEqual([manner(at(0)), manner(at(100 * hourMs))], ["core", "core"])
    // Older code may have sent it, for as long as a day.
    assert.deepStrictEqual([manner(at(123 * hourMs)), manner(at(125 * hourMs))], ["core", "pass"])
    assert.deepStrictEqual([manner(at(125 * hourMs), -Infinity, 7), manner(at(0, "Noted"))], ["core", "pass"])
    assert.deepStrictEqual([manner(at(0, "Noted"), 1), manner(at(0, "Noted"), 1, 8)], ["secondary", "pass"])
    assert.strictEqual(manner(at(0, "$closed"), Infinity, 7), "pass")
    // Taken back, and changed once more.
    const back = routes.learn({ core: core!, left: left! }, { ...mailer, contract: Door }, 3)
    assert.deepStrictEqual(back.core, ["Opened", "Moved"])
    assert.deepStrictEqual(routes.learn(back, mailer, 200 * hourMs).left, { Moved: 200 * hourMs })
  })
})

describe("a parked stream", () => {
  it("is handed over whole to a consumer that begins now, from today's code on", async () => {
    await run(3, function* ({ called, consumer, letter, open, until, write }) {
      yield* write("x", "Moved", "Moved")
      yield* Effect.sleep(60_000)
      const one = yield* open("p", [consumer("a", () => Effect.fail("no"))])
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      yield* one.close
      const two = yield* open("q", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(30_000)
      assert.deepStrictEqual(yield* two.redo("a").stream(streamOf("x")), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true), ["x@1", "x@2"])
    })
  })

  it("whose event is wanted no more goes on behind it, and the log says so", async () => {
    await run(4, function* ({ called, consumer, letter, open, until, write }) {
      const one = yield* open("p", [consumer("a", () => Effect.fail("no"))])
      yield* Effect.sleep(30_000)
      yield* write("x", "Moved", "Opened")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      yield* one.close
      const two = yield* open("q", [consumer("a", fine, { events: ["Opened"] })])
      yield* Effect.sleep(30_000)
      const said: Array<string> = []
      const ear = Logger.layer([Logger.make(({ message }) => void said.push(`${message}`))])
      assert.deepStrictEqual(yield* Effect.provide(two.redo("a").stream(streamOf("x")), ear), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true), ["x@2"])
      assert.deepStrictEqual(said, ["a parked event is wanted no more, and passed by"])
    })
  })

  it("is done by a redrive as its dry run says, with the secondary events of the past", async () => {
    await run(5, function* (bench) {
      const { called, commit, consumer, letter, lose, open, until, write } = bench
      yield* commit("x", ["Opened", "Noted", "Moved", "Noted"])
      lose("x", 3)
      yield* Effect.sleep(120_000)
      const broken = { isSo: true }
      const make = consumer("a", () => broken.isSo ? Effect.fail("no") : Effect.void)
      const one = yield* open("p", [make])
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      broken.isSo = false
      yield* Effect.sleep(60_000)
      // It comes through the queue.
      yield* write("x", "Noted")
      assert.isTrue(yield* until(() => called("a", true).length === 1))
      const plan = yield* planned(bench, make, letter("a", "x")!)
      yield* one.redo("a").stream(streamOf("x"))
      assert.deepStrictEqual(called("a", true).slice(1), plan)
      assert.deepStrictEqual(plan, ["x@1", "x@2", "x@3", "x@4"])
    })
  })
})
