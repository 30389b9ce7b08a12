/**
 * What consumers count, each under the attribute `consumer`. Names are stable: alarms and dashboards are written against
 * them.
 * @module
 */
import { type Context, Metric } from "effect"
import { counter, gauge } from "../../core/metrics.ts"

export const EventsConsumed = counter("EventsConsumed", "Events that a consumer is done with")
export const ConsumerFailures = counter("ConsumerFailures", "Attempts of a consumer that failed")
export const EventsSkipped = counter("EventsSkipped", "Events that a consumer gave up and passed by")
export const ConsumerLag = gauge(
  "ConsumerLag",
  "Milliseconds since the event was recorded that a consumer did, or failed on, last",
)

export interface Count {
  readonly consumed: (ageMs: number) => void
  readonly failed: (ageMs: number) => void
  readonly skipped: () => void
}

/** Counts in the registry of a context. */
export const make = (consumer: string, context: Context.Context<never>): Count => {
  const of = <A, S>(metric: Metric.Metric<A, S>) => Metric.withAttributes(metric, { consumer })
  const [consumed, failed, skipped, lag] = [
    of(EventsConsumed),
    of(ConsumerFailures),
    of(EventsSkipped),
    of(ConsumerLag),
  ]
  return {
    consumed: (ageMs) => {
      consumed.updateUnsafe(1, context)
      lag.updateUnsafe(ageMs, context)
    },
    // While a consumer fails its lag grows with every attempt: an alarm sees it standing.
    failed: (ageMs) => {
      failed.updateUnsafe(1, context)
      lag.updateUnsafe(ageMs, context)
    },
    skipped: () => skipped.updateUnsafe(1, context),
  }
}
