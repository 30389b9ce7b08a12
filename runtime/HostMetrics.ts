/**
 * What the host counts. Names are stable: alarms and dashboards are written against them.
 * @module
 */
import { counter, gauge, histogram } from "../core/metrics.ts"

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
export const ActorsLive = gauge("ActorsLive", "Actors in memory")
export const GroupSize = histogram("GroupSize", "Appends a commit", 1, 11)
export const CommitLatency = histogram("CommitLatency", "Milliseconds of a commit, fsync included", 0.25, 16)
export const SnapshotEvaluation = counter("SnapshotEvaluation", "Times a snapshot rule was looked at")
export const SnapshotsCreated = counter("SnapshotsCreated", "Snapshots stored")
export const SnapshotFailures = counter("SnapshotFailures", "Snapshots not stored, or found bad and ignored")
export const SnapshotLatency = histogram("SnapshotLatency", "Milliseconds to encode and store a snapshot", 0.25, 16)
