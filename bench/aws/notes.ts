/**
 * An application whose events travel: `Noted` by the ordered bus, `Chatted` by the best-effort one, a consumer for each.
 * @module
 */
import { Effect, Schema } from "effect"
import * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import * as Consumer from "../../core/Consumer.ts"
import { accept } from "../../core/Decision.ts"
import { Command } from "../../schemas/Command.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"

const fields = { text: Schema.String }
class Note extends Command("Note", fields) {}
class Chat extends Command("Chat", fields) {}
class Noted extends Event.v1("Noted", fields) {}
class Chatted extends Event.v1("Chatted", fields).secondary {}
export class Notes extends Contract.make("Notes", { commands: [Note, Chat], events: [Noted, Chatted] }) {}

const State = Schema.Struct({ count: Schema.Int })
const aggregate = Aggregate.make(Notes, State, { count: 0 })
  .decide({
    Note: (_state, { text }) => accept(new Noted({ text })),
    Chat: (_state, { text }) => accept(new Chatted({ text })),
  })
  .evolve({ Noted: ({ count }) => ({ count: count + 1 }), Chatted: ({ count }) => ({ count: count + 1 }) })

/** Of about 200 bytes. */
export const text = "a note of some length, as an order line or a comment would be, ".repeat(3)

/** What a consumer was handed, in this order. */
export interface Seen {
  readonly id: string
  readonly version: number
  /** From the time that the event bears, which is fixed before its write begins. */
  readonly ms: number
}

/** The application with consumers that tell what they are handed. */
export const app = (noted: (seen: Seen) => void, chatted: (seen: Seen) => void): App.App => {
  const consumer = (name: string, tag: "Noted" | "Chatted", tell: (seen: Seen) => void) =>
    Consumer.make(name, {
      ...{ contract: Notes, events: [tag], from: "beginning", onError: "retry" },
      handler: (_event, { id, recordedAt, version }) =>
        Effect.sync(() => tell({ id, version, ms: Date.now() - recordedAt })),
    })
  return App.make("bench", {
    aggregates: [aggregate],
    consumers: [consumer("notes", "Noted", noted), consumer("chats", "Chatted", chatted)],
  })
}

export const silent = (): App.App => App.make("bench", { aggregates: [aggregate] })
