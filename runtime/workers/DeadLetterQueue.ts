/**
 * Moves what the queues of consumers gave up into dead letters: first the row, then the message is removed, so that a
 * store that refuses leaves it where it is.
 *
 * A consumer that fails on a message for the last time keeps the row itself, and knows why. Here comes what none could
 * say so of: its process died on it, or its store refused, or the message was never delivered.
 *
 * What is no event of ours has no tenant to show it to: it stays in its queue, counted and logged, for an operator to look
 * at. A message may come again behind its row; then it changes nothing, unless the row was done in between.
 * @module
 */
import { Effect, Layer, Metric } from "effect"
import type { App } from "../../core/App.ts"
import { DeadLetters, type Shape as Letters } from "../../core/DeadLetters.ts"
import * as EventWire from "../../core/EventWire.ts"
import { Limits } from "../../core/Limits.ts"
import { counter } from "../../core/metrics.ts"
import { callMax, type Message, type Queue } from "../../core/Queue.ts"
import { SecondaryBus } from "../../core/SecondaryBus.ts"
import { backoff } from "./backoff.ts"
import { keepMessage } from "./deadLetter.ts"
import { persist } from "./persist.ts"
import { interestsOf } from "./SecondaryConsumer.ts"
import { unbroken } from "./unbroken.ts"

export const DeadLettersUnreadable = counter(
  "DeadLettersUnreadable",
  "Looks at messages in dead letter queues that are no events; they stay there",
)

/** How often it was tried is as unknown as why it failed. */
const unsaid = { error: "no consumer said why: given up by its queue, or never delivered", attempts: 0 }

/** Whether the message may be removed. */
const move = Effect.fnUntraced(function* (consumer: string, letters: Letters, { body, id: message, sentAt }: Message) {
  const event = EventWire.decode(body)
  if (event === undefined) {
    yield* Metric.update(Metric.withAttributes(DeadLettersUnreadable, { consumer }), 1)
    yield* Effect.logError("a message in a dead letter queue is no event: it stays there").pipe(
      Effect.annotateLogs({ consumer, message, sentAt, characters: body.length }),
    )
    return "unreadable"
  }
  yield* keepMessage(letters, consumer, event, { sentAt }, unsaid)
  return "kept"
})

/** Works the dead letters of one queue off, for ever. */
export const run = Effect.fnUntraced(
  function* (consumer: string, dead: Queue): Effect.fn.Return<never, never, DeadLetters> {
    const [letters, limits] = [yield* DeadLetters, yield* Limits]
    const { deadLetterHiddenMs, hiddenMs, queueWaitMs, routeBackoffMaxMs, routeBackoffMs } = limits

    const round = Effect.gen(function* () {
      const messages = yield* dead.receive(callMax, { waitMs: queueWaitMs, hiddenMs })
      const moved = yield* Effect.forEach(messages, (message) => Effect.result(move(consumer, letters, message)), {
        concurrency: callMax,
      })
      const those = (what: string) =>
        messages.filter((_, i) => moved[i]!._tag === "Success" && moved[i]!.success === what)
      const [kept, unreadable] = [those("kept"), those("unreadable")]
      // What could not be removed comes again, and finds its row.
      if (kept.length > 0) yield* dead.remove(kept)
      if (unreadable.length > 0) yield* dead.hide(unreadable, deadLetterHiddenMs)
      const refused = moved.find((one) => one._tag === "Failure")
      if (refused?._tag === "Failure") return yield* refused.failure
    })

    let failures = 0
    for (;;) {
      const reason = yield* Effect.match(round, { onSuccess: () => undefined, onFailure: (failure) => failure.reason })
      failures = reason === undefined ? 0 : failures + 1
      if (reason === undefined) continue
      if (failures === 1) {
        yield* Effect.logWarning("a dead letter queue waits").pipe(Effect.annotateLogs({ consumer, reason }))
      }
      yield* backoff(failures, routeBackoffMs, routeBackoffMaxMs)
    }
  },
)

/** Runs in the background for the layer's life, for each consumer that has a queue. */
export const layer = (app: App): Layer.Layer<never, never, DeadLetters | SecondaryBus> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const bus = yield* SecondaryBus
    for (const consumer of Object.values(app.consumers)) {
      const interests = interestsOf(consumer)
      if (interests.length === 0) continue
      const work = Effect.flatMap(
        Effect.annotateLogs(persist(bus.subscribe(consumer.name, interests)), { consumer: consumer.name }),
        ({ dead }) => dead === undefined ? Effect.void : run(consumer.name, dead),
      )
      yield* Effect.forkScoped(unbroken("a dead letter queue", { consumer: consumer.name }, work))
    }
  }))
