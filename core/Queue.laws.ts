/**
 * What every queue must keep, as data; each law asks for a queue of its own.
 * @module
 */
import { Clock, Effect, Exit, Fiber, Layer } from "effect"
import { collect } from "./laws/buses.ts"
import { holds, type Law, LawBroken, same, setBack } from "./laws/fixtures.ts"
import { defaults } from "./Limits.ts"
import { type Message, type Queue, receivesMax } from "./Queue.ts"

/** All in milliseconds. */
export interface Settings {
  /** Long enough for two calls, short enough to wait for. */
  readonly hiddenMs?: number
  /** After so long without a message there is none. */
  readonly waitMs?: number
  /** What was sent, or is due, comes after so long at the latest. */
  readonly patienceMs?: number
  /** Bodies that are easily changed on their way; others where an engine refuses what the service takes. */
  readonly odd?: ReadonlyArray<string>
}

/** Longer than any law takes. */
const longMs = 600_000

const oddBodies = ["x", `{"text":"äöü 漢字 😀 \\u0000 <&> '\\""}`, " leading\n\ttrailing \r\n"]
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `message ${i}`)
const bodiesOf = (messages: ReadonlyArray<Message>) => messages.map(({ body }) => body).toSorted()

export const laws = <R>(
  fresh: Effect.Effect<Queue, unknown, R>,
  { hiddenMs = 1_000, patienceMs = 30_000, waitMs = 200, odd = oddBodies }: Settings = {},
): ReadonlyArray<Law<R>> => {
  const law = (
    name: string,
    body: (queue: Queue) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  ): Law<R> => ({
    name,
    law: Effect.flatMap(fresh, (queue) => Effect.gen(() => body(queue))),
  })
  /** The one message that comes. */
  const next = Effect.fnUntraced(function* (queue: Queue, hidden: number) {
    const deadline = (yield* Clock.currentTimeMillis) + patienceMs
    do {
      const [message] = yield* queue.receive(1, { waitMs, hiddenMs: hidden })
      if (message !== undefined) return message
    } while ((yield* Clock.currentTimeMillis) < deadline)
    return yield* new LawBroken({ message: "no message came in time" })
  })
  const all = (queue: Queue, count: number) => collect(queue, count, { hiddenMs: longMs, waitMs, patienceMs })
  const isEmpty = (queue: Queue, what: string) =>
    Effect.flatMap(
      queue.receive(10, { waitMs, hiddenMs: longMs }),
      (messages) => same(bodiesOf(messages), [], what),
    )
  const send = (queue: Queue, bodies: ReadonlyArray<string>) =>
    Effect.flatMap(queue.send(bodies), (outcomes) => same(outcomes, bodies.map(() => true), "outcomes of a send"))

  return [
    law("send() answers once for each body, and they come back as they were", function* (queue) {
      const before = yield* Clock.currentTimeMillis
      yield* send(queue, [])
      yield* send(queue, [...odd, ...numbered(22)])
      const messages = yield* all(queue, odd.length + 22)
      yield* same(bodiesOf(messages), [...odd, ...numbered(22)].toSorted(), "bodies")
      yield* holds(new Set(messages.map(({ id }) => id)).size === messages.length, "two messages have one id")
      yield* holds(messages.every(({ receives }) => receives === 1), "a message was received before")
      // The queue's clock may be another one.
      const isLate = messages.some(({ sentAt }) => Math.abs(sentAt - before) > 60_000 + patienceMs)
      yield* holds(!isLate, "a message was not sent when it was")
    }),

    law("send() takes the largest body, and dies of a larger one", function* (queue) {
      const { messageBodyBytes } = defaults
      const largest = "x".repeat(messageBodyBytes)
      yield* send(queue, [largest, `y${largest.slice(1)}`, "small"])
      yield* same((yield* all(queue, 3)).length, 3, "messages")
      for (const large of [`${largest}x`, `${largest.slice(2)}漢`]) {
        const exit = yield* Effect.exit(queue.send(["small", large]))
        const died = Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Die")
        yield* holds(died, "too large a body is not a defect")
      }
      yield* isEmpty(queue, "what was sent beside a body that is too large")
    }),

    law("receive() gives at most as many as were asked for, and ten", function* (queue) {
      yield* send(queue, numbered(25))
      for (const [max, most] of [[1, 1], [3, 3], [10, 10], [50, 10]] as const) {
        const { length } = yield* queue.receive(max, { waitMs, hiddenMs: longMs })
        yield* holds(length <= most && length > 0, `${length} messages of at most ${most}`)
      }
    }),

    law("what is received is hidden from others, until it is given back", function* (queue) {
      yield* send(queue, ["one"])
      const first = yield* next(queue, longMs)
      yield* isEmpty(queue, "while it is worked on")
      yield* queue.hide([first], 0)
      const again = yield* next(queue, longMs)
      yield* same([again.id, again.body, again.receives], [first.id, "one", 2], "given back")
    }),

    law("what is not removed comes again after hiddenMs", function* (queue) {
      yield* send(queue, ["one"])
      const first = yield* next(queue, hiddenMs)
      const again = yield* next(queue, longMs)
      yield* same([again.id, again.body, again.receives], [first.id, "one", 2], "the message")
    }),

    law("hide() hides a message longer", function* (queue) {
      yield* send(queue, ["one"])
      const message = yield* next(queue, hiddenMs)
      yield* queue.hide([message], longMs)
      yield* Effect.sleep(hiddenMs * 2)
      yield* isEmpty(queue, "a message that was hidden for longer")
      yield* queue.hide([message], 0)
      yield* next(queue, longMs)
    }),

    law(
      "what was sent or received before the clock was set back by an hour comes, and is hidden as ever",
      function* (queue) {
        yield* send(queue, ["sent", "received"])
        yield* next(queue, hiddenMs)
        const body = Effect.gen(function* () {
          const messages = yield* all(queue, 2)
          yield* same(bodiesOf(messages), ["received", "sent"], "what comes")
          yield* isEmpty(queue, "while it is worked on")
          yield* queue.hide(messages, 0)
          yield* all(queue, 2)
        })
        yield* setBack(3_600_000)(body)
      },
    ),

    law("remove() is for good, of those alone that were named", function* (queue) {
      yield* send(queue, ["stays", "goes", "goes too"])
      const messages = yield* all(queue, 3)
      const goes = messages.filter(({ body }) => body !== "stays")
      yield* same(yield* queue.remove([]), [], "none")
      yield* same(yield* queue.remove(goes), [true, true], "removed")
      yield* same(yield* queue.remove(goes.slice(0, 1)), [true], "removed again")
      yield* queue.hide(messages.filter(({ body }) => body === "stays"), 0)
      yield* same((yield* next(queue, longMs)).body, "stays", "what stays")
      yield* Effect.sleep(hiddenMs * 2)
      yield* isEmpty(queue, "what was removed")
    }),

    law("receive() waits for the first message", function* (queue) {
      const waiting = yield* Effect.forkChild(queue.receive(10, { waitMs: 20_000, hiddenMs: longMs }))
      yield* Effect.sleep("20 millis")
      yield* send(queue, ["awaited"])
      yield* same(bodiesOf(yield* Fiber.join(waiting)), ["awaited"], "what came")
    }),

    law("several receivers together receive everything", function* (queue) {
      yield* send(queue, numbered(40))
      const seen = new Set<string>()
      const receiver = Effect.gen(function* () {
        const deadline = (yield* Clock.currentTimeMillis) + patienceMs
        while (seen.size < 40 && (yield* Clock.currentTimeMillis) < deadline) {
          const messages = yield* queue.receive(3, { waitMs, hiddenMs: longMs })
          for (const { body } of messages) seen.add(body)
          yield* queue.remove(messages)
        }
      })
      yield* Effect.all([receiver, receiver, receiver], { concurrency: 3 })
      yield* same([...seen].toSorted(), numbered(40).toSorted(), "bodies")
    }),

    law("a message that was received six times is a dead letter, and no other", function* (queue) {
      yield* send(queue, ["poison", "fine"])
      const messages = yield* all(queue, 2)
      yield* queue.remove(messages.filter(({ body }) => body === "fine"))
      yield* queue.hide(messages.filter(({ body }) => body === "poison"), 0)
      yield* failing(queue, next, hiddenMs)
      yield* isEmpty(queue, "a seventh time")
      const { dead } = queue
      if (dead === undefined) return yield* new LawBroken({ message: "the queue has no dead letters" })
      yield* same(dead.dead, undefined, "dead letters of dead letters")
      const letter = yield* next(dead, longMs)
      yield* same(letter.body, "poison", "the dead letter")
      yield* isEmpty(dead, "a second dead letter")
      yield* queue.send(["poison"])
      yield* same((yield* next(queue, longMs)).receives, 1, "receives once it is sent anew")
    }),

    law("a dead letter that nobody can take stays, however often it is tried", function* (queue) {
      yield* send(queue, ["poison"])
      yield* failing(queue, next, hiddenMs)
      yield* isEmpty(queue, "a seventh time")
      const dead = queue.dead!
      for (let i = 0; i < receivesMax + 4; i++) {
        const letter = yield* next(dead, longMs)
        yield* same(letter.body, "poison", `the dead letter, time ${i}`)
        yield* dead.hide([letter], 0)
      }
      yield* same(yield* dead.remove([yield* next(dead, hiddenMs)]), [true], "taken")
      yield* Effect.sleep(hiddenMs * 2)
      yield* isEmpty(dead, "what was taken")
    }),
  ]
}

/** Receives the one message as often as may be, and gives it back each time. */
const failing = Effect.fnUntraced(function* (
  queue: Queue,
  next: (queue: Queue, hiddenMs: number) => Effect.Effect<Message, unknown>,
  hiddenMs: number,
) {
  const first = yield* next(queue, hiddenMs)
  // Received before where the law has looked at it.
  for (let last = first; last.receives < receivesMax; last = yield* next(queue, hiddenMs)) {
    yield* queue.hide([last], 0)
    yield* same(last.id, first.id, "the id of a message that comes again")
  }
  yield* Effect.sleep(hiddenMs * 2)
})

/** The laws of messages that outlive their queue; each build of `open` opens the same data. */
export const reopened = <S, E>(
  open: Layer.Layer<S, E>,
  named: (name: string) => Effect.Effect<Queue, unknown, S>,
): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(name: string, body: (queue: Queue) => Effect.Effect<A, E2>) =>
    Effect.flatMap(named(name), body).pipe(Effect.provide(Layer.fresh(open)))
  const receive = (queue: Queue, hiddenMs: number) => queue.receive(10, { waitMs: 0, hiddenMs })
  return [
    {
      name: "messages, and what is hidden, outlive the queue",
      law: Effect.gen(function* () {
        yield* half("a", (queue) => queue.send(["one", "two"]))
        yield* half("b", (queue) => queue.send(["other"]))
        const [one] = yield* half("a", (queue) => queue.receive(1, { waitMs: 0, hiddenMs: longMs }))
        const [two, ...more] = yield* half("a", (queue) => receive(queue, longMs))
        yield* same([bodiesOf([one!, two!]), more.length], [["one", "two"], 0], "what was not hidden")
        yield* half("a", (queue) => queue.remove([two!]))
        yield* half("a", (queue) => queue.hide([one!], 0))
        const left = yield* half("a", (queue) => receive(queue, longMs))
        yield* same(left.map(({ body, receives }) => [body, receives]), [[one!.body, 2]], "what is left")
        yield* same(bodiesOf(yield* half("b", (queue) => receive(queue, longMs))), ["other"], "another queue")
      }),
    },
    {
      name: "receives and dead letters outlive the queue",
      law: Effect.gen(function* () {
        yield* half("c", (queue) => queue.send(["poison"]))
        for (let i = 1; i <= receivesMax; i++) {
          const [message] = yield* half("c", (queue) => receive(queue, 0))
          yield* same([message?.body, message?.receives], ["poison", i], `receive ${i}`)
        }
        yield* same(yield* half("c", (queue) => receive(queue, 0)), [], "a seventh time")
        yield* same(bodiesOf(yield* half("c", (queue) => receive(queue.dead!, 0))), ["poison"], "the dead letter")
      }),
    },
  ]
}
