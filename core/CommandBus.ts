/**
 * The port through which consumers and sagas command: durable, at least once, under an id that follows from the cause.
 *
 * The sender's stream is the outbox: a send that fails is sent again with the same id, and changes nothing twice. In
 * process it ends in the host; across applications in a queue that the other one works off.
 * @module
 */
import { Context, type Effect, Schema } from "effect"
import type { Shape as Principal } from "./Principal.ts"

export interface BusCommand {
  /** Deterministic: made of what caused it, so that a repeat is the same command. */
  readonly commandId: string
  readonly principal: Principal
  readonly aggregate: string
  readonly id: string
  readonly command: string
  /** JSON, as it would come over the wire. */
  readonly payload: unknown
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
  /** Milliseconds; taken up later it is `Expired`. */
  readonly notAfter?: number | undefined
}

/** It was not handed over, or nobody knows. Send it again under its id. */
export class CommandNotSent extends Schema.TaggedError<CommandNotSent>()("CommandNotSent", {
  commandId: Schema.String,
  reason: Schema.String,
}) {}

export interface Shape {
  /** Done once the command is decided (in process) or durably queued; a rejection is a decision, and no error here. */
  readonly send: (command: BusCommand) => Effect.Effect<void, CommandNotSent>
}

export class CommandBus extends Context.Service<CommandBus, Shape>()("nexus/core/CommandBus") {}
