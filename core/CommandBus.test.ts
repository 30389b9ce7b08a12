import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Command } from "../schemas/Command.ts"
import * as Contract from "../schemas/Contract.ts"
import * as ActorError from "./ActorError.ts"
import * as Actors from "./Actors.ts"
import * as CommandBus from "./CommandBus.ts"
import * as CommandWire from "./CommandWire.ts"
import type { About } from "./Consumer.ts"
import { Limits, lowered } from "./Limits.ts"
import * as Principal from "./Principal.ts"
import { type Queue, QueueUnavailable } from "./Queue.ts"
import { idPattern } from "./Stream.ts"

class Take extends Command("Take", {
  at: Schema.DateTimeUtc,
  pence: Schema.Int.pipe(Schema.withConstructorDefault(Effect.succeed(1))),
}) {}
class Stop extends Command("Stop", {}) {}
class Payment extends Contract.make("Payment", { commands: [Take, Stop], events: [] }) {}
const at = Schema.decodeSync(Schema.DateTimeUtcFromMillis)(0)

const about: About = {
  ...{ consumer: "payer", tenant: "t", aggregate: "Order", id: "o-1", version: 3, eventId: "e-3", type: "OrderPlaced" },
  ...{ schemaVersion: 1, recordedAt: 1, commandId: "c-3", correlationId: "r", causationId: undefined, principal: "p" },
  ...{ traceparent: undefined, writerId: "w" },
}
const principal = { tenant: "t", subject: "consumer:payer", scopes: ["commands:Payment"] }

const noted = () => {
  const sent: Array<CommandBus.BusCommand> = []
  const bus = CommandBus.CommandBus.of({ send: (command) => Effect.sync(() => void sent.push(command)) })
  const layer = Layer.merge(Layer.succeed(CommandBus.CommandBus, bus), Principal.layer(principal))
  return { sent, layer }
}

describe("CommandBus.tell()", () => {
  it.effect("sends the JSON form, as the principal, because of the event", () =>
    Effect.gen(function* () {
      const { sent, layer } = noted()
      yield* Effect.provide(CommandBus.tell(Payment, "o-1", about).Take({ at }, { notAfter: 9 }), layer)
      const { commandId, ...rest } = sent[0]!
      assert.match(commandId, idPattern)
      assert.deepEqual(rest, {
        ...{ principal, aggregate: "Payment", id: "o-1", command: "Take", correlationId: "r", causationId: "e-3" },
        ...{ payload: { at: "1970-01-01T00:00:00.000Z", pence: 1 }, notAfter: 9 },
      })
    }))
  it.effect("sends the same command when the event is handled again, and another one for everything else", () =>
    Effect.gen(function* () {
      const { sent, layer } = noted()
      const others: ReadonlyArray<Partial<About>> = [{}, { recordedAt: 2 }, { consumer: "other" }, { id: "o-2" }, {
        version: 4,
      }, { tenant: "u" }]
      for (const other of others) {
        yield* Effect.provide(CommandBus.tell(Payment, "o-1", { ...about, ...other }).Stop(), layer)
      }
      yield* Effect.provide(CommandBus.tell(Payment, "o-9", about).Stop(), layer)
      yield* Effect.provide(CommandBus.tell(Payment, "o-1", about).Take({ at }), layer)
      yield* Effect.provide(CommandBus.tell(Payment, "o-1", about).Stop({}, { key: "again" }), layer)
      const ids = sent.map(({ commandId }) => commandId)
      assert.strictEqual(ids[0], ids[1])
      assert.lengthOf(new Set(ids), ids.length - 1)
    }))
  it.effect("refuses a payload that breaks the schema without sending it", () =>
    Effect.gen(function* () {
      const { sent, layer } = noted()
      const error = yield* Effect.flip(CommandBus.tell(Payment, "o-1", about).Take({ at, pence: 1.5 })).pipe(
        Effect.provide(layer),
      )
      assert.deepEqual([error._tag, sent.length], ["CommandInvalid", 0])
    }))
})

const command: CommandBus.BusCommand = {
  ...{ commandId: "c-1", principal, aggregate: "Payment", id: "o-1", command: "Take", payload: { pence: 1 } },
  ...{ correlationId: "r", causationId: "e-3" },
}
const receipt = { commandId: "c-1", aggregate: "Payment", id: "o-1", version: 1, events: [], position: "p" }

describe("CommandBus.layerActors", () => {
  const sending = (answer: ReturnType<Actors.Shape["send"]>) => {
    const requests: Array<Actors.CommandRequest> = []
    const actors = Actors.Actors.of({
      send: (request) => Effect.suspend(() => (requests.push(request), answer)),
      state: () => Effect.succeed(undefined),
    })
    const run = Effect.result(Effect.flatMap(CommandBus.CommandBus, (bus) => bus.send(command))).pipe(
      Effect.provide(CommandBus.CommandBus.layerActors),
      Effect.provideService(Actors.Actors, actors),
    )
    return { requests, run }
  }
  it.effect("hands the command to the actors as it is", () =>
    Effect.gen(function* () {
      const { requests, run } = sending(Effect.succeed(receipt))
      assert.strictEqual((yield* run)._tag, "Success")
      assert.deepEqual(requests, [command])
    }))
  it.effect("takes a decision for done, whatever was decided", () =>
    Effect.gen(function* () {
      const decisions = [
        new Actors.Rejected({ commandId: "c-1", tag: "AlreadyTaken", status: 409, members: {} }),
        new ActorError.Expired({ commandId: "c-1" }),
        new ActorError.StreamClosed(),
      ]
      for (const decision of decisions) {
        assert.strictEqual((yield* sending(Effect.fail(decision)).run)._tag, "Success", decision._tag)
      }
    }))
  it.effect("says of everything else that it was not sent, and why", () =>
    Effect.gen(function* () {
      const errors = [
        new ActorError.OutcomeUnknown({ retryAfterSeconds: 1, commandId: "c-1" }),
        new ActorError.MailboxFull({ retryAfterSeconds: 1 }),
        new ActorError.Forbidden({ scope: "commands:Payment" }),
        new ActorError.ActorDefect(),
      ]
      for (const error of errors) {
        const notSent = yield* Effect.flip(Effect.flatMap(sending(Effect.fail(error)).run, Effect.fromResult))
        assert.deepEqual([notSent.reason, notSent.commandId], [error._tag, "c-1"])
      }
    }))
})

describe("CommandBus.layerQueue()", () => {
  const queueing = (send: Queue["send"], bytes = 4_096) => {
    const queue = { send } as Queue
    return Effect.result(Effect.flatMap(CommandBus.CommandBus, (bus) => bus.send(command))).pipe(
      Effect.provide(CommandBus.CommandBus.layerQueue(queue)),
      Effect.provideService(Limits, lowered({ messageBodyBytes: bytes })),
    )
  }
  it.effect("puts the command into the queue as text that reads as the same command", () =>
    Effect.gen(function* () {
      const bodies: Array<string> = []
      yield* queueing((all) => Effect.sync(() => (bodies.push(...all), all.map(() => true))))
      assert.deepEqual(bodies.map(CommandWire.decode), [command])
    }))
  it.effect("says what the queue did not take", () =>
    Effect.gen(function* () {
      const reasonOf = (sent: ReturnType<typeof queueing>) =>
        Effect.map(Effect.flip(Effect.flatMap(sent, Effect.fromResult)), ({ reason }) => reason)
      assert.strictEqual(yield* reasonOf(queueing(() => Effect.succeed([false]))), "NotQueued")
      const down = new QueueUnavailable({ reason: "throttled" })
      assert.strictEqual(yield* reasonOf(queueing(() => Effect.fail(down))), "throttled")
      assert.strictEqual(yield* reasonOf(queueing(() => Effect.succeed([true]), 100)), "TooLarge")
    }))
})

describe("CommandWire", () => {
  it("gives the same text for the same command, and nothing for what is none", () => {
    const { payload, principal, ...rest } = command
    assert.strictEqual(CommandWire.encode({ principal, ...rest, payload }), CommandWire.encode(command))
    for (const text of ["", "{}", "null", JSON.stringify({ ...command, id: "a/b" }), JSON.stringify({ ...rest })]) {
      assert.isUndefined(CommandWire.decode(text), text)
    }
  })
})

it.effect("commands go to the queue of the application that owns their aggregate, all others to the actors", () =>
  Effect.gen(function* () {
    const decided: Array<string> = []
    const queued: Array<string> = []
    let isThere = false
    const queue = {
      send: (bodies: ReadonlyArray<string>) => Effect.sync(() => (queued.push(...bodies), bodies.map(() => true))),
    } as unknown as Queue
    const actors = Actors.Actors.of({
      send: ({ aggregate }) => Effect.sync(() => (decided.push(aggregate), receipt)),
      state: () => Effect.succeed(undefined),
    })
    const found = Effect.suspend(() =>
      isThere ? Effect.succeed(queue) : Effect.fail(new QueueUnavailable({ reason: "refused" }))
    )
    const { send } = yield* Effect.provide(
      Effect.service(CommandBus.CommandBus),
      CommandBus.CommandBus.layerOwners((aggregate) => aggregate === "Payment" ? found : undefined).pipe(
        Layer.provide(Layer.succeed(Actors.Actors, actors)),
      ),
    )
    assert.strictEqual((yield* Effect.flip(send(command))).reason, "refused")
    isThere = true
    yield* send(command)
    yield* send({ ...command, aggregate: "Order" })
    const large = yield* Effect.flip(send({ ...command, payload: "x".repeat(256 * 1024) }))
    assert.deepStrictEqual([decided, queued, large.reason], [["Order"], [CommandWire.encode(command)], "TooLarge"])
  }))
