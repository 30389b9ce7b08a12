/**
 * Every outcome that a command can have, and what is remembered of it.
 * @module
 */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import { accept } from "../../core/Decision.ts"
import * as Metrics from "../../runtime/HostMetrics.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import * as Counters from "./Counter.ts"
import * as Rig from "./Rig.ts"
import { close } from "./steps.ts"

export const cases: Array<Rig.Case> = []
const check = Rig.collect(cases)

const tag = <E extends { readonly _tag: string }>(exit: Result.Result<unknown, E>) =>
  Result.isSuccess(exit) ? "ok" : exit.failure._tag

check(
  "send() says the same bytes again for the same command id, whatever happened since",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const first = yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })
      const refused = yield* Effect.flip(host.tell("c", "Add", { n: Counters.limit }, { commandId: "r" }))
      const noop = yield* host.tell("c", "Add", { n: 0 }, { commandId: "n" })
      yield* host.tell("c", "Add", { n: 1 })
      const other = yield* rig.host()
      for (const again of [host, other]) {
        assert.deepEqual(yield* again.tell("c", "Add", { n: 1 }, { commandId: "k" }), first)
        assert.deepEqual(yield* again.tell("c", "Add", { n: 0 }, { commandId: "n" }), noop)
        const repeated = yield* Effect.flip(again.tell("c", "Add", { n: Counters.limit }, { commandId: "r" }))
        assert.strictEqual(JSON.stringify(repeated), JSON.stringify(refused))
      }
      assert.strictEqual(rig.events.log.length, 2)
      assert.strictEqual(other.count(Metrics.CommandsRepeated), 3)
    }),
)

check("send() refuses a command id that was used for another payload, command or not", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    yield* host.tell("c", "Add", { n: 1 }, { commandId: "k" })
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 2 }, { commandId: "k" }))), "KeyReused")
    assert.strictEqual(
      tag(yield* Effect.result(host.tell("c", "Repeat", { times: 1 }, { commandId: "k" }))),
      "KeyReused",
    )
    yield* host.tell("d", "Add", { n: 2 }, { commandId: "k" })
    assert.strictEqual(rig.events.log.length, 2)
  }))

check("send() answers a repeat with its receipt before If-Match is looked at", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    const first = yield* host.tell("c", "Add", { n: 1 }, { commandId: "k", ifMatch: 0 })
    assert.deepEqual(yield* host.tell("c", "Add", { n: 1 }, { commandId: "k", ifMatch: 0 }), first)
    const stale = yield* Effect.flip(host.tell("c", "Add", { n: 1 }, { ifMatch: 0 }))
    assert.deepEqual({ ...stale }, { ...stale, _tag: "VersionMismatch", version: 1 } as never)
  }))

check("send() confirms the head before it says 412: another host's write is seen", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const [a, b] = [yield* rig.host(), yield* rig.host()]
    yield* a.tell("c", "Add", { n: 1 })
    yield* b.tell("c", "Add", { n: 1 })
    assert.strictEqual((yield* a.tell("c", "Add", { n: 1 }, { ifMatch: 2 })).version, 3)
  }))

check("send() remembers a command that came after its notAfter as expired", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    yield* TestClock.adjust("10 seconds")
    const late = { commandId: "k", notAfter: 9_999 }
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }, late))), "Expired")
    const inTime = { commandId: "k", notAfter: 99_999 }
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }, inTime))), "Expired")
    assert.strictEqual((yield* host.tell("c", "Add", { n: 1 }, { notAfter: 10_000 })).version, 1)
  }))

check(
  "send() stores nothing of a command with an event that does not fit, and names subject and pointer",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const error = yield* Effect.flip(host.tell("c", "Break", { where: "event" }))
      assert(error._tag === "EventInvalid")
      assert.strictEqual(error.subject, "Counter.Broken.v1")
      assert.deepEqual(error.issues.map((issue) => issue.pointer), ["/percent"])
      assert.strictEqual(rig.events.log.length, 0)
      assert.strictEqual(host.count(Metrics.EventsInvalid), 1)
      assert.strictEqual(host.count(Metrics.ActorDefects), 0)
    }),
)

check("send() bounds events a command, bytes an event and bytes an append", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host({ eventsPerCommand: 3, eventBytes: 40, appendBytes: 60 })
    const ask = (times: number, note: string) =>
      Effect.map(Effect.result(host.tell("c", "Repeat", { times, note })), tag)
    assert.strictEqual(yield* ask(3, "x"), "ok")
    assert.strictEqual(yield* ask(4, "x"), "TooManyEvents")
    const room = -1 + 40 - JSON.stringify({ n: 1, note: "" }).length
    assert.strictEqual(yield* ask(1, "é".repeat(room / 2)), "ok")
    assert.strictEqual(yield* ask(1, "é".repeat(room / 2) + "xx"), "EventTooLarge")
    assert.strictEqual(yield* ask(2, "x".repeat(room - 5)), "EventTooLarge")
    assert.strictEqual(rig.events.log.length, 4)
  }))

class Note extends Command("Note", { kind: Schema.Literals(["Kept", "Sent"]), text: Schema.String }) {}
class Kept extends Event.v1("Kept", { text: Schema.String }) {}
class Sent extends Event.v1("Sent", { text: Schema.String }).secondary {}
const Notes = Contract.make("Notes", { commands: [Note], events: [Kept, Sent] })
const notes = App.make("notes", {
  aggregates: [
    Aggregate.make(Notes, Schema.Struct({ count: Schema.Int }), { count: 0 })
      .decide({ Note: (_, { kind, text }) => accept(kind === "Kept" ? new Kept({ text }) : new Sent({ text })) })
      .evolve({ Kept: ({ count }) => ({ count: count + 1 }), Sent: ({ count }) => ({ count: count + 1 }) }),
  ],
})

check(
  "send() bounds an event of the secondary route by 200,000 bytes, to the byte, and no other",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host({}, notes)
      const ask = (kind: string, bytes: number) => {
        const text = "x".repeat(bytes - JSON.stringify({ text: "" }).length)
        return Effect.result(host.tell("c", "Note", { kind, text }, { aggregate: "Notes" }))
      }
      assert.strictEqual(tag(yield* ask("Sent", 200_000)), "ok")
      const refused = yield* ask("Sent", 200_001)
      assert(Result.isFailure(refused) && refused.failure._tag === "EventTooLarge")
      assert.deepEqual([refused.failure.bytes, refused.failure.maxBytes], [200_001, 200_000])
      assert.strictEqual(tag(yield* ask("Kept", 200_001)), "ok")
      assert.deepEqual(rig.events.log.map(({ payload }) => payload.length), [200_000, 200_001])
    }),
)

check(
  "send() takes a rejection of too many bytes for a defect, and remembers nothing of it",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const [host, narrow] = [yield* rig.host(), yield* rig.host({ rejectionBytes: `{"at":0}`.length - 1 })]
      const tooMuch = { n: Counters.limit + 1 }
      assert.strictEqual(tag(yield* Effect.result(narrow.tell("c", "Add", tooMuch, { commandId: "k" }))), "ActorDefect")
      // The actor is back.
      yield* TestClock.adjust("1 second")
      assert.include(rig.logs.join("\n"), "RejectionTooLarge")
      assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", tooMuch, { commandId: "k" }))), "Rejected")
    }),
)

check("send() answers StreamClosed behind a tombstone; old receipts and the state stay", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    const first = yield* host.tell("c", "Add", { n: 5 }, { commandId: "k" })
    const closed = yield* close(rig, "c")
    assert.strictEqual(closed._tag, "Committed")
    assert.strictEqual(tag(yield* Effect.result(host.tell("c", "Add", { n: 1 }))), "StreamClosed")
    const other = yield* rig.host()
    for (const each of [host, other]) {
      assert.strictEqual(tag(yield* Effect.result(each.tell("c", "Add", { n: 1 }, { commandId: "z" }))), "StreamClosed")
      assert.deepEqual(yield* each.tell("c", "Add", { n: 5 }, { commandId: "k" }), first)
      assert.deepEqual((yield* each.state(Counters.alice, "Counter", "c"))?.state, { total: 5 })
    }
  }))

check(
  "send() answers a repeat from its receipt even where the schema has become stricter",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const before = yield* rig.host()
      const first = yield* before.tell("c", "Add", { n: -1 }, { commandId: "k" })
      const after = yield* rig.host({}, Counters.stricter)
      assert.deepEqual(yield* after.tell("c", "Add", { n: -1 }, { commandId: "k" }), first)
      assert.strictEqual(tag(yield* Effect.result(after.tell("c", "Add", { n: -2 }, { commandId: "k" }))), "KeyReused")
      assert.strictEqual(
        tag(yield* Effect.result(after.tell("c", "Add", { n: -1 }, { commandId: "new" }))),
        "CommandInvalid",
      )
    }),
)

check(
  "send() refuses ids, names, scopes and payloads that are not in order, and stores nothing",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const ask = (more: object, id = "c") => Effect.map(Effect.result(host.tell(id, "Add", { n: 1 }, more)), tag)
      assert.strictEqual(yield* ask({}, "a/b"), "InvalidId")
      assert.strictEqual(yield* ask({ commandId: "" }), "InvalidId")
      assert.strictEqual(yield* ask({ aggregate: "constructor" }), "UnknownCommand")
      assert.strictEqual(yield* ask({ command: "__proto__" }), "UnknownCommand")
      assert.strictEqual(yield* ask({ principal: { ...Counters.alice, scopes: ["commands:Other"] } }), "Forbidden")
      assert.strictEqual(yield* ask({ payload: { n: 1, extra: true } }), "CommandInvalid")
      assert.strictEqual(
        tag(yield* Effect.result(host.state({ ...Counters.alice, scopes: [] }, "Counter", "c"))),
        "Forbidden",
      )
      assert.strictEqual(rig.events.log.length, 0)
    }),
)

check("state() answers nothing for an empty stream and never another tenant's", () =>
  Effect.gen(function* () {
    const rig = yield* Rig.make
    const host = yield* rig.host()
    yield* host.tell("c", "Add", { n: 7 })
    assert.strictEqual(yield* host.state(Counters.alice, "Counter", "d"), undefined)
    assert.strictEqual(yield* host.state({ ...Counters.alice, tenant: "t2" }, "Counter", "c"), undefined)
    assert.deepEqual((yield* host.state(Counters.alice, "Counter", "c"))?.state, { total: 7 })
  }))

check(
  "send() gives a repeat of a command under way the first one's answer, and refuses another command",
  () =>
    Effect.gen(function* () {
      const rig = yield* Rig.make
      const host = yield* rig.host()
      const fibers = yield* Effect.forEach(
        [1, 1, 2],
        (n) =>
          Effect.forkChild(Effect.result(host.tell("c", "Add", { n }, { commandId: "k" })), { startImmediately: true }),
      )
      const [first, second, other] = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepEqual(second, first)
      assert.strictEqual(tag(other!), "KeyReused")
      assert.strictEqual(rig.events.log.length, 1)
    }),
)
