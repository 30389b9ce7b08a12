/**
 * What enforcers count. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { Metric } from "effect"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

export const PolicyDecisions = counter("PolicyDecisions", "Decisions asked for, but for a remembered yes")
export const PolicyDenials = counter("PolicyDenials", "Decisions that were no")
export const PolicyFailures = counter("PolicyFailures", "Decisions that could not be had, hence no")
export const PolicyLatency = Metric.histogram("PolicyLatency", {
  description: "Milliseconds of a decision that was not remembered",
  boundaries: Metric.exponentialBoundaries({ start: 0.004, factor: 2, count: 17 }),
})
export const ViolationsDropped = counter("ViolationsDropped", "Violations that were not kept")
