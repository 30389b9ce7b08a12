/**
 * What should happen in some run of many: a simulation that never meets these is too tame to prove anything.
 * @module
 */
import { keyOf } from "../../core/Stream.ts"
import { type Answer, isFinal } from "./History.ts"
import type { Run } from "./run.ts"
import { invalidInTheMiddle, sometimesGoverned } from "./sometimesGoverned.ts"
import { places } from "./saboteur.ts"
import { sometimesPast } from "./sometimesPast.ts"
import type { Commit } from "./storeModel.ts"

const answered = (test: (answer: Answer) => boolean) => ({ attempts }: Run) =>
  attempts.some(({ answer }) => answer !== undefined && test(answer))
const failed = (tag: string) => answered((answer) => answer._tag === "Failed" && answer.error._tag === tag)
const committed = (test: (commit: Commit, run: Run) => boolean) => (run: Run) =>
  run.commits.some((commit) => test(commit, run))
const commandOf = ({ append: { command, stream } }: Commit) => command && `${keyOf(stream)} ${command.commandId}`

/** Some later outcome of the same command. */
const later = (run: Run, commit: Commit, test: (later: Commit) => boolean): boolean => {
  const at = run.commits.indexOf(commit)
  const command = commandOf(commit)
  return command !== undefined && run.commits.slice(at + 1).some((one) => commandOf(one) === command && test(one))
}

const groups = (run: Run): ReadonlyArray<ReadonlyArray<Commit>> => {
  const byStart = new Map<number, Array<Commit>>()
  for (const commit of run.commits) byStart.set(commit.group, [...byStart.get(commit.group) ?? [], commit])
  return [...byStart.values()]
}

/** The name of each, and whether it happened in a run. */
export const sometimes: Readonly<Record<string, (run: Run) => boolean>> = {
  "no-op accepted": answered((answer) => answer._tag === "Accepted" && answer.receipt.events.length === 0),
  "several events in one append": committed(({ append }) => append.events.length > 1),
  "rejected": answered((answer) => answer._tag === "Rejected"),
  "several streams in one group": (run) =>
    groups(run).some((group) => new Set(group.map(({ append }) => keyOf(append.stream))).size > 1),
  "chain of one stream in a group": (run) =>
    groups(run).some((group) => new Set(group.map(({ append }) => keyOf(append.stream))).size < group.length),
  "group cut at its bound": (run) => groups(run).some((group) => group.length === run.appendsMax),
  "lost race decided again": committed((commit, run) =>
    commit.outcome._tag === "Conflict" && later(run, commit, ({ outcome }) => outcome._tag === "Committed")
  ),
  "rejection fenced and decided again": committed((commit, run) =>
    commit.outcome._tag === "Conflict" && commit.append.refusal !== undefined &&
    later(run, commit, ({ outcome }) => outcome._tag === "Committed")
  ),
  "read fenced": committed(({ append, outcome }) => outcome._tag === "Conflict" && append.command === undefined),
  "own write found after an unknown outcome": committed((commit, run) =>
    commit.outcome._tag === "Committed" && commit.append.events.length > 0 &&
    later(run, commit, ({ outcome, who }) => outcome._tag === "Duplicate" && who === commit.who)
  ),
  "duplicate answered from a receipt": committed(({ outcome }) => outcome._tag === "Duplicate"),
  "late commit won": committed(({ outcome, who }) => who === "network" && outcome._tag === "Committed"),
  "late commit lost": committed(({ outcome, who }) => who === "network" && outcome._tag !== "Committed"),
  "two processes wrote one stream": (run) => {
    const writers = new Map<string, Set<string>>()
    for (const { append: { events, stream }, outcome, who } of run.commits) {
      if (outcome._tag !== "Committed" || events.length === 0) continue
      writers.set(keyOf(stream), (writers.get(keyOf(stream)) ?? new Set()).add(who.split("-")[0]!))
    }
    return [...writers.values()].some((set) => set.has("main") && set.size > 1)
  },
  "killed before the answer, yet stored": ({ attempts, streams }) =>
    attempts.some(({ answer, operation }) =>
      answer?._tag === "Unanswered" && answer.why === "killed" &&
      (streams.get(keyOf(operation.stream)) ?? []).some((event) => event.correlationId === operation.name)
    ),
  "unknown outcome became known": ({ attempts }) => {
    const unknown = new Set<string>()
    return attempts.some(({ answer, operation }) => {
      if (answer?._tag === "Failed" && answer.error._tag === "OutcomeUnknown") unknown.add(operation.name)
      return answer !== undefined && isFinal(answer) && unknown.has(operation.name)
    })
  },
  "subscriber resumed": ({ subscribers }) =>
    subscribers.some(({ connections }) => connections.filter(({ told }) => told.length > 0).length > 1),
  "frame waited for its rate or its reader": ({ hosts }) =>
    hosts.some(({ counters }) => (counters.get("FramesDelayed") ?? 0) > 0),
  "snapshot stored": ({ snapshotLog }) => snapshotLog.saved.length > 0,
  "snapshot handed out": ({ snapshotLog }) => snapshotLog.handedOut > 0,
  "bad snapshot reported": ({ hosts, snapshotLog }) =>
    hosts.some(({ counters, name }) =>
      snapshotLog.damagedFirst.has(name) && (counters.get("SnapshotFailures") ?? 0) > 0
    ),
  "actor passivated": ({ hosts }) => hosts.some(({ counters }) => (counters.get("ActorsPassivated") ?? 0) > 0),
  "outcome unknown": failed("OutcomeUnknown"),
  "mailbox full": failed("MailboxFull"),
  "contended": failed("Contended"),
  "store unavailable": failed("Unavailable"),
  "shutting down": failed("ShuttingDown"),
  "key reused": failed("KeyReused"),
  "version mismatch": failed("VersionMismatch"),
  "expired": failed("Expired"),
  "stream closed": failed("StreamClosed"),
  ...sometimesPast,
  ...sometimesGoverned,
}

const brokeAt = (where: string) => ({ attempts }: Run) =>
  attempts.some(({ answer, request }) =>
    answer?._tag === "Failed" && answer.error._tag === "ActorDefect" && request?.command === "Break" &&
    (request.payload as { readonly where: string }).where === where
  )

/** What only an application can reach whose code fails and which has an older release. */
export const sometimesBuiltin: Readonly<Record<string, (run: Run) => boolean>> = {
  "actor defect": failed("ActorDefect"),
  ...Object.fromEntries(
    places.filter((where) => where !== "state").map((where) => [`code failed at ${where}`, brokeAt(where)]),
  ),
  "code failed at an upcaster": ({ attempts }) =>
    attempts.some(({ answer, request }) =>
      answer?._tag === "Failed" && answer.error._tag === "ActorDefect" && request !== undefined &&
      request.command !== "Break"
    ),
  "state that cannot be told was asked for": ({ attempts, hosts }) =>
    attempts.some(({ answer, host, request }) =>
      answer?._tag === "Failed" && answer.error._tag === "ActorDefect" && request === undefined &&
      hosts.some(({ counters, name }) => name === host && (counters.get("ActorRestarts") ?? 0) === 0)
    ),
  "restart budget spent": failed("ActorUnavailable"),
  "event invalid": failed("EventInvalid"),
  "event invalid between neighbours that were stored": invalidInTheMiddle,
  "newer event": failed("NewerEvent"),
}
