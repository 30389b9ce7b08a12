/**
 * From the store's outcomes to answers: who is told what, who tries again, and when the actor goes on.
 *
 * The one rule: nothing is said that the store has not confirmed, and what may have been stored is never called failed.
 * @module
 */
import { Effect, Result } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type * as EventStore from "../core/EventStore.ts"
import type { StreamKey } from "../core/Stream.ts"
import * as Actor from "./Actor.ts"
import * as Answer from "./Answer.ts"
import { type Host, nowMs, release } from "./Host.ts"
import * as Metrics from "./HostMetrics.ts"
import { SchemaValidationFailures } from "./RegistryMetrics.ts"
import * as Turn from "./Turn.ts"

/** One actor's entries of a group, in the order they were decided. */
export interface Part {
  readonly actor: Actor.Actor
  readonly entries: ReadonlyArray<Turn.Entry>
}

/**
 * Answers wait until the host's own books are in order: a caller goes on the moment it is answered, and may come back
 * with its next command at once.
 */
const say = (host: Host, task: Actor.CommandTask, answer: Actor.CommandAnswer): void => {
  host.outbox.push(() => Actor.answerCommand(task, answer))
}

/** Says all that has been decided. */
export const flush = (host: Host): void => {
  for (const answer of host.outbox.splice(0)) answer()
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

/** Answers a task with a failure, or, where an earlier attempt may have been stored, with `outcome-unknown`. */
export const fail = (host: Host, task: Actor.Task, error: ActorError.ActorError): void => {
  if (task._tag === "Read") {
    host.outbox.push(() => Actor.answerRead(task, Effect.fail(error)))
    return
  }
  if (!task.answered) host.update(Metrics.CommandsFailed, 1)
  const said = task.unknown ? Answer.unresolved(task, host.store.generatedKey) : error
  say(host, task, Effect.fail(said))
}

/** Fails every waiting task of an actor. */
export const failAll = (host: Host, actor: Actor.Actor, error: ActorError.ActorError): void => {
  const waiting = actor.work?.mailbox.splice(0) ?? []
  for (const task of waiting) fail(host, task, error)
}

const backoffMs = (host: Host, attempts: number): number => {
  const full = Math.min(host.limits.attemptBackoffMs * 2 ** (attempts - 1), host.limits.attemptBackoffMaxMs)
  return Math.ceil(full * (0.5 + host.random() / 2))
}

/** Puts tasks back to the front of the mailbox, or gives them up; answers the delay before the next attempt. */
const retry = (
  host: Host,
  actor: Actor.Actor,
  tasks: ReadonlyArray<Actor.Task>,
  error: () => ActorError.ActorError,
  patient: boolean,
): number => {
  const again: Array<Actor.Task> = []
  let delay = 0
  for (const task of tasks) {
    task.attempts++
    if (patient) task.again = true
    if (task.attempts >= host.limits.attempts) {
      fail(host, task, error())
      continue
    }
    again.push(task)
    // The first lost race is repeated at once; a store that refused, or a race lost again, is given time.
    if (patient || task.attempts > 1) delay = Math.max(delay, backoffMs(host, task.attempts))
  }
  if (again.length > 0) actor.work!.mailbox = again.concat(actor.work!.mailbox)
  return delay
}

const releaseAfter = (host: Host, actor: Actor.Actor, delayMs: number): void => {
  if (delayMs === 0) return release(host, actor)
  handOver(host, actor, Effect.andThen(Effect.sleep(delayMs), Effect.sync(() => release(host, actor))))
}

/** Runs what has these actors from now on. Whichever it still has, should it break, are given back. */
export const held = (
  host: Host,
  actors: ReadonlyArray<Actor.Actor>,
  effect: Effect.Effect<void>,
): Effect.Effect<void> => {
  for (const actor of actors) actor.work!.holder = actors
  return Effect.catchDefect(effect, (defect) => {
    // What was said is done with, and not tried again.
    flush(host)
    for (const actor of actors) if (actor.work?.holder === actors) giveBack(host, actor)
    flush(host)
    host.update(Metrics.ActorDefects, 1)
    return host.rarely.defect("a tick broke", defect)
  })
}

/** Runs on a fiber of its own what has one actor from now on. */
export const handOver = (host: Host, actor: Actor.Actor, effect: Effect.Effect<void>): void =>
  host.run(held(host, [actor], effect))

/** What was taken may be stored, what waited is not; all of it is tried again, on what the store says. */
const giveBack = (host: Host, actor: Actor.Actor): void => {
  const work = actor.work!
  for (const task of work.running) if (task._tag === "Command") task.unknown = true
  const tasks = [...work.running, ...work.mailbox].filter(({ answered }) => !answered)
  work.mailbox = []
  work.running = Actor.noTasks
  work.learned = undefined
  Actor.unload(actor)
  again(host, actor, tasks, "defect")
}

/** The store refused the group or could not be asked, before anything was stored: states stay, tasks try again. */
export const refused = (host: Host, parts: ReadonlyArray<Part>, reason: string): void => {
  for (const { actor, entries } of parts) again(host, actor, entries.map((entry) => entry.task), reason)
}

const again = (host: Host, actor: Actor.Actor, tasks: ReadonlyArray<Actor.Task>, reason: string): void => {
  const error = () => ActorError.Unavailable.fromStore({ reason })
  releaseAfter(host, actor, retry(host, actor, tasks, error, true))
}

/** A load could not ask the store: all that waits tries again. */
export const notLoaded = (host: Host, actor: Actor.Actor, reason: string): void =>
  again(host, actor, actor.work!.mailbox.splice(0), reason)

/**
 * The group may be stored or not. Everything is decided anew, with the look-up of its receipt in the same commit: what
 * was stored is found, what was not is stored now.
 */
export const unknown = (host: Host, parts: ReadonlyArray<Part>): void => {
  host.update(Metrics.OutcomesUnknown, 1)
  for (const { entries } of parts) for (const { task } of entries) task.unknown = true
  refused(host, parts, "unknown")
}

/** The store has spoken: one outcome an entry, in order. */
export const committed = (
  host: Host,
  parts: ReadonlyArray<Part>,
  outcomes: ReadonlyArray<EventStore.Outcome>,
): void => {
  const tally = { accepted: 0, rejected: 0, failed: 0, repeated: 0, events: 0, conflicts: 0, evaluated: 0 }
  let next = 0
  for (const part of parts) {
    settlePart(host, part, outcomes, next, tally)
    next += part.entries.length
  }
  const { update } = host
  if (tally.accepted > 0) update(Metrics.CommandsAccepted, tally.accepted)
  if (tally.rejected > 0) update(Metrics.CommandsRejected, tally.rejected)
  if (tally.failed > 0) update(Metrics.CommandsFailed, tally.failed)
  if (tally.repeated > 0) update(Metrics.CommandsRepeated, tally.repeated)
  if (tally.events > 0) {
    update(Metrics.EventsAppended, tally.events)
    host.wake()
  }
  if (tally.conflicts > 0) update(Metrics.Conflicts, tally.conflicts)
  if (tally.evaluated > 0) update(Metrics.SnapshotEvaluation, tally.evaluated)
}

type Tally = { [K in "accepted" | "rejected" | "failed" | "repeated" | "events" | "conflicts" | "evaluated"]: number }

/** The part's outcomes are those from `first` on. */
const settlePart = (
  host: Host,
  { actor, entries }: Part,
  outcomes: ReadonlyArray<EventStore.Outcome>,
  first: number,
  tally: Tally,
): void => {
  const lost: Array<Actor.Task> = []
  const putOff: Array<Actor.Task> = []
  let reason = "unknown"
  let isUnknown = false
  let appended = false
  let delay = 0
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    const outcome = outcomes[first + i]!
    switch (outcome._tag) {
      case "Committed":
        actor.head = outcome.head
        if (Turn.isCommand(entry)) {
          appended = confirm(host, actor, entry, outcome.offset, tally) || appended
          if (entry.defect !== undefined) delay = restart(host, actor, entry.defect.cause)
        } else {
          const { task } = entry
          const answer = entry.answer(outcome.head)
          if (Result.isFailure(answer)) unreadable(host, actor, answer.failure)
          const said = Result.mapError(answer, () => new ActorError.ActorDefect())
          host.outbox.push(() => Actor.answerRead(task, Effect.fromResult(said)))
        }
        break
      case "Duplicate":
        tally.repeated++
        // Its events may be newer than what this actor has folded: the next turn reads the store.
        Actor.unload(actor)
        repeat(host, entry.task as Actor.CommandTask, entry.append.stream, outcome.receipt)
        break
      case "Closed":
        Actor.unload(actor)
        fail(host, entry.task, new ActorError.StreamClosed())
        break
      case "Conflict":
        Actor.unload(actor)
        lost.push(entry.task)
        break
      // Decided anew on the state that the last confirmed one left, with the look-up of what may be stored.
      case "Unknown":
        entry.task.unknown = true
        putOff.push(entry.task)
        isUnknown = true
        break
      case "Unavailable":
        putOff.push(entry.task)
        reason = outcome.reason
        break
    }
  }
  if (putOff.length > 0) {
    if (isUnknown) host.update(Metrics.OutcomesUnknown, 1)
    delay = Math.max(delay, retry(host, actor, putOff, () => ActorError.Unavailable.fromStore({ reason }), true))
  }
  if (lost.length > 0) {
    tally.conflicts += lost.length
    delay = Math.max(delay, retry(host, actor, lost, () => new ActorError.Contended({ retryAfterSeconds: 1 }), false))
  }
  if (appended && actor.loaded) {
    tally.evaluated++
    host.snapshots.evaluate(actor, actor.head.recordedAt)
  }
  releaseAfter(host, actor, delay)
}

/** Counts and logs a state that no answer can hold. It serves its commands all the same, so nothing restarts. */
const unreadable = (host: Host, actor: Actor.Actor, cause: unknown): void => {
  host.update(Metrics.ActorDefects, 1)
  host.run(host.rarely.defect("state cannot be told", cause, { aggregate: actor.kind.name }))
}

/** Answers a confirmed command; tells whether it appended. */
const confirm = (
  host: Host,
  actor: Actor.Actor,
  entry: Turn.CommandEntry,
  offset: number | undefined,
  tally: Tally,
): boolean => {
  const { append, task } = entry
  if (append.refusal !== undefined) tally.rejected++
  else if (append.remember) tally.accepted++
  else tally.failed++
  if (entry.invalid !== undefined) {
    const { issues, subject } = entry.invalid
    host.update(Metrics.EventsInvalid, 1)
    host.update(SchemaValidationFailures, 1)
    const line = Effect.annotateLogs(Effect.logError("event does not fit its schema"), { subject, issues })
    host.run(host.rarely.say(`event does not fit ${subject}`, line))
  }
  if (actor.loaded) {
    actor.state = entry.state
    actor.eventId = entry.eventId
    actor.bytesSince += entry.bytes
  }
  tally.events += append.events.length
  say(host, task, entry.answer(offset))
  return append.events.length > 0
}

/** Answers from a receipt. */
export const repeat = (
  host: Host,
  task: Actor.CommandTask,
  stream: StreamKey,
  receipt: EventStore.Receipt,
): void => say(host, task, Answer.fromReceipt(host.store.kind, stream, Turn.fingerprint(task, host.sha256), receipt))

/** Stops an actor whose code failed; answers the delay before it starts again from the store. */
export const restart = (host: Host, actor: Actor.Actor, cause: unknown): number => {
  Actor.unload(actor)
  const delay = host.supervision.failed(actor.key, nowMs(host))
  host.update(Metrics.ActorDefects, 1)
  host.update(Metrics.ActorRestarts, 1)
  host.run(host.rarely.defect("actor failed", cause, { aggregate: actor.kind.name }))
  if (delay !== undefined) return delay
  failAll(host, actor, new ActorError.ActorUnavailable({ retryAfterSeconds: seconds(host.limits.coolDownMs) }))
  return 0
}
