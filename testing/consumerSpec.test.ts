import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import { ask, state } from "../core/Actors.ts"
import * as Aggregate from "../core/Aggregate.ts"
import * as CommandBus from "../core/CommandBus.ts"
import * as Consumer from "../core/Consumer.ts"
import { accept, reject } from "../core/Decision.ts"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import { Event } from "../schemas/Event.ts"
import { Rejection } from "../schemas/Rejection.ts"
import { consumerSpec } from "./consumerSpec.ts"
import { SpecMismatch } from "./spec.ts"

class NotRung extends Rejection("NotRung", {}, 409) {}
class Ring extends Command("Ring", { times: Schema.Int }) {}
class Mute extends Command("Mute", {}, [NotRung]) {}
class Rung extends Event.v1("Rung", { times: Schema.Int }) {}
class Muted extends Event.v1("Muted", {}) {}
class Bell extends Contract.make("Bell", { commands: [Ring, Mute], events: [Rung, Muted] }) {}
const BellAggregate = Aggregate.make(Bell, Schema.Struct({ times: Schema.Int }), { times: 0 })
  .decide({
    Ring: (_, { times }) => accept(new Rung({ times })),
    Mute: ({ times }) => times === 0 ? reject(new NotRung()) : accept(new Muted()),
  })
  .evolve({ Rung: (state, { times }) => ({ times: state.times + times }), Muted: () => ({ times: 0 }) })

class Opened extends Event.v1("Opened", { at: Schema.DateTimeUtcFromMillis }) {}
class Closed extends Event.v1("Closed", {}) {}
class Noted extends Event.v1("Noted", { text: Schema.String.check(Schema.isMaxLength(3)) }).secondary {}
class Door extends Contract.make("Door", { commands: [], events: [Opened, Closed, Noted] }) {}

class Refused extends Schema.TaggedError<Refused>()("Refused", {}) {}
const options = { contract: Door, from: "beginning", onError: "park", scopes: ["commands:Bell", "read"] } as const
type Handler = Consumer.Options<typeof Door, "Closed" | "Noted">["handler"]
const closing = (handler: Handler, onError: Consumer.ErrorPolicy = "park") =>
  consumerSpec(Consumer.make("closing", { ...options, onError, events: ["Closed", "Noted"], handler }))
const [closed, noted] = [new Closed(), new Noted({ text: "hm" })]
const handled = { id: "d-1", type: "Closed", outcome: "handled", attempts: 1 } as const
const parked = { id: "d-1", type: "Closed", outcome: "parked", attempts: 6, error: "Refused" } as const

/** Fails so often, then no more. */
const failing = (times: number): Handler => () =>
  Effect.suspend(() => times-- > 0 ? Effect.fail(new Refused()) : Effect.void)

describe("consumerSpec()", () => {
  it("hands events over as production does: decoded by the contract, with all that is stored about them", async () => {
    const seen: Array<unknown> = []
    const consumer = Consumer.make("seer", {
      ...options,
      events: ["Opened"],
      handler: (event, { consumer, id, recordedAt, type, version }) =>
        Effect.sync(() => void seen.push({ ...event }, { consumer, id, recordedAt, type, version })),
    })
    const opened = new Opened({ at: DateTime.makeUnsafe(7) })
    const { events, failures, tookMs } = await consumerSpec(consumer).when("d-1", opened).when("d-2", opened, opened)
      .run()
    assert.deepStrictEqual(events.map(({ id, outcome }) => `${id} ${outcome}`), [
      "d-1 handled",
      "d-2 handled",
      "d-2 handled",
    ])
    assert.deepStrictEqual(seen[0], { ...opened })
    const recordedAt = Date.UTC(2026, 0)
    assert.deepStrictEqual(seen.at(-1), { consumer: "seer", id: "d-2", recordedAt, type: "Opened", version: 2 })
    assert.deepStrictEqual([failures, tookMs], [[], 0])
  })

  it("tells the commands that were sent, each once, however often the event comes", async () => {
    const spec = closing((_, about) => CommandBus.tell(Bell, about.id, about).Ring({ times: 2 })).when("d-1", closed)
    const commands = [{ aggregate: "Bell", id: "d-1", command: "Ring", payload: { times: 2 } }]
    const [once, twice] = [await spec.run(), await spec.run({ twice: true })]
    assert.deepStrictEqual([once.events, once.commands], [[handled], commands])
    assert.deepStrictEqual([twice.events, twice.commands], [[{ ...handled, attempts: 2 }], commands])
  })

  it("refuses another payload under the same id, as actors do, so that a handler is caught that changes its mind", async () => {
    let times = 0
    const spec = closing((_, about) => CommandBus.tell(Bell, about.id, about).Ring({ times: ++times }))
    const { events, failures } = await spec.when("d-1", closed).run({ twice: true })
    assert.deepInclude(events[0], { outcome: "parked", error: "CommandNotSent" })
    assert.match(failures[0]!, /^Closed d-1@1, attempt 2: CommandNotSent/)
  })

  it("refuses a command for which the consumer declares no scope", async () => {
    const consumer = Consumer.make("mute", {
      ...options,
      scopes: [],
      handler: (_, about) => CommandBus.tell(Bell, about.id, about).Mute(),
    })
    const { commands, events } = await consumerSpec(consumer).when("d-1", closed).run()
    assert.deepStrictEqual([commands, events[0]!.error], [[], "CommandNotSent"])
  })

  it("gives handlers the actors of what is given, which decide", async () => {
    const read: Array<number> = []
    const { commands, events } = await closing(Effect.fnUntraced(function* (_, about) {
      read.push((yield* state(BellAggregate, "b-1")).state.times)
      yield* ask(BellAggregate, "b-1").Ring({ times: 1 })
      read.push((yield* state(BellAggregate, "b-1")).state.times)
      yield* CommandBus.tell(Bell, "b-2", about).Mute()
      read.push((yield* state(BellAggregate, "b-2")).state.times)
    })).given(BellAggregate, "b-1", new Rung({ times: 3 })).given(BellAggregate, "b-2", new Rung({ times: 1 }))
      .when("d-1", closed).run()
    assert.deepStrictEqual(events, [handled])
    assert.deepStrictEqual([read, commands.length], [[3, 4, 0], 1])
  })

  it("tries six times, with growing delays that take no time, then parks the stream and no other", async () => {
    const { events, failures, tookMs } = await closing((_, { id }) =>
      id === "d-1" ? Effect.fail(new Refused()) : Effect.void
    )
      .when("d-1", closed, closed).when("d-2", closed).run()
    assert.deepStrictEqual(events, [
      parked,
      { id: "d-1", type: "Closed", outcome: "waiting", attempts: 0 },
      { ...handled, id: "d-2" },
    ])
    assert.strictEqual(failures.length, 6)
    assert.isAbove(tookMs, 200)
    assert.isBelow(tookMs, 6_300)
  })

  it("parks a secondary event by itself", async () => {
    const { events } = await closing(({ _tag }) => _tag === "Noted" ? Effect.fail(new Refused()) : Effect.void)
      .when("d-1", noted, closed).run()
    assert.deepStrictEqual(events, [{ ...parked, type: "Noted" }, handled])
  })

  it("counts what it took where it works in the end, skips with skip, and waits with retry", async () => {
    assert.deepStrictEqual((await closing(failing(5)).when("d-1", closed).run()).events, [{ ...handled, attempts: 6 }])
    const skipped = await closing(failing(6), "skip").when("d-1", closed, closed).run()
    assert.deepStrictEqual(skipped.events, [{ ...parked, outcome: "skipped" }, handled])
    const twice = await closing(failing(6), { policy: "park", attempts: 2, delayMs: 1 }).when("d-1", closed).run()
    assert.deepStrictEqual([twice.events, twice.tookMs <= 2], [[{ ...parked, attempts: 2 }], true])
    const retried = closing(failing(10), "retry").when("d-1", closed)
    assert.deepStrictEqual((await retried.run()).events, [{ ...handled, attempts: 11 }])
    const stuck = await closing(failing(Infinity), "retry").when("d-1", closed, closed).run({ retryMs: 60_000 })
    assert.deepStrictEqual(stuck.events.map(({ outcome }) => outcome), ["waiting", "waiting"])
    assert.strictEqual(stuck.tookMs, 60_000)
  })

  it("ends a handler that hangs, waits for real promises, and takes no time for sleeps", async () => {
    const hangs = await closing(() => Effect.never).when("d-1", closed).run()
    assert.deepStrictEqual(hangs.events[0], { ...parked, error: "HandlerTimeout" })
    const real = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 20)))
    const slow = await closing(() => Effect.andThen(real, Effect.andThen(Effect.sleep("10 seconds"), real)))
      .when("d-1", closed).run()
    assert.deepStrictEqual([slow.events, slow.tookMs], [[handled], 10_000])
  })

  it("takes what a handler throws as a failed attempt, and says where", async () => {
    const { events, failures } = await closing(() => {
      throw new RangeError("a value")
    }).when("d-1", closed).run()
    assert.deepInclude(events[0], { outcome: "parked", attempts: 6, error: "RangeError" })
    assert.match(failures[0]!, /RangeError at consumerSpec\.test\.ts:/)
  })

  it("refuses an event that only looks right to the compiler", async () => {
    const failed = await closing(() => Effect.void).when("d-1", { _tag: "Noted", text: "long" }).run().catch((error) =>
      error
    )
    assert.instanceOf(failed, SpecMismatch)
    assert.match(failed.message, /Door\.Noted does not fit its schema[^]*"\/text"/)
  })
})
