/**
 * Commands: sent until their outcome is known, with one key for all attempts.
 * @module
 */
import { uuidV7 } from "./commandId.ts"
import { type Http, isRejection, request } from "./http.ts"
import { NexusError } from "./NexusError.ts"
import { checked } from "./paths.ts"

export interface CommandOptions {
  /** The idempotency key: the same id is the same command, whoever sends it. Made where absent, and told in the answer. */
  readonly commandId?: string
  /** The version that the instance must be at; `version-mismatch` otherwise. */
  readonly ifMatch?: number
  /** Taken up later, the command is refused as `expired`, for ever. */
  readonly notAfter?: Date | number
  /** Ends the waiting, not the command: that may be stored or not. */
  readonly signal?: AbortSignal
}

/** Durable. */
export interface Accepted<Name extends string, Type extends string> {
  readonly ok: true
  readonly commandId: string
  readonly aggregate: Name
  readonly id: string
  /** Of the instance, after the command. */
  readonly version: number
  /** Empty where the command changed nothing. */
  readonly events: ReadonlyArray<{ readonly eventId: string; readonly type: Type; readonly version: number }>
  readonly position: string
}

/** Refused by the application, and that is remembered: a repeat with the same id is refused the same way. */
export interface Rejected<R> {
  readonly ok: false
  readonly commandId: string
  readonly rejection: R
}

/** The members that are the rejection's own. */
const rejectionOf = ({ members: { rejection, ...own } }: NexusError) => ({ _tag: rejection, ...own })

export const send = async (
  http: Http,
  path: string,
  payload: unknown = {},
  { commandId = uuidV7(http.platform), ifMatch, notAfter, signal }: CommandOptions = {},
): Promise<unknown> => {
  const headers = {
    "content-type": "application/json",
    "idempotency-key": checked("Idempotency-Key", commandId),
    ...ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` },
    ...notAfter === undefined ? {} : { "nexus-not-after": String(Number(notAfter)) },
  }
  try {
    const body = JSON.stringify(payload)
    return { ok: true, ...await request(http, { method: "POST", path, headers, body, commandId, signal }) as object }
  } catch (error) {
    if (!(error instanceof NexusError) || !isRejection(error)) throw error
    return { ok: false, commandId, rejection: rejectionOf(error) }
  }
}
