/**
 * Every refusal that is not a rejection of the command, and every failure to get an answer, as one error.
 * @module
 */
import type { Json } from "./wire.ts"

export interface Refusal {
  /**
   * The last part of the problem's `type`, a heading of `docs/problems.md`; or, said by the client itself:
   *
   * - `outcome-unknown`: the command may be stored or not; send it again with this `commandId`, and only that tells
   * - `no-answer`: nobody answered a read in all attempts
   * - `answer-too-large`: the answer has more than `answerBytes`; ask for smaller pages
   * - `unexpected-answer`: `status` came with a body that is no problem, from a proxy perhaps
   * - `unreachable`: the socket was cut and could not be made again in all attempts
   * - `no-web-socket`: this platform has none; pass `webSocket`
   * - `too-many-subscriptions`, `message-too-large`: more than one socket takes
   */
  readonly type: string
  /** Of HTTP; 0 where nobody answered. */
  readonly status: number
  readonly detail: string
  readonly title?: string | undefined
  readonly instance?: string | undefined
  /** How long the server asked to wait. */
  readonly retryAfterSeconds?: number | undefined
  /** Of the command that was refused: a repeat with the same id is the same command. */
  readonly commandId?: string | undefined
  /** What the problem says beside the members of RFC 9457, as `docs/problems.md` names it. */
  readonly members?: { readonly [member: string]: Json }
}

export class NexusError extends Error implements Refusal {
  override readonly name = "NexusError"
  readonly type: string
  readonly status: number
  readonly detail: string
  readonly title: string | undefined
  readonly instance: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly commandId: string | undefined
  readonly members: { readonly [member: string]: Json }

  /** A `cause` is the last thing that went wrong. */
  constructor(refusal: Refusal, cause?: unknown) {
    super(`${refusal.type}: ${refusal.detail}`, cause === undefined ? undefined : { cause })
    this.type = refusal.type
    this.status = refusal.status
    this.detail = refusal.detail
    this.title = refusal.title
    this.instance = refusal.instance
    this.retryAfterSeconds = refusal.retryAfterSeconds
    this.commandId = refusal.commandId
    this.members = refusal.members ?? {}
  }
}

/** What the client says by itself. */
export const failure = (type: string, detail: string, more: Partial<Refusal> = {}, cause?: unknown): NexusError =>
  new NexusError({ type, status: 0, detail, ...more }, cause)

type Members = { readonly [member: string]: Json }

const text = (value: Json | undefined): string | undefined => typeof value === "string" ? value : undefined

/** The error that a problem says; nothing where `body` is none. */
export const ofProblem = (status: number, body: unknown): NexusError | undefined => {
  if (typeof body !== "object" || body === null) return undefined
  const { detail, instance, status: _, title, type, ...members } = body as Members
  const seconds = members["retryAfterSeconds"]
  return typeof type !== "string" ? undefined : new NexusError({
    type: type.replace(/^.*[#/]/, ""),
    status,
    detail: text(detail) ?? "",
    title: text(title),
    instance: text(instance),
    retryAfterSeconds: typeof seconds === "number" ? seconds : undefined,
    members,
  })
}
