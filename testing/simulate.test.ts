import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Aggregate from "../core/Aggregate.ts"
import { accept } from "../core/Decision.ts"
import * as App from "../core/App.ts"
import { EventStore } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import process from "node:process"
import { builtin, reportText, seedsForZeros, simulate, unreached } from "./simulate.ts"
import { zeros } from "./simulation/report.ts"

class Say extends Command("Say", { words: Schema.String }) {}
class Said extends Event.v1("Said", { words: Schema.String }) {}
class Diary extends Contract.make("Diary", { commands: [Say], events: [Said] }) {}
const diary = Aggregate.make(Diary, Schema.Struct({ last: Schema.String, count: Schema.Int }), { last: "", count: 0 })
  .decide({ Say: (_, { words }) => accept(new Said({ words })) })
  .evolve({ Said: ({ count }, { words }) => ({ last: words, count: count + 1 }) }, { everyEvents: 2 })
const app = App.make("diaries", { aggregates: [diary] })

class Guess extends Command("Guess", { number: Schema.Int }) {}
class Guessed extends Event.v1("Guessed", {}) {}
class Safe extends Contract.make("Safe", { commands: [Guess], events: [Guessed] }) {}
const safe = Aggregate.make(Safe, Schema.Struct({ isOpen: Schema.Boolean }), { isOpen: false })
  .decide({ Guess: (_, { number }) => number === 7_919_104_729 ? accept(new Guessed()) : accept() })
  .evolve({ Guessed: () => ({ isOpen: true }) })

/** Calls a commit done that it never made, now and then. */
const lying = Layer.mergeAll(
  SnapshotStoreMemory.layer,
  Layer.effect(
    EventStore,
    Effect.map(Effect.suspend(() => EventStoreMemory.make()), (store) => {
      let commits = 0
      return {
        ...store,
        commit: (group) =>
          ++commits % 9 > 0 ? store.commit(group) : Effect.succeed(group.map(({ events, expected }) => ({
            _tag: "Committed" as const,
            head: { ...expected, version: expected.version + events.length },
            offset: undefined,
          }))),
      }
    }),
  ),
)

describe("simulate()", () => {
  it("passes an application of one's own, with commands drawn from its contract", { timeout: 60_000 }, async () => {
    const report = await simulate(app, { seeds: 40 })
    assert.deepEqual(report.failures, [], reportText(report))
    assert.strictEqual(report.digests.size, 40)
    assert.strictEqual(new Set(report.digests.values()).size, 40)
    assert.isAbove(report.faults["crash"]!, 0)
  })
  it("says what of an application no run came to", { timeout: 60_000 }, async () => {
    const safes = App.make("safes", { aggregates: [safe] })
    const report = await simulate(safes, { seeds: 10 })
    assert.deepStrictEqual(unreached(report), ["Safe.Guessed stored"])
    assert.include(reportText(report), "never: Safe.Guessed stored")
    assert.isAbove(report.reached["Safe.Guess accepted"]!, 0)
    const knowing = await simulate(safes, {
      seeds: 10,
      workload: ({ ids, random }) => ({
        ...{ aggregate: "Safe", id: random.pick(ids), command: "Guess" },
        payload: { number: random.pick([1, 7_919_104_729]) },
      }),
    })
    assert.deepStrictEqual(unreached(knowing), [])
  })
  it("waits for a process that stands still when the last fault ends", async () => {
    const size = { operations: 1, clients: 1, questions: 1, tenants: 1, ids: 1 }
    const report = await simulate(builtin.app, { ...builtin.options, seed: 9, size })
    assert.deepEqual(report.failures, [], reportText(report))
  })
  it("replays one seed byte for byte, alone or among others", { timeout: 60_000 }, async () => {
    const many = await simulate(builtin.app, { ...builtin.options, seeds: 12, from: 30 })
    const one = await simulate(builtin.app, { ...builtin.options, seed: 37 })
    assert.strictEqual(one.digests.get(37), many.digests.get(37))
  })
  it("tells of a store that lies: seed, promise and what happened", { timeout: 60_000 }, async () => {
    const report = await simulate(app, { seeds: 20, store: lying })
    assert.strictEqual(report.failures.length, 1)
    const [failure] = report.failures
    assert.include([1, 2], failure!.invariant)
    const whole = failure!.timeline.filter((line) => line.includes(" asked")).length
    assert.isBelow(whole, 30, "the timeline was not made small")
    assert.include(reportText(report), `seed ${failure!.seed} (digest ${failure!.digest}) breaks promise`)
  })
  it(
    "finds that a failure is the aggregate's own: a state that forgets what its events say",
    { timeout: 60_000 },
    async () => {
      let calls = 0
      const moody = Aggregate.make(Diary, diary.state, diary.initial)
        .decide(diary.decide)
        .evolve({ Said: ({ count }, { words }) => ({ last: words, count: count + (++calls % 7 === 0 ? 2 : 1) }) })
      const report = await simulate(App.make("moody", { aggregates: [moody] }), { seeds: 20 })
      assert.include([7, 12, 19], report.failures[0]?.invariant)
    },
  )
  it("tells of a run that does not repeat itself", { timeout: 60_000 }, async () => {
    let calls = 0
    const moody = Layer.effect(
      EventStore,
      Effect.map(EventStoreMemory.make(), (store) => ({
        ...store,
        // The count goes on from one run to the next.
        commit: (group) => Effect.andThen(Effect.sleep(1 + (++calls % 1_000)), store.commit(group)),
      })),
    )
    const store = Layer.mergeAll(SnapshotStoreMemory.layer, moody)
    const report = await simulate(app, { seeds: 1, store, size: { operations: 6, questions: 1, clients: 2 } })
    assert.strictEqual(report.failures[0]?.invariant, 18)
  })
  it("counts a corner that no run reached as a failure, once there were runs enough", () => {
    const [some, none] = [new Map([["a", 1], ["b", 0]]), new Map([["c", 0]])]
    const missed = zeros(seedsForZeros, some, none).map(({ message }) => message)
    assert.deepEqual(missed, ['"b" never happened', '"c" never happened'])
    assert.deepEqual(zeros(seedsForZeros - 1, some, none), [], "so few seeds prove nothing")
  })
  it.runIf(process.env["NEXUS_CI"] === "1")("counts its own corners", { timeout: 60_000 }, async () => {
    const size = { operations: 1, clients: 1 }
    const happened = { "somebody asked": () => true, "pigs flew": () => false }
    const report = await simulate(app, { seeds: seedsForZeros, size, sometimes: happened })
    const missed = report.failures.map(({ message }) => message)
    assert.include(missed, '"pigs flew" never happened')
    assert.include(missed, '"repeat" never happened')
    assert.notInclude(missed, '"somebody asked" never happened')
  })
  it("stops when it is told that it is enough", async () => {
    const report = await simulate(app, { seeds: 50, isEnough: (done) => done === 3 })
    assert.strictEqual(report.seeds, 3)
  })
})
