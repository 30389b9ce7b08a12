/**
 * What enforcers count. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { counter, histogram } from "../core/metrics.ts"

export const PolicyDecisions = counter("PolicyDecisions", "Decisions asked for, but for a remembered yes")
export const PolicyDenials = counter("PolicyDenials", "Decisions that were no")
export const PolicyFailures = counter("PolicyFailures", "Decisions that could not be had, hence no")
export const PolicyLatency = histogram("PolicyLatency", "Milliseconds of a decision that was not remembered", 0.004, 17)
export const ViolationsDropped = counter("ViolationsDropped", "Violations that were not kept")
