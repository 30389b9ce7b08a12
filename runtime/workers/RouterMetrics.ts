/**
 * What the router counts. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { type Context, Metric } from "effect"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

export const TotalEvents = counter("TotalEvents", "Events routed: their bus has them")
export const CoreEvents = counter("CoreEvents", "Events sent on the ordered bus")
export const SecondaryEvents = counter("SecondaryEvents", "Events sent on the best-effort bus")
export const ValidationFailures = counter("ValidationFailures", "Events that no registered schema allows to be sent")
export const RoutingErrors = counter("RoutingErrors", "Sends that failed, and events that could not be checked or sent")
export const RoutingLatency = Metric.histogram("RoutingLatency", {
  description: "Milliseconds from an event's time to its being on its bus",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 22 }),
})
export const FeedLag = Metric.gauge("FeedLag", {
  description: "Milliseconds by which the oldest event that waits to be routed, or the feed's reader, is behind",
})
export const Gaps = counter("Gaps", "Events that were read from the store because the feed had not brought them")

/** Updates a metric where no effect runs; the context carries the registry. */
export type Update = <A>(metric: Metric.Metric<A, unknown>, value: A) => void
export const updater = (context: Context.Context<never>): Update => (metric, value) =>
  metric.updateUnsafe(value, context)
