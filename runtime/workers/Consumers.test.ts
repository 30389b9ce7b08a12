import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import type { Handle, Type } from "./testConsumers.ts"
import * as World from "../../testing/simulation/World.ts"
import * as consumers from "./testConsumers.ts"
import { limits, streamOf } from "./testConsumers.ts"

const run = (seed: number, body: Parameters<typeof consumers.run>[1]) => consumers.run(World.make(seed), body)

const takes = (ms: number): Handle => () => Effect.sleep(ms)
const fine: Handle = () => Effect.void
const range = (id: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${id}@${from + i}`)
const of = (calls: ReadonlyArray<string>, id: string) => calls.filter((at) => at.startsWith(`${id}@`))

/** First occurrences of a stream are all of its versions in order. */
const inOrder = (calls: ReadonlyArray<string>, id: string, from: number, to: number) =>
  assert.deepStrictEqual([...new Set(of(calls, id))], range(id, from, to))

describe("a consumer of core events", () => {
  it("is handed each once, in order, in the newest version, as the principal that it declares", async () => {
    await run(1, function* ({ called, calls, consumer, open, until, write }) {
      const scopes = { scopes: ["commands:Window"] } as object
      yield* open("p", [consumer("a", takes(20), { events: ["Opened", "Moved"] as never, ...scopes })])
      yield* Effect.sleep(5_000)
      yield* write("x", "Opened", "Moved", "Noted")
      yield* write("y", "Noted", "Opened")
      yield* write("x", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 4))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(of(called("a"), "x"), ["x@1", "x@2", "x@4"])
      assert.deepStrictEqual(of(called("a"), "y"), ["y@2"])
      assert.deepStrictEqual(calls.find(({ at }) => at === "x@1")!.event, { _tag: "Opened", pence: 100 })
      assert.notProperty(calls[0]!.about, "payload")
      assert.strictEqual(calls[0]!.about.consumer, "a")
    })
  })

  it("goes on while a stream that fails waits, and parks that one alone after 1 + 5 attempts", async () => {
    await run(2, function* ({ called, calls, consumer, letter, lines, mark, open, until, write }) {
      const handle: Handle = ({ at }) =>
        at === "x@2" ? Effect.fail(Object.assign(new TypeError("secret"), { secret: "secret" })) : Effect.void
      yield* open("p", [consumer("a", handle)])
      yield* Effect.sleep(5_000)
      yield* write("x", "Opened", "Moved", "Moved")
      for (let i = 0; i < 5; i++) yield* write("y", "Moved")
      assert.isTrue(yield* until(() => called("a", true).length === 6))
      assert.isUndefined(letter("a", "x"), "not yet given up")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      yield* write("x", "Moved")
      yield* write("y", "Moved")
      assert.isTrue(yield* until(() => of(called("a"), "y").length === 6))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a", true).filter((at) => at.startsWith("x")), ["x@1"])
      assert.lengthOf(calls.filter(({ at }) => at === "x@2"), 6)
      const { attempts, error, eventId, firstAt, kind, lastAt, type, version } = letter("a", "x")!
      assert.deepStrictEqual([attempts, kind, type, version, eventId], [6, "stream", "Moved", 2, "x.2"])
      assert.match(error, /^TypeError at .*Consumers\.test\.ts:\d+:\d+$/)
      assert.isAbove(lastAt, firstAt)
      assert.deepStrictEqual(mark("a", "x"), { version: 1, core: 1 })
      assert.notInclude(JSON.stringify([letter("a", "x"), lines]), "secret")
    })
  })

  it("tries as often, and after such delays, as the consumer says", async () => {
    await run(2, function* ({ calls, consumer, letter, open, until, write }) {
      const handle: Handle = () => Effect.fail(new TypeError("secret"))
      const core = { events: ["Moved"] } as object
      yield* open("p", [
        consumer("long", handle, { ...core, onError: { policy: "park", attempts: 9, delayMs: 1 } }),
        consumer("once", handle, { onError: { policy: "skip", attempts: 1 } }),
      ])
      yield* write("x", "Moved")
      assert.isTrue(yield* until(() => letter("long", "x") !== undefined))
      const { attempts, firstAt, lastAt } = letter("long", "x")!
      assert.strictEqual(attempts, 9)
      assert.isAtMost(lastAt - firstAt, 8 + 255, "eight delays, of 1 ms at first, twice as long each time")
      yield* Effect.sleep(60_000)
      assert.lengthOf(calls.filter((call) => call.consumer === "once"), 1)
    })
  })

  it("passes by what it skips, waits for ever for what it retries, and takes defects and delays for failures", async () => {
    await run(3, function* ({ called, calls, consumer, letter, open, states, until, write }) {
      const broken = { isMended: false }
      const handle: Handle = ({ at }) => {
        if (broken.isMended || !/@[23]$/.test(at)) return Effect.void
        return at.endsWith("2") ? Effect.die(new Error("secret")) : Effect.sleep(limits.handlerMs * 2)
      }
      yield* open("p", [
        consumer("skips", handle, { onError: "skip" }),
        consumer("retries", handle, { onError: "retry" }),
      ])
      yield* write("x", "Opened", "Moved", "Moved", "Moved")
      assert.isTrue(yield* until(() => called("skips", true).length === 2, 600_000))
      assert.deepStrictEqual(called("skips", true), ["x@1", "x@4"])
      for (const at of ["x@2", "x@3"]) {
        assert.lengthOf(calls.filter((call) => call.consumer === "skips" && call.at === at), 6, at)
      }
      assert.deepStrictEqual(called("retries", true), ["x@1"])
      assert.isAbove(of(called("retries"), "x").length, 7)
      broken.isMended = true
      assert.isTrue(yield* until(() => called("retries", true).length === 4))
      assert.deepStrictEqual(called("retries", true), range("x", 1, 4))
      assert.isUndefined(letter("skips", "x"))
      assert.strictEqual(states.letters.size, 0)
    })
  })

  it("waits with a stream that newer code has written, and knows tombstones for no event", async () => {
    await run(4, function* ({ called, consumer, letter, open, until, write }) {
      yield* open("p", [consumer("all", fine), consumer("some", fine, { events: ["Moved" as "Opened"] })])
      yield* Effect.sleep(5_000)
      yield* write("x", "Moved", "Newest", "Moved")
      yield* write("y", "Moved", "$Tombstone" as Type)
      assert.isTrue(yield* until(() => called("some").length === 3))
      yield* Effect.sleep(300_000)
      assert.deepStrictEqual(called("all").sort(), ["x@1", "y@1"])
      assert.deepStrictEqual(called("some").sort(), ["x@1", "x@3", "y@1"])
      assert.isUndefined(letter("all", "x"))
    })
  })

  it("ignores what comes again and late, and reads what is missing from the store", async () => {
    await run(5, function* ({ called, commit, consumer, lose, open, until, write, zombie }) {
      yield* open("p", [consumer("a", takes(5))])
      const first = yield* write("x", "Opened", "Moved")
      yield* write("x", "Moved")
      yield* zombie(streamOf("x"), first)
      yield* Effect.sleep(2_000)
      // Versions 4 to 9 were sent and never came.
      yield* commit("x", ["Moved", "Noted", "Moved", "Moved", "Moved", "Noted"])
      lose("x", 8)
      yield* write("x", "Moved")
      assert.isTrue(yield* until(() => called("a").includes("x@10")))
      yield* zombie(streamOf("x"), first)
      yield* write("x", "Moved")
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a"), [1, 2, 3, 4, 6, 7, 8, 10, 11].map((version) => `x@${version}`))
    })
  })

  it("is shared by processes, and goes on in order while shards split and merge and processes come and die", {
    timeout: 120_000,
  }, async () => {
    for (let seed = 10; seed < 16; seed++) {
      await run(seed, function* ({ called, calls, consumer, open, random, states, until, write }) {
        const handle: Handle = () => Effect.suspend(() => Effect.sleep(random.below(60)))
        const versions = new Map<string, number>()
        let alive = [yield* open("p1", [consumer("a", handle)]), yield* open("p2", [consumer("a", handle)])]
        for (let round = 0; round < 30; round++) {
          for (let i = random.below(6); i > 0; i--) {
            const id = `s${random.below(8)}`
            const count = 1 + random.below(3)
            yield* write(id, ...Array.from({ length: count }, (): Type => "Moved"))
            versions.set(id, (versions.get(id) ?? 0) + count)
          }
          yield* Effect.sleep(random.below(4_000))
          const shards = CoreBusMemory.openShards(states.bus)
          if (random.chance(0.15)) CoreBusMemory.split(states.bus, random.pick(shards))
          if (random.chance(0.2)) {
            const one = random.pick(alive)
            alive = alive.filter((other) => other !== one)
            if (random.chance(0.5)) one.kill()
            else yield* one.close
          }
          if (alive.length < 2) alive.push(yield* open(`p-${round}`, [consumer("a", handle)]))
        }
        const all = [...versions].reduce((sum, [, count]) => sum + count, 0)
        assert.isTrue(yield* until(() => new Set(called("a", true)).size === all, 600_000), `seed ${seed}`)
        for (const [id, count] of versions) inOrder(called("a"), id, 1, count)
        // Twice is only what a process died in, or stood still with.
        assert.isBelow(calls.length - all, 20)
      })
    }
  })
})

describe("a consumer that begins", () => {
  it("now, is handed nothing older, and gaps of what it follows", async () => {
    await run(6, function* ({ called, consumer, open, until, write }) {
      yield* write("x", "Moved", "Moved")
      yield* write("y", "Moved")
      yield* Effect.sleep(10_000)
      yield* open("p", [consumer("a", fine, { from: "now" })])
      yield* Effect.sleep(10_000)
      yield* write("x", "Moved")
      yield* write("new", "Moved", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 3))
      yield* Effect.sleep(60_000)
      assert.deepStrictEqual(called("a").sort(), ["new@1", "new@2", "x@3"])
    })
  })

  it("at the beginning, joins the bus without gap or double while events are written and processes die", {
    timeout: 120_000,
  }, async () => {
    for (let seed = 40; seed < 46; seed++) {
      await run(seed, function* ({ called, consumer, events: store, open, random, until, write }) {
        const handle: Handle = () => Effect.suspend(() => Effect.sleep(random.below(200)))
        const ids = Array.from({ length: 12 }, (_, i) => `s${i}`)
        const some = function* (rounds: number) {
          for (let i = 0; i < rounds; i++) {
            const id = random.pick(ids)
            yield* write(id, ...(["Moved", "Moved", "Opened"] as const).slice(random.below(3)))
            yield* Effect.sleep(random.below(300))
          }
        }
        yield* Effect.gen(() => some(40))
        const first = yield* open("p1", [consumer("a", handle)])
        yield* open("p2", [consumer("a", handle)])
        yield* Effect.gen(() => some(random.below(20)))
        const dies = random.chance(0.5)
        if (dies) first.kill()
        yield* Effect.gen(() => some(40))
        const events = yield* store
        const headOf = (id: string) => Effect.map(events.head(streamOf(id)), ({ version }) => [id, version] as const)
        const heads = yield* Effect.forEach(ids, headOf)
        const all = heads.reduce((sum, [, count]) => sum + count, 0)
        assert.isTrue(yield* until(() => new Set(called("a", true)).size === all, 600_000), `seed ${seed}`)
        yield* Effect.sleep(60_000)
        for (const [id, count] of heads) inOrder(called("a"), id, 1, count)
        if (!dies) assert.lengthOf(called("a"), all, `seed ${seed}`)
      })
    }
  })
})

describe("a consumer that is closed or mended", () => {
  it("lets the handler that runs end, keeps that it did, and hands nothing over again", async () => {
    await run(70, function* ({ called, consumer, mark, open, until, write }) {
      const one = yield* open("p1", [consumer("a", takes(3_000))])
      yield* Effect.sleep(5_000)
      yield* write("x", "Moved", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 1))
      yield* one.close
      assert.deepStrictEqual(called("a", true), ["x@1"])
      assert.deepStrictEqual(mark("a", "x"), { version: 1, core: 1 })
      yield* open("p2", [consumer("a", takes(10))])
      assert.isTrue(yield* until(() => called("a", true).length === 2))
      assert.deepStrictEqual(called("a"), ["x@1", "x@2"])
    })
  })

  it("does a parked stream again up to its head, and says what fails", async () => {
    await run(71, function* ({ called, consumer, letter, open, until, write }) {
      const broken = { at: "x@2" }
      const one = yield* open("p", [consumer("a", ({ at }) => at === broken.at ? Effect.fail("no") : Effect.void)])
      yield* Effect.sleep(5_000)
      yield* write("x", "Moved", "Moved", "Moved")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      const failed = yield* one.redo("a").stream(streamOf("x"))
      assert.deepInclude(failed, { _tag: "Failed" })
      broken.at = ""
      assert.deepStrictEqual(yield* one.redo("a").stream(streamOf("x")), { _tag: "Done" })
      assert.deepStrictEqual(called("a", true), range("x", 1, 3))
    })
  })

  for (const from of ["beginning", "now"] as const) {
    it(`waits with a stream that breaks whoever reads it, and with no other: from ${from}`, async () => {
      await run(73, function* ({ called, commit, consumer, lines, lose, open, until, write }) {
        const slow: Handle = () => Effect.sleep(20_000)
        const consumers = [consumer("a", slow, { from })]
        const first = yield* open("p1", consumers)
        yield* Effect.sleep(20_000)
        yield* commit("x", ["Moved"])
        lose("x", 1)
        yield* write("x", "Moved")
        first.kill()
        yield* write("y", "Moved", "Moved")
        const second = yield* open("p2", consumers, { broken: ["x"] })
        assert.isTrue(yield* until(() => called("a", true).includes("y@2")))
        assert.notInclude(called("a"), "x@2")
        assert.include(JSON.stringify(lines), "a stream of a consumer broke")
        yield* second.close
        yield* open("p3", consumers)
        assert.isTrue(yield* until(() => called("a", true).includes("x@2")))
        assert.deepStrictEqual(called("a", true).toSorted(), ["x@1", "x@2", "y@1", "y@2"])
      })
    })
  }

  it("gives a gap up where the store has no such stream", async () => {
    await run(72, function* ({ called, commit, consumer, letter, lose, open, until, write }) {
      yield* open("p", [consumer("a", fine, { from: "now" })], { hasHistory: false })
      yield* Effect.sleep(5_000)
      yield* write("x", "Moved")
      assert.isTrue(yield* until(() => called("a").length === 1))
      yield* commit("x", ["Moved"])
      lose("x", 2)
      yield* write("x", "Moved")
      assert.isTrue(yield* until(() => letter("a", "x") !== undefined))
      const { error, version } = letter("a", "x")!
      assert.deepStrictEqual([error, version, called("a")], ["Gap", 2, ["x@1"]])
    })
  })
})
