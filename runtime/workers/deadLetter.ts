/**
 * How whoever gives up keeps a dead letter: as a row, counted, and as one line of the log. Neither holds a payload.
 * @module
 */
import { Clock, Effect, Metric } from "effect"
import { type DeadLetter, type Failure, idOf, type Shape } from "../../core/DeadLetters.ts"
import type { StoredEvent, StoreUnavailable } from "../../core/EventStore.ts"
import { counter } from "../../core/metrics.ts"
import type { Message } from "../../core/Queue.ts"
import { keyOf } from "../../core/Stream.ts"

/** Names are stable: alarms and dashboards are written against them. */
export const DeadLettersKept = counter("DeadLetters", "Streams parked and messages given up, repeats included")
export const DeadLettersRedriven = counter("DeadLettersRedriven", "Dead letters whose redrive was done")
export const DeadLettersDiscarded = counter("DeadLettersDiscarded", "Events that somebody had given up for a consumer")

/** What is said of one in the log. */
export const about = ({ attempts, consumer, error, eventId, kind, stream, traceId, type, version }: DeadLetter) => ({
  ...{ consumer, kind, stream: keyOf(stream), version, eventId, type, error, attempts, traceId },
})

/** `put`, counted and logged once it is done. */
export const keep = (letters: Pick<Shape, "put">, letter: Failure): ReturnType<Shape["put"]> =>
  Effect.tap(letters.put(letter), (row) => {
    const kept = Metric.withAttributes(DeadLettersKept, { consumer: row.consumer, kind: row.kind })
    return Effect.andThen(
      Metric.update(kept, 1),
      Effect.logError("dead letter").pipe(Effect.annotateLogs(about(row))),
    )
  })

/** The trace of an event's command; empty where it has none. */
export const traceIdOf = (traceparent: string | undefined): string => traceparent?.split("-")[1] ?? ""

/**
 * Keeps a secondary event that a consumer, or its queue, gave up: whoever comes second changes nothing. Done, the message
 * may be removed. Of the first attempt nobody knows more than when the message was sent.
 */
export const keepMessage = Effect.fnUntraced(function* (
  letters: Pick<Shape, "get" | "put">,
  consumer: string,
  { aggregate, eventId, id, tenant, traceparent, type, version }: StoredEvent,
  { sentAt }: Pick<Message, "sentAt">,
  said: Pick<Failure, "attempts" | "error">,
): Effect.fn.Return<void, StoreUnavailable> {
  const stream = { tenant, aggregate, id }
  const letter = idOf(consumer, stream, eventId)
  const kept = yield* letters.get(tenant, letter)
  // Sent before that row was written: it is what the row is about. What was redriven since was sent later.
  if (kept !== undefined && sentAt <= kept.lastAt) return
  const now = yield* Clock.currentTimeMillis
  yield* keep(letters, {
    ...{ id: letter, kind: "message" as const, consumer, stream, version, eventId, type, ...said },
    ...{ firstAt: sentAt, lastAt: Math.max(now, sentAt), traceId: traceIdOf(traceparent) },
  })
})
