/**
 * The past and its limit by a clock that a test moves: the edges of the window, a clock set back, a second process and a
 * restart.
 * @module
 */
import type { Clock } from "effect"
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as EventStore from "../../core/EventStore.ts"
import type { StreamKey } from "../../core/Stream.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import boxes from "./app.ts"
import { ask, problem } from "./client.ts"
import { inProcess, type Target } from "./Target.ts"

const queries = 10

/** Shows what it is told; sleeps are real. */
const clockOf = (hands: { ms: number }, real: Clock.Clock): Clock.Clock => ({
  ...real,
  currentTimeMillisUnsafe: () => hands.ms,
  currentTimeMillis: Effect.sync(() => hands.ms),
  currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe(),
  monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
  sleep: (duration) => real.sleep(duration),
})

const folder = mkdtempSync(join(tmpdir(), "nexus-clock-"))
const [events, limits] = [EventStoreMemory.emptyState(), new Map()]
/** Each opens the same data again. */
const stores = {
  "the memory stores": () =>
    Layer.mergeAll(
      EventStoreMemory.layerOf(events),
      QueryLimiterMemory.layerOf(limits),
      SnapshotStoreMemory.layer,
      ViolationsMemory.layer,
      DeadLettersMemory.layer,
      LeasesMemory.layer,
    ),
  "the embedded store": () => Layer.orDie(Layer.fresh(Sqlite.layer({ folder }))),
}

for (const [name, open] of Object.entries(stores)) {
  describe(`the past over ${name}, by the clock`, () => {
    const hands = { ms: Date.now() }
    let clock: Clock.Clock
    let target: Target
    let token = ""
    const as = (sub: string) => target.issuer.sign({ tenant: "t", sub, scope: "history read commands:*" })
    const get = async (path: string) => await ask(target, path, { token })
    const version = async (path: string) => {
      const { status, text } = await get(path)
      return status === 200 ? JSON.parse(text).version : status
    }
    const put = async (id: string) =>
      assert.strictEqual((await ask(target, `/v1/Box/${id}/commands/Put`, { token, body: { text: "x" } })).status, 200)
    beforeAll(async () => {
      clock = clockOf(hands, await Effect.runPromise(Effect.clockWith(Effect.succeed)))
      target = await inProcess(open(), boxes, clock)()
    })
    afterAll(async () => {
      await target.close()
      if (name === "the embedded store") rmSync(folder, { recursive: true, force: true })
    })

    it("has a window of sixty seconds, half open, in which refusals do not count", async () => {
      token = await as("window")
      await put("w")
      for (let i = 0; i < queries; i++, hands.ms += 100) assert.strictEqual(await version("/v1/Box/w?version=1"), 1)
      // 58,999 ms to wait: a caller that comes after as many seconds as it was told is taken.
      hands.ms += 1
      for (let i = 0; i < 20; i++) {
        const said = await get("/v1/Box/w?version=1")
        problem(said, 429, "query-limit")
        assert.strictEqual(said.headers.get("retry-after"), "59")
      }
      hands.ms += 60_000 - queries * 100 - 2
      const early = await get("/v1/Box/w?version=1")
      assert.strictEqual(early.headers.get("retry-after"), "1")
      hands.ms += 1
      assert.strictEqual(await version("/v1/Box/w?version=1"), 1, "the first has left the window")
      assert.strictEqual(await version("/v1/Box/w?version=1"), 429, "the second has not")
      hands.ms += 100
      assert.strictEqual(await version("/v1/Box/w?version=1"), 1)
    })

    it("is not confused by a clock that is set back", async () => {
      token = await as("back")
      const at = hands.ms
      await put("b")
      hands.ms -= 30_000
      await put("b")
      // The second event is recorded at the time of the first: times never fall within a stream.
      assert.strictEqual(await version(`/v1/Box/b?asOf=${at}`), 2)
      assert.strictEqual(await version(`/v1/Box/b?asOf=${at - 1}`), 404)
      assert.strictEqual(await version(`/v1/Box/b?asOf=${hands.ms}`), 404)
      const listed = async (from: number, to: number) => {
        const { events } = JSON.parse((await get(`/v1/events?from=${from}&to=${to}`)).text)
        return events.filter(({ id }: { id: string }) => id === "b").length
      }
      assert.deepStrictEqual([await listed(at - 40_000, at), await listed(at, at + 1)], [0, 2])
      hands.ms = at + 5
      await put("b")
      assert.strictEqual(await version(`/v1/Box/b?asOf=${at + 4}`), 2)
      assert.strictEqual(await version(`/v1/Box/b?asOf=${at + 5}`), 3)
      // Seven were admitted: five half a minute ago by this clock, yet the newest admission counts.
      hands.ms -= 30_000
      for (let i = 0; i < 3; i++) assert.strictEqual(await version("/v1/Box/b?version=1"), 1)
      const said = await get("/v1/Box/b?version=1")
      problem(said, 429, "query-limit")
      assert.isAbove(Number(said.headers.get("retry-after")), 25)
      hands.ms = at + 5
    })

    it("has one limit over two processes, also after both were started again", async () => {
      const other = await inProcess(open(), boxes, clock)()
      const both = [target, other]
      const askOf = async (one: Target) => {
        const token = await one.issuer.sign({ tenant: "t", sub: "shared", scope: "history" })
        return (await ask(one, "/v1/Box/w?version=1", { token })).status
      }
      const found: Array<number> = []
      for (let i = 0; i < queries + 4; i++) found.push(await askOf(both[i % 2]!))
      assert.deepStrictEqual(found, [...Array(queries).fill(200), ...Array(4).fill(429)])
      await other.close()
      await target.close()
      target = await inProcess(open(), boxes, clock)()
      assert.strictEqual(await askOf(target), 429)
      hands.ms += 60_000
      assert.strictEqual(await askOf(target), 200)
    })
  })
}

describe("readiness, by the clock", () => {
  it("is lost once the store has failed for five seconds, however the clock is set meanwhile", async () => {
    const real = await Effect.runPromise(Effect.clockWith(Effect.succeed))
    const [hands, passed] = [{ ms: Date.now() }, { ms: 0 }]
    const monotonicTimeNanosUnsafe = () => real.monotonicTimeNanosUnsafe() + BigInt(passed.ms) * 1_000_000n
    const clock = { ...clockOf(hands, real), monotonicTimeNanosUnsafe }
    let failing = false
    const flaky = Layer.effect(
      EventStore.EventStore,
      Effect.map(EventStoreMemory.make(), (store) => ({
        ...store,
        head: (stream: StreamKey) =>
          failing ? Effect.fail(new EventStore.StoreUnavailable({ reason: "locked" })) : store.head(stream),
      })),
    )
    const others = [
      QueryLimiterMemory.layer,
      SnapshotStoreMemory.layer,
      ViolationsMemory.layer,
      DeadLettersMemory.layer,
      LeasesMemory.layer,
    ]
    const target = await inProcess(Layer.mergeAll(flaky, ...others), boxes, clock)()
    const ready = async () => (await ask(target, "/health/ready")).status
    // Without the hour each way: a clock that is set on loses nothing, one that is set back keeps nothing.
    failing = true
    assert.strictEqual(await ready(), 200)
    hands.ms += 3_600_000
    assert.strictEqual(await ready(), 200)
    hands.ms -= 7_200_000
    passed.ms += 5_001
    assert.strictEqual(await ready(), 503)
    failing = false
    assert.strictEqual(await ready(), 200)
    await target.close()
  })
})
