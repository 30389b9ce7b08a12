import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Metric, References, Scope } from "effect"
import { TestClock } from "effect/testing"
import { ActorDefect, Unavailable } from "../../core/ActorError.ts"
import { Actors, type CommandRequest, Rejected } from "../../core/Actors.ts"
import { type BusCommand, CommandBus } from "../../core/CommandBus.ts"
import { Limits, lowered } from "../../core/Limits.ts"
import type { Queue } from "../../core/Queue.ts"
import * as QueueMemory from "../../core/QueueMemory.ts"
import * as CommandWorker from "./CommandWorker.ts"

const limits = lowered({ hiddenMs: 3_000 })
const principal = { tenant: "t", subject: "consumer:a", scopes: ["commands:Door"] }
const commandOf = (commandId: string): BusCommand => ({
  ...{ commandId, principal, aggregate: "Door", id: "d-1", command: "Open", payload: {}, correlationId: "r" },
})
type Answer = ReturnType<Actors["Service"]["send"]>
const receipt = { commandId: "c", aggregate: "Door", id: "d-1", version: 1, events: [], position: "p" }

/** A queue, its worker, and actors that answer as told. */
const worker = Effect.fnUntraced(function* (
  answer: (request: CommandRequest, number: number) => Answer,
  as: (queue: Queue) => Queue = (queue) => queue,
) {
  const state = QueueMemory.emptyState()
  const queue = yield* QueueMemory.make(state)
  const requests: Array<CommandRequest> = []
  const actors = Actors.of({
    send: (request) => Effect.suspend(() => answer(request, requests.push(request))),
    state: () => Effect.succeed(undefined),
  })
  const scope = yield* Scope.fork(yield* Effect.scope)
  const layer = Layer.provide(CommandWorker.layer(Effect.succeed(as(queue))), Layer.succeed(Actors, actors))
  yield* Scope.provide(Layer.build(layer), scope)
  const { send } = yield* Effect.provide(Effect.service(CommandBus), CommandBus.layerQueue(queue))
  return { state, requests, queue, send, close: Scope.close(scope, Exit.void) }
})
const settings = Layer.merge(Logger.layer([]), Layer.succeed(Limits, limits))
const seconds = (count: number) => Effect.forEach(Array.from({ length: count * 4 }), () => TestClock.adjust(250))

describe("the worker of bus commands", () => {
  it.effect("sends each command as it is, and removes it once it is decided, a rejection too", () =>
    Effect.gen(function* () {
      const rejected = new Rejected({ commandId: "c-2", tag: "No", status: 409, members: {} })
      const { requests, send, state } = yield* worker(({ commandId }) =>
        commandId === "c-2" ? Effect.fail(rejected) : Effect.succeed(receipt)
      )
      yield* send(commandOf("c-1"))
      yield* send(commandOf("c-2"))
      yield* seconds(60)
      assert.deepStrictEqual(requests, [commandOf("c-1"), commandOf("c-2")])
      assert.strictEqual(state.messages.size + state.dead!.messages.size, 0)
    }).pipe(Effect.provide(settings)))

  it.effect("sends again under its id what was not decided, and keeps what never is with the dead", () =>
    Effect.gen(function* () {
      const down = new Unavailable({ retryAfterSeconds: 1, reason: "throttled" })
      const { queue, requests, send, state } = yield* worker(({ commandId }, number) =>
        commandId === "bad" ? Effect.fail(new ActorDefect()) : number < 4 ? Effect.fail(down) : Effect.succeed(receipt)
      )
      yield* send(commandOf("c-1"))
      yield* seconds(60)
      assert.deepStrictEqual(requests.map(({ commandId }) => commandId), ["c-1", "c-1", "c-1", "c-1"])
      yield* send(commandOf("bad"))
      yield* queue.send(["no command"])
      yield* seconds(120)
      assert.lengthOf(requests.filter(({ commandId }) => commandId === "bad"), 6)
      assert.deepStrictEqual([state.messages.size, state.dead!.messages.size], [0, 2])
    }).pipe(Effect.provide(settings)))

  it.effect("counts what it gives up, and says of it once what it was and why", () => {
    const lines: Array<Record<string, unknown>> = []
    const logged = Logger.layer([Logger.map(Logger.formatStructured, (line) => void lines.push({ ...line }))])
    return Effect.gen(function* () {
      const { queue, send } = yield* worker(() => Effect.fail(new ActorDefect()))
      yield* send(commandOf("c-1"))
      yield* queue.send(["a secret"])
      yield* seconds(120)
      const given = lines.filter(({ level, message }) => level === "ERROR" && message === "a bus command was given up")
      const about = given.map(({ annotations }) => annotations as { readonly message: string })
      assert.deepStrictEqual<unknown>(about.toSorted((a, b) => a.message < b.message ? -1 : 1), [
        { message: "message-1", reason: "ActorDefect", attempt: 6, aggregate: "Door", command: "Open" },
        { message: "message-2", reason: "Unreadable", attempt: 6 },
      ])
      assert.strictEqual((yield* Metric.value(CommandWorker.CommandsGivenUp)).count, 2)
      assert.notInclude(JSON.stringify(lines), "secret")
    }).pipe(
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.provide(Layer.merge(logged, Layer.succeed(Limits, limits))),
    )
  })

  it.effect("waits with a command through an outage, however long, and loses none by it", () =>
    Effect.gen(function* () {
      let isDown = true
      const down = new Unavailable({ retryAfterSeconds: 1, reason: "throttled" })
      const { requests, send, state } = yield* worker(() => isDown ? Effect.fail(down) : Effect.succeed(receipt))
      yield* send(commandOf("c-1"))
      yield* seconds(600)
      assert.isAbove(requests.length, 6)
      assert.deepStrictEqual([state.messages.size, state.dead!.messages.size], [1, 0])
      isDown = false
      yield* seconds(60)
      assert.deepStrictEqual([state.messages.size, state.dead!.messages.size], [0, 0])
    }).pipe(Effect.provide(settings)))

  it.effect("goes on behind a defect of its queue", () =>
    Effect.gen(function* () {
      const { queue, requests, send } = yield* worker(() => Effect.succeed(receipt), (queue) => {
        let times = 0
        return { ...queue, receive: (...args) => times++ === 0 ? Effect.die("no") : queue.receive(...args) }
      })
      yield* send(commandOf("c-1"))
      yield* seconds(60)
      assert.lengthOf(requests, 1)
      assert.isEmpty(yield* queue.receive(1, { waitMs: 0, hiddenMs: 0 }))
    }).pipe(Effect.provide(settings)))

  it.effect("logs a defect of its queue behind a decision, holds no place for it, and sends the command again", () => {
    const lines: Array<string> = []
    const log = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
    let isBroken = false
    const twice = <A, E>(self: Effect.Effect<A, E>) =>
      Effect.suspend(() => isBroken && lines.length < 2 ? Effect.die("no") : self)
    const breaking: Readonly<Record<string, (queue: Queue) => Partial<Queue>>> = {
      remove: (queue) => ({ remove: (messages) => twice(queue.remove(messages)) }),
      hide: (queue) => ({ hide: (messages, ms) => twice(queue.hide(messages, ms)) }),
      send: (queue) => ({ send: (bodies) => twice(queue.send(bodies)) }),
    }
    return Effect.gen(function* () {
      for (const [act, broken] of Object.entries(breaking)) {
        const down = new Unavailable({ retryAfterSeconds: 1, reason: "throttled" })
        const { close, requests, send, state } = yield* worker(
          () => act === "remove" || lines.length === 2 ? Effect.succeed(receipt) : Effect.fail(down),
          (queue) => ({ ...queue, ...broken(queue) }),
        )
        for (const id of ["c-1", "c-2"]) yield* send(commandOf(id))
        isBroken = true
        yield* seconds(300)
        const said = "what came of a message could not be said to its queue"
        assert.deepStrictEqual(lines.splice(0), [said, said], act)
        assert.isAbove(requests.length, 3, act)
        // No copy of it was sent before its receives were used up.
        const dead = act === "send" ? 2 : 0
        assert.deepStrictEqual([state.messages.size, state.dead!.messages.size], [0, dead], act)
        isBroken = false
        yield* close
      }
    }).pipe(
      Effect.provideService(References.MinimumLogLevel, "Error"),
      Effect.provide(Layer.merge(log, Layer.succeed(Limits, lowered({ hiddenMs: 3_000, handlers: 1, logLineMs: 0 })))),
    )
  })

  it.effect("hides a command for as long as its decision takes", () =>
    Effect.gen(function* () {
      const { requests, send, state } = yield* worker(() => Effect.as(Effect.sleep("20 seconds"), receipt))
      yield* send(commandOf("c-1"))
      yield* seconds(60)
      assert.lengthOf(requests, 1)
      assert.strictEqual(state.messages.size, 0)
    }).pipe(Effect.provide(settings)))
})
