/**
 * What errors of DynamoDB mean: an answer, nothing written, or nobody knows.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import type { Item } from "./items.ts"

/** A call that was not answered with what it asks for. `maybe`: what it wrote may be stored, or be stored yet. */
export class Failed extends Error {
  readonly reason: string
  readonly maybe: boolean
  constructor(reason: string, maybe: boolean, cause: unknown) {
    super(reason, { cause })
    this.reason = reason
    this.maybe = maybe
  }
}

/** One promise as an effect; what is not `Failed` is a bug. */
export const asked = <A>(f: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catch(
    Effect.tryPromise({ try: f, catch: (error) => error }),
    (error) =>
      error instanceof Failed
        ? Effect.fail(new StoreUnavailable({ reason: error.reason, cause: error.cause }))
        : Effect.die(error),
  )

/** What stood where a condition failed; `undefined` where it held. */
export type Found = Item | undefined
export interface AwsError {
  readonly name?: string
  readonly code?: string
  readonly message?: string
  readonly Item?: Item
  readonly CancellationReasons?: ReadonlyArray<{ readonly Code?: string; readonly Item?: Item }>
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const throttled = /Throttling|ThroughputExceeded|RequestLimitExceeded|LimitExceeded/
const notLetIn =
  /^(AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|IncompleteSignature|MissingAuth|Credentials)/
/** No connection was made: nothing left this process. */
const unsent = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"])

/** Its time was over before it could leave. */
export class Unsent extends Error {}

export interface Verdict {
  readonly reason: string
  /** This attempt may have written. */
  readonly maybe: boolean
  readonly again: boolean
}

export const verdictOf = (error: AwsError): Verdict => {
  const { $metadata, code = "", name = "" } = error
  const status = $metadata?.httpStatusCode
  if (error instanceof Unsent) return { reason: "busy", maybe: false, again: false }
  if (throttled.test(name)) return { reason: "throttled", maybe: false, again: true }
  if (name === "TransactionConflictException") return { reason: "contended", maybe: false, again: true }
  if (name === "TransactionInProgressException") return { reason: "contended", maybe: true, again: true }
  if (name === "TransactionCanceledException") {
    const reason = error.CancellationReasons?.some(({ Code }) => throttled.test(Code ?? "")) ? "throttled" : "contended"
    return { reason, maybe: false, again: true }
  }
  if (/^TrimmedData/.test(name)) return { reason: "trimmed", maybe: false, again: false }
  if (name === "ResourceNotFoundException") return { reason: "table-missing", maybe: false, again: false }
  if (notLetIn.test(name)) return { reason: "not-let-in", maybe: false, again: false }
  if (unsent.has(code)) return { reason: "refused", maybe: false, again: true }
  return { reason: status !== undefined && status >= 500 ? "failing" : "unanswered", maybe: true, again: true }
}

/** By item of the request, where it was refused for conditions alone. */
export const refusedBy = (error: AwsError): ReadonlyArray<Found> | undefined => {
  if (error.name === "ConditionalCheckFailedException") return [error.Item ?? {}]
  if (error.name !== "TransactionCanceledException") return undefined
  const reasons = error.CancellationReasons ?? []
  const failed = reasons.filter(({ Code }) => Code === "ConditionalCheckFailed")
  // Where another transaction is in the way too, that has to be over before anything can be said.
  if (failed.length === 0 || reasons.some(({ Code }) => !/^(None|ConditionalCheckFailed)$/.test(Code ?? "None"))) {
    return undefined
  }
  return reasons.map(({ Code, Item }) => Code === "ConditionalCheckFailed" ? Item ?? {} : undefined)
}
