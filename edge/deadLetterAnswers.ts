/**
 * What is answered about dead letters, and how it is written.
 * @module
 */
import { Schema } from "effect"
import { Base64Url } from "effect/encoding"
import type { DeadLetter } from "../core/DeadLetters.ts"
import { type Plan, toJson } from "../runtime/RedrivePlan.ts"

const { Array, Boolean, Int, Literals, NullOr, String, Struct, optionalKey } = Schema
const Time = Int.annotate({ description: "Milliseconds since 1970." })
const Cursor = NullOr(String).annotate({ description: "Continues behind the last one; null at the end." })

export const Letter = Struct({
  id: String.annotate({ description: "Opaque; what the paths take." }),
  kind: Literals(["stream", "message"]).annotate({
    description: "`stream`: the stream waits in front of `version`. `message`: this one event was given up.",
  }),
  consumer: String.annotate({ description: "Whose it is; `router` where an event could not be routed." }),
  stream: Struct({ aggregate: String, id: String }),
  version: Int.annotate({ description: "The first that was not done." }),
  eventId: String,
  type: String,
  error: String.annotate({ description: "What went wrong, by name and place; never a value." }),
  attempts: Int,
  firstAt: Time,
  lastAt: Time,
  traceId: String.annotate({ description: "Of the command; empty where it had none." }),
  asked: Literals(["nothing", "redrive", "discard"]).annotate({
    description: "What was asked for last and was not done yet.",
  }),
})

const WouldBe = Struct({
  givenUp: optionalKey(
    Struct({
      version: Int,
      eventId: String,
      type: String,
      isStored: Boolean.annotate({ description: "Whether the store has an event there." }),
    }).annotate({ description: "Of a discard: the one event that the consumer is never handed." }),
  ),
  events: Array(Struct({
    version: Int,
    eventId: String,
    type: String,
    schemaVersion: Int.annotate({ description: "As it is stored; it is read as the newest." }),
    problem: optionalKey(String).annotate({ description: "Why this code cannot read it." }),
  })),
  next: NullOr(Int).annotate({ description: "The first version that was not looked at; null at the head." }),
}).annotate({ description: "The events that would be handled again, from the first on." })

const fields = {
  deadLetter: Letter,
  plan: optionalKey(WouldBe.annotate({ description: "Of a dry run." })),
}
const DryRun = Boolean.annotate({ description: "Nothing was changed." })

export const Page = Struct({ deadLetters: Array(Letter), cursor: Cursor })
export const One = Struct({ dryRun: DryRun, ...fields })
export const Many = Struct({ dryRun: DryRun, items: Array(Struct(fields)), cursor: Cursor })

export const letter = ({ fence: _, id, stream: { tenant: __, ...stream }, ...rest }: DeadLetter) => ({
  ...{ id: Base64Url.encode(id), kind: rest.kind, consumer: rest.consumer, stream },
  ...{ version: rest.version, eventId: rest.eventId, type: rest.type, error: rest.error, attempts: rest.attempts },
  ...{ firstAt: rest.firstAt, lastAt: rest.lastAt, traceId: rest.traceId, asked: rest.asked },
})

export const asked = (row: DeadLetter, plan: Plan | undefined) => ({
  deadLetter: letter(row),
  ...plan === undefined ? {} : { plan: toJson(plan) },
})
