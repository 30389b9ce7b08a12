/**
 * What the router counts. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { counter, gauge, histogram } from "../../core/metrics.ts"

export const TotalEvents = counter("TotalEvents", "Events routed: their bus has them")
export const CoreEvents = counter("CoreEvents", "Events sent on the ordered bus")
export const SecondaryEvents = counter("SecondaryEvents", "Events sent on the best-effort bus")
export const ValidationFailures = counter("ValidationFailures", "Events that no registered schema allows to be sent")
export const RoutingErrors = counter("RoutingErrors", "Sends that failed, and events that could not be checked or sent")
export const RoutingLatency = histogram(
  "RoutingLatency",
  "Milliseconds from an event's time to its being on its bus",
  1,
  22,
)
export const FeedLag = gauge(
  "FeedLag",
  "Milliseconds by which the oldest event that waits to be routed, or the feed's reader, is behind",
)
export const Gaps = counter("Gaps", "Events that were read from the store because the feed had not brought them")
