/**
 * What a queue of messages is: at least once, in no order; what is received stays hidden for a while, and comes again
 * unless it is removed. After `receivesMax` receives without that it moves to the queue's dead letters.
 *
 * A shape, no service: the secondary bus gives one to each consumer, the command bus has one of its own.
 * @module
 */
import { type Effect, Schema } from "effect"

export interface Message {
  /** Of the message, the same whenever it comes again. */
  readonly id: string
  /** Of this receive; what removes or hides the message. */
  readonly receipt: string
  readonly body: string
  /** Counts this one too. */
  readonly receives: number
  /** When it was sent first, in milliseconds since 1970. */
  readonly sentAt: number
}

/** The queue cannot be asked now; what was to be done may have been done. */
export class QueueUnavailable extends Schema.TaggedError<QueueUnavailable>()("QueueUnavailable", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
}) {}

/** A message is received so often in all, 1 + 5 times, before it is a dead letter. */
export const receivesMax = 6

/** Messages that one call receives at most, as SQS has it. */
export const callMax = 10

/**
 * A message is hidden for at most so long, one of dead letters as long as SQS can. What an embedded queue holds that seems
 * to be hidden for longer was sent or hidden before the clock was set back: it is due.
 */
export const hiddenMaxMs = { queue: 15 * 60_000, dead: 12 * 3_600_000 } as const

export interface Queue {
  /** One outcome each, in order; a body of more than `Limits.messageBodyBytes` is a defect. */
  readonly send: (bodies: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<boolean>, QueueUnavailable>
  /** Up to `max` messages (`callMax` at most), hidden from others for `hiddenMs`; waits up to `waitMs` for the first. */
  readonly receive: (
    max: number,
    options: { readonly waitMs: number; readonly hiddenMs: number },
  ) => Effect.Effect<ReadonlyArray<Message>, QueueUnavailable>
  /** Removes messages; those whose outcome is `false` come again. One that is gone counts as removed. */
  readonly remove: (messages: ReadonlyArray<Message>) => Effect.Effect<ReadonlyArray<boolean>, QueueUnavailable>
  /** Hides messages for so long from now; 0 gives them back at once. */
  readonly hide: (messages: ReadonlyArray<Message>, ms: number) => Effect.Effect<void, QueueUnavailable>
  /** Where what failed goes; it is a queue without dead letters of its own. */
  readonly dead: Queue | undefined
}
