/**
 * Answers made from stored outcomes: the same receipt gives the same bytes, whichever process says them.
 * @module
 */
import { Effect, Result } from "effect"
import {
  type ActorError,
  type EventTooLarge,
  Expired,
  KeyReused,
  OutcomeUnknown,
  type TooManyEvents,
} from "../core/ActorError.ts"
import { type Receipt, Rejected, type StateAnswer } from "../core/Actors.ts"
import * as EventStore from "../core/EventStore.ts"
import * as Position from "../core/Position.ts"
import type { Head, StreamKey } from "../core/Stream.ts"
import type { CommandAnswer, CommandTask } from "./Actor.ts"
import type { Refusal } from "./Gate.ts"
import type { Kind, StateFailure } from "./Kind.ts"

/** The tag under which a passed `notAfter` is remembered; no rejection can be named so. */
export const expiredTag = "$Expired"

/** The acceptance of a command. */
export const accepted = (
  storeKind: string,
  stream: StreamKey,
  commandId: string,
  version: number,
  events: Receipt["events"],
  offset: number | undefined,
): CommandAnswer =>
  Effect.succeed({
    commandId,
    aggregate: stream.aggregate,
    id: stream.id,
    version,
    events,
    position: Position.encode(storeKind, stream, version, offset),
  })

/** A state in its JSON form, as it is at `head`; a failure is a defect of user code, to be counted and logged. */
export const state = (
  storeKind: string,
  kind: Kind,
  stream: StreamKey,
  { recordedAt, version }: Head,
  state: unknown,
): Result.Result<StateAnswer<unknown>, StateFailure> =>
  Result.map(kind.encodeState(state), (encoded) => ({
    aggregate: stream.aggregate,
    id: stream.id,
    version,
    recordedAt,
    state: encoded,
    position: Position.encode(storeKind, stream, version, undefined),
  }))

/** The refusal of a command. */
export const refused = (commandId: string, refusal: EventStore.Refusal): CommandAnswer =>
  refusal.tag === expiredTag ? Effect.fail(new Expired({ commandId })) : Effect.fail(
    new Rejected({
      commandId,
      tag: refusal.tag,
      status: refusal.status,
      members: JSON.parse(refusal.members) as unknown,
    }),
  )

/** What was decided before, unless it was another command under this id. */
export const fromReceipt = (
  storeKind: string,
  stream: StreamKey,
  fingerprint: string,
  receipt: EventStore.Receipt,
): CommandAnswer => {
  const { commandId } = receipt
  if (receipt.fingerprint !== fingerprint) return Effect.fail(new KeyReused({ commandId }))
  return receipt.refusal === undefined
    ? accepted(storeKind, stream, commandId, receipt.version, receipt.events, receipt.offset)
    : refused(commandId, receipt.refusal)
}

/** The outcome of a command cannot be told; it names the key under which a repeat finds it. */
export const unresolved = (
  { commandId, request, tried }: CommandTask,
  generatedKey: EventStore.Shape["generatedKey"],
): OutcomeUnknown =>
  new OutcomeUnknown({
    commandId: keyOf(commandId, request.commandId === undefined ? tried : 0, generatedKey),
    retryAfterSeconds: 1,
  })

/** What the gate refuses now it may have let through before: then a commit may still be on its way. */
export const faulty = (
  task: CommandTask,
  generatedKey: EventStore.Shape["generatedKey"],
  fault: Refusal | EventTooLarge | TooManyEvents,
): ActorError =>
  !task.unknown || fault._tag === "EventTooLarge" || fault._tag === "TooManyEvents"
    ? fault
    : unresolved(task, generatedKey)

/** Under which key the outcome of a command is found: its id, but for what the store keeps under generated ones. */
const keyOf = (commandId: string, tried: number, generatedKey: EventStore.Shape["generatedKey"]): string =>
  tried === 0 || generatedKey === undefined ? commandId : generatedKey(commandId, tried)

/**
 * What was decided before on a command that may have been: it was named by its caller, or sent to the store already.
 * Nothing for all others, without asking.
 */
export const before = (
  store: EventStore.Shape,
  stream: StreamKey,
  task: CommandTask,
): Effect.Effect<EventStore.Receipt | undefined, EventStore.StoreUnavailable> =>
  task.request.commandId === undefined && !task.unknown ? Effect.undefined : Effect.provideService(
    store.receipt(stream, keyOf(task.commandId, task.tried, store.generatedKey)),
    EventStore.Again,
    task.again,
  )
