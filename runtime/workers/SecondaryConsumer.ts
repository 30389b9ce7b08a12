/**
 * The secondary path of one consumer in this process: messages of its queue, each an event by itself, in no order.
 * @module
 */
import { Effect } from "effect"
import * as Consumer from "../../core/Consumer.ts"
import * as EventWire from "../../core/EventWire.ts"
import { type Message, type Queue, receivesMax } from "../../core/Queue.ts"
import type { Interest } from "../../core/SecondaryBus.ts"
import * as Contract from "../../schemas/Contract.ts"
import type { Attempts } from "./Attempts.ts"
import type { Count } from "./ConsumerMetrics.ts"
import type { Drain } from "./Drain.ts"
import * as Messages from "./Messages.ts"

/** The event types for which a consumer needs a queue. */
export const interestsOf = ({ contract, events }: Consumer.Any): ReadonlyArray<Interest> =>
  events.filter((type) => Contract.routeOf(contract, type) === "secondary")
    .map((type) => ({ aggregate: contract.aggregate, type }))

export interface Deps {
  readonly consumer: Consumer.Any
  readonly queue: Queue
  readonly attempts: Attempts
  readonly drain: Drain
  readonly count: Count
}

/** One receive is one attempt: the queue counts them over all processes, and keeps what has failed too often. */
export const run = ({ attempts, consumer, count, drain, queue }: Deps): Effect.Effect<never> => {
  const failed = ({ body: _, ...message }: Message, error: string) => {
    const isLast = message.receives >= receivesMax
    if (consumer.onError === "retry") return Effect.succeed<Messages.Verdict>("pause")
    if (consumer.onError === "park" || !isLast) return Effect.succeed<Messages.Verdict>("again")
    count.skipped()
    return Effect.logError("a consumer skipped an event").pipe(
      Effect.annotateLogs({ consumer: consumer.name, message: message.id, attempts: message.receives, error }),
      Effect.as<Messages.Verdict>("done"),
    )
  }

  const work = Effect.fnUntraced(function* (message: Message): Effect.fn.Return<Messages.Verdict> {
    const event = EventWire.decode(message.body)
    if (event === undefined) {
      yield* Effect.logError("a message is no event").pipe(
        Effect.annotateLogs({ consumer: consumer.name, message: message.id }),
      )
      // Whatever the policy: nobody knows what would be skipped.
      return "again"
    }
    // It asked for more once.
    if (!Consumer.wants(consumer, event)) return "done"
    const once = yield* attempts.once(event, message.receives)
    if (once._tag === "Done") return "done"
    return once._tag === "Newer" ? "pause" : yield* failed(message, once.error)
  })
  return Messages.run({ queue, work, drain })
}
