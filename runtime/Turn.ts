/**
 * One actor's turn: decides its tasks one after the other, each on the state that the one before left.
 *
 * Pure but for the user's code it calls: nothing is stored and nobody is answered here. Each decision becomes an
 * `Entry`: what to ask of the store, and what to say once the store has agreed.
 * @module
 */
import { DateTime, Effect, Result } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { StateAnswer } from "../core/Actors.ts"
import type { CommandContext } from "../core/Aggregate.ts"
import type * as EventStore from "../core/EventStore.ts"
import * as Fingerprint from "../core/Fingerprint.ts"
import * as Ids from "../core/Ids.ts"
import type { Limits } from "../core/Limits.ts"
import type { Head, StreamKey } from "../core/Stream.ts"
import { Unfit } from "../schemas/Fields.ts"
import * as Wire from "../schemas/Wire.ts"
import type { CommandAnswer, CommandTask, ReadTask, Task } from "./Actor.ts"
import * as Answer from "./Answer.ts"
import * as Defect from "./Defect.ts"
import type * as Gate from "./Gate.ts"
import * as Kind from "./Kind.ts"
import * as NewEvents from "./NewEvents.ts"
import * as Trace from "./Trace.ts"

/** What the host knows when the turn begins. */
export interface Setting {
  readonly storeKind: string
  readonly generatedKey: EventStore.Shape["generatedKey"]
  readonly writerId: string
  readonly limits: Limits
  readonly nowMs: number
  /** The same, as users see it. */
  readonly now: DateTime.Utc
  readonly random: () => number
  readonly sha256: (text: string) => string
  readonly gate: Gate.Shape
}

export interface CommandEntry {
  readonly task: CommandTask
  readonly append: EventStore.Append
  /** The state and last event id once this is committed. */
  readonly state: unknown
  readonly eventId: string
  readonly bytes: number
  /** What the caller is told once the store has committed; `offset` comes from the store. */
  readonly answer: (offset: number | undefined) => CommandAnswer
  /** User code failed: the actor restarts after this entry. */
  readonly defect: { readonly cause: unknown } | undefined
  /** An event did not fit its schema; said to the log. */
  readonly invalid: ActorError.EventInvalid | undefined
  /** Where it holds anything, this must not be stored: the gate has to be asked first. */
  readonly asks: ReadonlyArray<Gate.Ask>
}
export interface ReadEntry {
  readonly task: ReadTask
  readonly append: EventStore.Append
  /** `head` is the confirmed one, with the true time. */
  readonly answer: (head: Head) => Result.Result<StateAnswer<unknown> | undefined, Kind.StateFailure>
}
export type Entry = CommandEntry | ReadEntry

export const isCommand = (entry: Entry): entry is CommandEntry => entry.task._tag === "Command"

/** The state of the actor as this turn's decisions leave it, were all of them committed. */
export interface Cursor {
  readonly kind: Kind.Kind
  readonly stream: StreamKey
  state: unknown
  head: Head
  eventId: string
}

/**
 * Decides one task and moves the cursor past it. `learned` is what the gate was asked for it.
 *
 * Whatever user code does in between (`decide`, the schemas of events and rejections, `evolve`), it fails this task alone.
 */
export const decide = (cursor: Cursor, task: Task, setting: Setting, learned: Gate.Verdicts | undefined): Entry => {
  if (task._tag === "Read") return read(cursor, task, setting)
  try {
    return command(cursor, task, setting, learned)
  } catch (cause) {
    return failed(cursor, task, setting, cause)
  }
}

const read = (cursor: Cursor, task: ReadTask, setting: Setting): ReadEntry => {
  const { head, kind, state, stream } = cursor
  return {
    task,
    append: { stream, expected: head, events: none, command: undefined, remember: false, refusal: undefined },
    answer: ({ recordedAt }) => {
      if (head.version === 0) return Result.succeed(undefined)
      return Answer.state(setting.storeKind, kind, stream, { ...head, recordedAt }, state)
    },
  }
}

const none: ReadonlyArray<never> = []

const command = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  learned: Gate.Verdicts | undefined,
): CommandEntry => {
  const { request } = task
  if (task.now === 0) task.now = setting.nowMs
  fingerprint(task, setting.sha256)
  if (cursor.head.closed) return unremembered(cursor, task, setting, new ActorError.StreamClosed())
  if (request.ifMatch !== undefined && request.ifMatch !== cursor.head.version) {
    return unremembered(cursor, task, setting, new ActorError.VersionMismatch({ version: cursor.head.version }))
  }
  if (request.notAfter !== undefined && task.now > request.notAfter) {
    return remembered(cursor, task, setting, { tag: Answer.expiredTag, status: 422, members: "{}" })
  }
  const decided = cursor.kind.decide[request.command]!(cursor.state, task.command, contextOf(cursor, task, setting))
  if (decided?._tag === "Failure") return rejected(cursor, task, setting, decided.failure)
  const events = decided?.success
  // Code without types gives nothing, or a promise.
  if (!Array.isArray(events)) return failed(cursor, task, setting, Defect.named("NoDecision"))
  if (events.length === 0) return remembered(cursor, task, setting, undefined)
  return accepted(cursor, task, setting, events, learned)
}

/** The fingerprint of a command, computed once. */
export const fingerprint = (task: CommandTask, sha256: Setting["sha256"]): string => {
  const { request } = task
  if (task.fingerprint === "") {
    task.fingerprint = Fingerprint.make(request.aggregate, request.id, request.command, request.payload, sha256)
  }
  return task.fingerprint
}

const contextOf = (cursor: Cursor, task: CommandTask, setting: Setting): CommandContext => {
  let calls = 0
  const { stream } = cursor
  return {
    principal: task.request.principal,
    // All that is decided for the first time in a tick shares its time.
    now: task.now === setting.nowMs ? setting.now : DateTime.makeUnsafe(task.now),
    commandId: task.commandId,
    nextId: () => Ids.ofCommand(stream, task.commandId, calls++),
  }
}

const accepted = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  events: ReadonlyArray<{ readonly _tag: string }>,
  learned: Gate.Verdicts | undefined,
): CommandEntry => {
  const { stream } = cursor
  const made = NewEvents.make(cursor, events, task.request.principal, learned, setting)
  if (Result.isFailure(made)) {
    const fault = made.failure
    return fault._tag === "Failed"
      ? failed(cursor, task, setting, fault.cause)
      : fault._tag === "EventInvalid"
      ? invalid(cursor, task, setting, fault.subject, fault.issues)
      : unremembered(cursor, task, setting, Answer.faulty(task, setting.generatedKey, fault))
  }
  const { asks, bytes, said, state, stored } = made.success
  const append = appendOf(cursor, task, setting, stored, true, undefined)
  const version = cursor.head.version + stored.length
  cursor.state = state
  // The true time is the store's to say; the chain within a group needs the version alone.
  cursor.head = { version, recordedAt: cursor.head.recordedAt, closed: false }
  cursor.eventId = stored[stored.length - 1]!.eventId
  return {
    task,
    append,
    state,
    eventId: cursor.eventId,
    bytes,
    answer: (offset) => Answer.accepted(setting.storeKind, stream, task.commandId, version, said, offset),
    defect: undefined,
    invalid: undefined,
    asks,
  }
}

const appendOf = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  events: ReadonlyArray<EventStore.NewEvent>,
  remember: boolean,
  refusal: EventStore.Refusal | undefined,
): EventStore.Append => ({
  stream: cursor.stream,
  expected: cursor.head,
  events,
  command: {
    commandId: task.commandId,
    // After an unknown outcome even a generated id may be in the store.
    given: task.request.commandId !== undefined || task.unknown,
    fingerprint: task.fingerprint,
    correlationId: task.request.correlationId ?? task.commandId,
    causationId: task.request.causationId,
    principal: task.request.principal.subject,
    traceparent: Trace.parentOf(task),
    writerId: setting.writerId,
  },
  remember,
  refusal,
  tried: task.unknown && task.tried > 0 ? task.tried : undefined,
  again: task.again || undefined,
})

/** An outcome without events: it leaves the state as it is. */
const eventless = (
  cursor: Cursor,
  task: CommandTask,
  append: EventStore.Append,
  answer: CommandEntry["answer"],
  more: Partial<Pick<CommandEntry, "defect" | "invalid">> = {},
): CommandEntry => ({
  task,
  append,
  state: cursor.state,
  eventId: cursor.eventId,
  bytes: 0,
  answer,
  defect: undefined,
  invalid: undefined,
  asks: none,
  ...more,
})

const remembered = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  refusal: EventStore.Refusal | undefined,
): CommandEntry => {
  const { version } = cursor.head
  return eventless(
    cursor,
    task,
    appendOf(cursor, task, setting, none, true, refusal),
    () =>
      refusal === undefined
        ? Answer.accepted(setting.storeKind, cursor.stream, task.commandId, version, none, undefined)
        : Answer.refused(task.commandId, refusal),
  )
}

/** Said only once the head is confirmed and no receipt is found, but not kept: a repeat is decided anew. */
const unremembered = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  error: ActorError.ActorError,
  more?: Partial<Pick<CommandEntry, "defect" | "invalid">>,
): CommandEntry =>
  eventless(cursor, task, appendOf(cursor, task, setting, none, false, undefined), () => Effect.fail(error), more)

const rejected = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  rejection: { readonly _tag: string },
): CommandEntry => {
  const declared = cursor.kind.command(task.request.command)!.rejections
    .find((kind) => kind.identifier === rejection?._tag)
  if (declared === undefined) {
    return failed(cursor, task, setting, Defect.named("UndeclaredRejection"))
  }
  const members = Wire.encodeRejection(declared, rejection)
  if (Result.isFailure(members)) return failed(cursor, task, setting, members.failure)
  const text = JSON.stringify(members.success)
  if (NewEvents.byteLength(text) > setting.limits.rejectionBytes) {
    return failed(cursor, task, setting, Defect.named("RejectionTooLarge"))
  }
  return remembered(cursor, task, setting, { tag: declared.identifier, status: declared.status, members: text })
}

const failed = (cursor: Cursor, task: CommandTask, setting: Setting, cause: unknown): CommandEntry => {
  const unfit = cause instanceof Unfit ? cursor.kind.event(cause.tag) : undefined
  if (unfit !== undefined) {
    return invalid(cursor, task, setting, Kind.subject(cursor.kind, unfit), (cause as Unfit).issues)
  }
  return unremembered(cursor, task, setting, new ActorError.ActorDefect(), { defect: { cause } })
}

const invalid = (
  cursor: Cursor,
  task: CommandTask,
  setting: Setting,
  subject: string,
  issues: Unfit["issues"],
): CommandEntry => {
  const error = new ActorError.EventInvalid({ subject, issues })
  return unremembered(cursor, task, setting, error, { invalid: error })
}
