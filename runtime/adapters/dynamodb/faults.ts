/**
 * What a call of DynamoDB that failed means to the store: an answer, nothing written, or nobody knows.
 * @module
 */
import { Effect } from "effect"
import { StoreUnavailable } from "../../../core/EventStore.ts"
import type { Failed } from "../aws/Failed.ts"
import type { Item } from "./items.ts"

/** What stood where a condition failed; `undefined` where it held. */
export type Found = Item | undefined

/** By item of the request, where it was refused for conditions alone; and whether an attempt before may have written it. */
export interface Refused {
  readonly _tag: "Refused"
  readonly found: ReadonlyArray<Found>
  readonly again: boolean
}

interface Cause {
  readonly Item?: Item
  readonly CancellationReasons?: ReadonlyArray<{ readonly Code?: string; readonly Item?: Item }>
}

export const refused = ({ cause, code, mayHaveActed: again }: Failed): Refused | undefined => {
  const { CancellationReasons: reasons = [], Item = {} } = (cause ?? {}) as Cause
  if (code === "ConditionalCheckFailedException") return { _tag: "Refused", found: [Item], again }
  if (code !== "TransactionCanceledException") return undefined
  const isFailed = (code = "None") => code === "ConditionalCheckFailed"
  // Where another transaction is in the way too, that has to be over before anything can be said.
  if (!reasons.some(({ Code }) => isFailed(Code))) return undefined
  if (!reasons.every(({ Code = "None" }) => Code === "None" || isFailed(Code))) return undefined
  const found = reasons.map(({ Code, Item }) => isFailed(Code) ? Item ?? {} : undefined)
  return { _tag: "Refused", found, again }
}

const words: Readonly<Record<string, string>> = {
  CredentialsProviderError: "no-credentials",
  ResourceNotFoundException: "table-missing",
  RetryBudget: "busy",
  TransactionCanceledException: "contended",
  TransactionConflictException: "contended",
  TransactionInProgressException: "contended",
}
const notLetIn =
  /^(AccessDenied|NotAuthorized|UnrecognizedClient|Invalid|IncompleteSignature|Signature|MissingAuth|Expired)/

/** In a word, for operators. */
export const reasonOf = ({ code, kind }: Failed): string =>
  words[code] ??
    (kind === "throttled" ? kind : notLetIn.test(code) ? "not-let-in" : kind === "refused" ? "refused" : "unanswered")

/** A request that DynamoDB does not understand, or an item of it, is our bug, however often it is asked. */
const isBug = ({ cause, code }: Failed): boolean =>
  /^(Validation|Serialization)/.test(code) ||
  (code === "TransactionCanceledException" &&
    ((cause ?? {}) as Cause).CancellationReasons?.some(({ Code }) => Code === "ValidationError") === true)

/** Nothing was stored, or nothing was to be. */
export const unavailable = <A>(call: Effect.Effect<A, Failed>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catch(
    call,
    (failed) =>
      isBug(failed)
        ? Effect.die(failed.cause)
        : Effect.fail(new StoreUnavailable({ reason: reasonOf(failed), cause: failed.cause })),
  )

/** Leaves what is no bug. */
export const orDie = <A>(call: Effect.Effect<A, Failed>): Effect.Effect<A, Failed> =>
  Effect.catch(call, (failed) => isBug(failed) ? Effect.die(failed.cause) : Effect.fail(failed))
