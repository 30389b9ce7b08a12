/**
 * How whoever gives up keeps a dead letter: as a row, counted, and as one line of the log. Neither holds a payload.
 * @module
 */
import { Effect, Metric } from "effect"
import type { DeadLetter, Failure, Shape } from "../../core/DeadLetters.ts"
import { counter } from "../../core/metrics.ts"
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
