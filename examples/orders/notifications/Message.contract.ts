/**
 * What a message to a customer understands, refuses and remembers.
 * @module
 */
import { Schema } from "effect"
import { Command, Contract, Event, Redacted, Rejection } from "nexus-actors/schemas"
import { text } from "../goods.ts"

const message = { to: Redacted.redacted(text(320)), subject: text(200) }

export class AlreadyWritten extends Rejection("AlreadyWritten", {}, 409) {}
export class NotWritten extends Rejection("NotWritten", {}, 409) {}

export class WriteMessage extends Command("WriteMessage", message, [AlreadyWritten]) {}
/** Whoever hands messages over says so; once is enough. */
export class ConfirmSent extends Command("ConfirmSent", {}, [NotWritten]) {}

export class MessageWritten extends Event.v1("MessageWritten", message) {}
export class MessageSent extends Event.v1("MessageSent", {}).secondary {}

export class Message extends Contract.make("Message", {
  commands: [WriteMessage, ConfirmSent],
  events: [MessageWritten, MessageSent],
}) {}

/** What a read of a message answers; to whom it goes, the history alone knows. */
export const MessageState = Schema.Struct({ status: Schema.Literals(["blank", "written", "sent"]) })
