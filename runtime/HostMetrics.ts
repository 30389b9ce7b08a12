/**
 * What the host counts. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { type Context, Metric } from "effect"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const latencyMs = Metric.exponentialBoundaries({ start: 0.25, factor: 2, count: 16 })

export const CommandsAccepted = counter("CommandsAccepted", "Commands accepted, no-ops included")
export const CommandsRejected = counter("CommandsRejected", "Commands refused by decide")
export const CommandsFailed = counter("CommandsFailed", "Commands answered with an actor error")
export const CommandsRepeated = counter("CommandsRepeated", "Commands answered from a receipt")
export const EventsAppended = counter("EventsAppended", "Events stored")
export const EventsInvalid = counter("EventsInvalid", "Events of decide that did not fit their schema")
export const ActorsHeld = counter("ActorsHeld", "Actors held back until a schema or policy was asked for")
export const Conflicts = counter("Conflicts", "Decisions that lost a race and were made again")
export const OutcomesUnknown = counter("OutcomesUnknown", "Commits whose outcome had to be looked up")
export const ActorDefects = counter("ActorDefects", "Failures of user code or decoding")
export const ActorRestarts = counter("ActorRestarts", "Actors restarted after a failure")
export const ActorsLoaded = counter("ActorsLoaded", "Actors loaded from the store")
export const ActorsPassivated = counter("ActorsPassivated", "Actors that left memory")
export const ActorsLive = Metric.gauge("ActorsLive", { description: "Actors in memory" })
export const GroupSize = Metric.histogram("GroupSize", {
  description: "Appends a commit",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 11 }),
})
export const CommitLatency = Metric.histogram("CommitLatency", {
  description: "Milliseconds of a commit, fsync included",
  boundaries: latencyMs,
})
export const SnapshotEvaluation = counter("SnapshotEvaluation", "Times a snapshot rule was looked at")
export const SnapshotsCreated = counter("SnapshotsCreated", "Snapshots stored")
export const SnapshotFailures = counter("SnapshotFailures", "Snapshots not stored, or found bad and ignored")
export const SnapshotLatency = Metric.histogram("SnapshotLatency", {
  description: "Milliseconds to encode and store a snapshot",
  boundaries: latencyMs,
})

/** Updates a metric where no effect runs; the context carries the registry. */
export type Update = <A>(metric: Metric.Metric<A, unknown>, value: A) => void
export const updater = (context: Context.Context<never>): Update => (metric, value) =>
  metric.updateUnsafe(value, context)
