/**
 * The events of one decision: checked against their schemas and bounds, encoded, and folded into the next state.
 * @module
 */
import { Result } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type * as EventStore from "../core/EventStore.ts"
import * as Ids from "../core/Ids.ts"
import type { Limits } from "../core/Limits.ts"
import type { Shape as Principal } from "../core/Principal.ts"
import * as Wire from "../schemas/Wire.ts"
import * as Defect from "./Defect.ts"
import type * as Gate from "./Gate.ts"
import * as Kind from "./Kind.ts"

export interface NewEvents {
  readonly stored: ReadonlyArray<EventStore.NewEvent>
  /** What the receipt says of them. */
  readonly said: EventStore.Receipt["events"]
  readonly state: unknown
  /** Of all payloads. */
  readonly bytes: number
  /** What the gate does not know: the events may be stored only once it was asked. */
  readonly asks: ReadonlyArray<Gate.Ask>
}

/** User code is at fault; the cause is for supervision. */
interface Failed {
  readonly _tag: "Failed"
  readonly cause: unknown
}
export type Fault =
  | Failed
  | ActorError.EventInvalid
  | ActorError.EventTooLarge
  | ActorError.TooManyEvents
  | Gate.Refusal

interface Before {
  readonly kind: Kind.Kind
  readonly state: unknown
  readonly head: { readonly version: number }
}
interface Setting {
  readonly limits: Limits
  readonly nowMs: number
  readonly random: () => number
  readonly gate: Gate.Shape
}

/**
 * All of the events or none: the first fault counts. `learned` is what the gate was asked for this very command. Throws
 * what user code throws.
 */
export const make = (
  { head, kind, state: before }: Before,
  events: ReadonlyArray<{ readonly _tag: string }>,
  principal: Principal,
  learned: Gate.Verdicts | undefined,
  { gate, limits, nowMs, random }: Setting,
): Result.Result<NewEvents, Fault> => {
  if (events.length > limits.eventsPerCommand) {
    return Result.fail(
      new ActorError.TooManyEvents({ events: events.length, maxEvents: limits.eventsPerCommand }),
    )
  }
  const stored: Array<EventStore.NewEvent> = []
  const said: Array<EventStore.Receipt["events"][number]> = []
  let asks = none
  let state = before
  let bytes = 0
  for (const event of events) {
    const declared = kind.event(event?._tag)
    if (declared === undefined) return failed(Defect.named("UndeclaredEvent"))
    const encoded = Wire.encodeEvent(declared, event)
    if (Result.isFailure(encoded)) {
      const { issues } = encoded.failure
      return Result.fail(new ActorError.EventInvalid({ subject: Kind.subject(kind, declared), issues }))
    }
    const ask = { aggregate: kind.name, event: declared, principal }
    const verdict = learned?.(ask) ?? gate.look(ask)
    if (verdict === undefined) asks = asks.concat(ask)
    else if (verdict !== true) return Result.fail(verdict)
    const payload = JSON.stringify(encoded.success.payload)
    const size = byteLength(payload)
    const maxBytes = declared.route === "secondary" ? limits.secondaryEventBytes : limits.eventBytes
    if (size > maxBytes) return Result.fail(new ActorError.EventTooLarge({ bytes: size, maxBytes }))
    bytes += size
    state = kind.evolve[event._tag]!(state, event)
    const eventId = Ids.uuidV7(nowMs, random)
    stored.push({ eventId, type: declared.tag, schemaVersion: encoded.success.schemaVersion, payload })
    said.push({ eventId, type: declared.tag, version: head.version + stored.length })
  }
  return bytes > limits.appendBytes
    ? Result.fail(new ActorError.EventTooLarge({ bytes, maxBytes: limits.appendBytes }))
    : Result.succeed({ stored, said, state, bytes, asks })
}

const none: ReadonlyArray<Gate.Ask> = []

const failed = (cause: unknown): Result.Result<never, Failed> => Result.fail({ _tag: "Failed", cause })

const beyondAscii = /[\u0080-\uffff]/
/** UTF-8 bytes, without making them. */
export const byteLength = (text: string): number => {
  let bytes = text.length
  if (!beyondAscii.test(text)) return bytes
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // A surrogate pair is two units and four bytes, so each half adds one.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1
  }
  return bytes
}
