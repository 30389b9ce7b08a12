/**
 * A bus command as the text of a message, the same bytes for the same command.
 *
 * It names the principal on whose behalf it was sent: who may write to the queue is believed.
 * @module
 */
import { Option, Schema } from "effect"
import type { BusCommand } from "./CommandBus.ts"
import { Id } from "./Stream.ts"

const Wire = Schema.Struct({
  commandId: Id,
  principal: Schema.Struct({ tenant: Id, subject: Schema.NonEmptyString, scopes: Schema.Array(Schema.String) }),
  aggregate: Id,
  id: Id,
  command: Id,
  payload: Schema.Unknown,
  correlationId: Schema.optionalKey(Schema.String),
  causationId: Schema.optionalKey(Schema.String),
  notAfter: Schema.optionalKey(Schema.Finite),
})
const decodeWire = Schema.decodeUnknownOption(Schema.fromJsonString(Wire))

/** Members in one order, absent ones left out. */
export const encode = (command: BusCommand): string =>
  JSON.stringify({
    commandId: command.commandId,
    principal: {
      tenant: command.principal.tenant,
      subject: command.principal.subject,
      scopes: command.principal.scopes,
    },
    aggregate: command.aggregate,
    id: command.id,
    command: command.command,
    payload: command.payload,
    correlationId: command.correlationId,
    causationId: command.causationId,
    notAfter: command.notAfter,
  })

/** Nothing where the text is not one of ours. */
export const decode = (text: string): BusCommand | undefined => Option.getOrUndefined(decodeWire(text))
