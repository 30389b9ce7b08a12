/**
 * An actor: a plain record, not a fiber.
 *
 * Idle it is state and a few numbers; what a running actor needs beside (mailbox, waiting ids) lives in its `Work` and
 * goes away with it, so that a hundred thousand idle actors cost some tens of megabytes.
 * @module
 */
import type { Effect, Tracer } from "effect"
import type { ActorError } from "../core/ActorError.ts"
import type { CommandRequest, Receipt, Rejected, StateAnswer } from "../core/Actors.ts"
import { empty, type Head, type StreamKey } from "../core/Stream.ts"
import type { Verdicts } from "./Gate.ts"
import type { Kind } from "./Kind.ts"

export interface Actor {
  /** tenant/aggregate/id */
  readonly key: string
  readonly kind: Kind
  /** False: nothing below is known; the next tick loads it. */
  loaded: boolean
  state: unknown
  head: Head
  /** The id of the last event; names the history that a snapshot belongs to. */
  eventId: string
  /** Of the newest snapshot, its last event's time (without one: the first event's), and the bytes folded since. */
  snapshotVersion: number
  snapshotAt: number
  bytesSince: number
  /** Seconds since the host started, of the last use. */
  usedAt: number
  /** Present while there is anything to do. */
  work: Work | undefined
}

export interface Work {
  readonly stream: StreamKey
  /** What waits, in order of arrival; bounded by `Limits.mailbox`. */
  mailbox: Array<Task>
  /** Taken from the mailbox by a tick that has not answered yet; they count towards the bound. */
  running: ReadonlyArray<Task>
  /** The tick, load, backoff or question to the gate that has the actor, and gives it back; nothing while none has. */
  holder: object | undefined
  /** What the gate was asked for `tasks`; it serves the next round of decisions alone. */
  learned: { readonly verdicts: Verdicts; readonly tasks: ReadonlySet<Task> } | undefined
}

export type CommandAnswer = Effect.Effect<Receipt, Rejected | ActorError>
export type ReadAnswer = Effect.Effect<StateAnswer<unknown> | undefined, ActorError>
type Resume<A> = (answer: A) => void

interface TaskBase {
  /** Milliseconds; the caller is answered by then, whatever happens to the append. */
  readonly deadline: number
  attempts: number
  answered: boolean
  /** The store did not answer an attempt, or refused to: the next one is no new call. */
  again: boolean
  /** An attempt to store may have gone through: from here on only a receipt or a success is a definite answer. */
  unknown: boolean
}
export interface ReadTask extends TaskBase {
  readonly _tag: "Read"
  readonly resume: Resume<ReadAnswer>
}
export interface CommandTask extends TaskBase {
  readonly _tag: "Command"
  readonly request: CommandRequest
  readonly commandId: string
  /** The command, decoded from the request's payload. */
  readonly command: { readonly _tag: string }
  /** Of the first event that the last attempt to store would have left, under a generated id; 0 before. */
  tried: number
  /** SHA-256; computed when first needed. */
  fingerprint: string
  /** The span that the command was sent in. */
  readonly span: Tracer.AnySpan | undefined
  /** That of its last decision, where it is traced. */
  decided: Tracer.AnySpan | undefined
  /** Milliseconds of the first decision, the `now` of all later ones; 0 before. */
  now: number
  readonly resume: Resume<CommandAnswer>
}
export type Task = ReadTask | CommandTask

export const noTasks: ReadonlyArray<never> = []

/** A cold actor. */
export const make = (key: string, kind: Kind, usedAt: number): Actor => ({
  key,
  kind,
  loaded: false,
  state: undefined,
  head: empty,
  eventId: "",
  snapshotVersion: 0,
  snapshotAt: Infinity,
  bytesSince: 0,
  usedAt,
  work: undefined,
})

/** What the store knows of an actor. */
export type Known = Pick<Actor, "state" | "head" | "eventId" | "snapshotVersion" | "snapshotAt" | "bytesSince">

/** Takes up what was loaded; member by member, for every new actor pays for it. */
export const become = (actor: Actor, known: Known): void => {
  actor.loaded = true
  actor.state = known.state
  actor.head = known.head
  actor.eventId = known.eventId
  actor.snapshotVersion = known.snapshotVersion
  actor.snapshotAt = known.snapshotAt
  actor.bytesSince = known.bytesSince
}

/** Forgets what was folded: the next tick reads the store again. */
export const unload = (actor: Actor): void => {
  become(actor, unknown)
  actor.loaded = false
}
const unknown: Known = {
  state: undefined,
  head: empty,
  eventId: "",
  snapshotVersion: 0,
  snapshotAt: Infinity,
  bytesSince: 0,
}

/** Answers a task, once. */
export const answerCommand = (task: CommandTask, answer: CommandAnswer): void => {
  if (task.answered) return
  task.answered = true
  task.resume(answer)
}
export const answerRead = (task: ReadTask, answer: ReadAnswer): void => {
  if (task.answered) return
  task.answered = true
  task.resume(answer)
}
