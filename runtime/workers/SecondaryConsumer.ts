/**
 * The secondary path of one consumer in this process: messages of its queue, each an event by itself, in no order.
 * @module
 */
import { Effect } from "effect"
import * as Consumer from "../../core/Consumer.ts"
import type { Shape as Letters } from "../../core/DeadLetters.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import * as EventWire from "../../core/EventWire.ts"
import { type Message, type Queue, receivesMax } from "../../core/Queue.ts"
import type { Interest } from "../../core/SecondaryBus.ts"
import { Limits } from "../../core/Limits.ts"
import * as Contract from "../../schemas/Contract.ts"
import * as Rarely from "../Rarely.ts"
import type { Attempts } from "./Attempts.ts"
import type { Count } from "./ConsumerMetrics.ts"
import { keepMessage } from "./deadLetter.ts"
import type { Drain } from "./Drain.ts"
import * as Messages from "./Messages.ts"

/** The event types for which a consumer needs a queue. */
export const interestsOf = ({ contract, events }: Consumer.Any): ReadonlyArray<Interest> =>
  events.filter((type) => Contract.routeOf(contract, type) === "secondary")
    .map((type) => ({ aggregate: contract.aggregate, type }))

export interface Deps {
  readonly consumer: Consumer.Any
  readonly queue: Queue
  readonly letters: Letters
  readonly attempts: Attempts
  readonly drain: Drain
  readonly count: Count
}

/**
 * One receive is one attempt: the queue counts them over all processes. What fails for the last time is kept as a row and
 * then removed; where the store refuses the row, the queue keeps the message with its dead.
 */
export const run = Effect.fnUntraced(function* (
  { attempts, consumer, count, drain, letters, queue }: Deps,
): Effect.fn.Return<never> {
  const rarely = Rarely.make(yield* Limits)
  const failed = (event: StoredEvent, { body: _, ...message }: Message, error: string) => {
    const { receives } = message
    if (consumer.onError === "retry") return Effect.succeed<Messages.Verdict>("pause")
    if (receives < (consumer.attempts ?? receivesMax)) return Effect.succeed<Messages.Verdict>("again")
    if (consumer.onError === "park") {
      return Effect.match(keepMessage(letters, consumer.name, event, message, { error, attempts: receives }), {
        onSuccess: (): Messages.Verdict => "done",
        onFailure: (): Messages.Verdict => "again",
      })
    }
    count.skipped()
    return Effect.logError("a consumer skipped an event").pipe(
      Effect.annotateLogs({ consumer: consumer.name, message: message.id, attempts: receives, error }),
      Effect.as<Messages.Verdict>("done"),
    )
  }

  const work = Effect.fnUntraced(function* (message: Message): Effect.fn.Return<Messages.Verdict> {
    const event = EventWire.decode(message.body)
    if (event === undefined) {
      const about = { consumer: consumer.name, message: message.id }
      yield* rarely.say("a message is no event", Effect.annotateLogs(Effect.logError("a message is no event"), about))
      // Whatever the policy: nobody knows what would be skipped.
      return "again"
    }
    // It asked for more once.
    if (!Consumer.wants(consumer, event)) return "done"
    const once = yield* attempts.once(event, message.receives)
    if (once._tag === "Done") return "done"
    return once._tag === "Newer" ? "pause" : yield* failed(event, message, once.error)
  })
  return yield* Messages.run({ queue, work, drain, delayMs: consumer.delayMs })
})
