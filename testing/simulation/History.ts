/**
 * What clients asked and what they were told: the ledger that every check compares with the log.
 * @module
 */
import { Cause, type Exit } from "effect"
import type { ActorError } from "../../core/ActorError.ts"
import type { CommandRequest, Receipt, Rejected, StateAnswer } from "../../core/Actors.ts"
import { canonical } from "../../core/Fingerprint.ts"
import type { Shape as Principal } from "../../core/Principal.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import type { Kind } from "./Faults.ts"

export type Answer =
  | { readonly _tag: "Accepted"; readonly receipt: Receipt }
  | { readonly _tag: "Rejected"; readonly rejected: Rejected }
  | { readonly _tag: "State"; readonly state: StateAnswer<unknown> | undefined }
  | { readonly _tag: "Failed"; readonly error: ActorError }
  /** The call itself broke: never right. */
  | { readonly _tag: "Died"; readonly cause: string }
  /** The client left, or the process died: nobody was told anything. */
  | { readonly _tag: "Unanswered"; readonly why: "disconnected" | "killed" | "down" }

/** One thing a client wants done; it may ask for it many times. */
export interface Operation {
  /** Its place in the plan; the parts of a burst share it. */
  readonly n: number
  /** Unique; travels as correlation id, so that the log says whose an event is. */
  readonly name: string
  readonly stream: StreamKey
  /** Absent: a read of the state. */
  /** Who of the tenant asks. */
  readonly subject: string
  readonly command: string | undefined
  readonly payload: unknown
  /** The caller's choice; absent: the host makes one up. */
  readonly commandId: string | undefined
  readonly ifMatch: "newest" | "stale" | undefined
  /** Milliseconds after the first attempt. */
  readonly notAfterMs: number | undefined
  /** Milliseconds before the first attempt. */
  readonly thinkMs: number
  /** How many like it, each with an id of its own, are sent at once. */
  readonly width: number
  /** What makes it a fault of a client. */
  readonly fault: Kind | undefined
}

/** One call, from its invocation to its answer. */
export interface Attempt {
  readonly operation: Operation
  readonly request: CommandRequest | undefined
  readonly principal: Principal
  readonly host: string
  /** Steps and virtual milliseconds of the world. */
  readonly invoked: number
  readonly invokedAt: number
  answered: number | undefined
  answeredAt: number | undefined
  /** Milliseconds for which the host stood still during the call. */
  pausedMs: number
  answer: Answer | undefined
}

export const answerOf = (
  exit: Exit.Exit<Receipt | StateAnswer<unknown> | undefined, Rejected | ActorError>,
): Answer => {
  if (exit._tag === "Success") {
    return exit.value !== undefined && "commandId" in exit.value
      ? { _tag: "Accepted", receipt: exit.value }
      : { _tag: "State", state: exit.value }
  }
  const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")
  if (failure === undefined || exit.cause.reasons.length > 1) return { _tag: "Died", cause: Cause.pretty(exit.cause) }
  return failure.error._tag === "Rejected"
    ? { _tag: "Rejected", rejected: failure.error }
    : { _tag: "Failed", error: failure.error }
}

const transient = new Set<string>([
  "MailboxFull",
  "ActorUnavailable",
  "Contended",
  "Unavailable",
  "NewerEvent",
  "ShuttingDown",
  "OutcomeUnknown",
  "PolicyUnavailable",
  "RegistryUnavailable",
  "SchemaNotRegistered",
])

/** Whether asking again may bring another answer. */
export const isFinal = (answer: Answer): boolean =>
  answer._tag === "Failed" ? !transient.has(answer.error._tag) : answer._tag !== "Unanswered"

/** The caller was not let in: this says nothing of the command, and may be otherwise when it comes again. */
export const isDenied = (answer: Answer | undefined): boolean =>
  answer?._tag === "Failed" && ["Forbidden", "PolicyDenied", "PolicyUnavailable"].includes(answer.error._tag)

/** Nothing of this attempt may ever be stored: it said so. */
export const isDefiniteFailure = (answer: Answer | undefined): boolean =>
  answer?._tag === "Failed" && answer.error._tag !== "OutcomeUnknown"

/** The answer as it would travel: compared byte by byte, searched for secrets. */
export const bytesOf = (answer: Answer): string => {
  switch (answer._tag) {
    case "Accepted":
      return JSON.stringify(answer.receipt)
    case "Rejected":
      return JSON.stringify([
        answer.rejected.commandId,
        answer.rejected.tag,
        answer.rejected.status,
        answer.rejected.members,
      ])
    case "State":
      return JSON.stringify(answer.state ?? null)
    case "Failed":
      return JSON.stringify(answer.error)
    default:
      return JSON.stringify(answer)
  }
}

/** For the timeline: enough to follow, no more. */
export const describe = (answer: Answer): string => {
  switch (answer._tag) {
    case "Accepted":
      return `accepted at ${answer.receipt.version}, ${answer.receipt.events.length} events`
    case "Rejected":
      return `rejected ${answer.rejected.tag} ${canonical(answer.rejected.members)}`
    case "State":
      return answer.state === undefined ? "state: none" : `state at ${answer.state.version}`
    case "Failed":
      return `failed ${answer.error._tag}`
    case "Died":
      return `died: ${answer.cause}`
    case "Unanswered":
      return `unanswered: ${answer.why}`
  }
}

export const say = ({ name, stream, command, commandId }: Operation): string =>
  `${name} ${command ?? "read"} ${keyOf(stream)} ${commandId ?? ""}`.trimEnd()
