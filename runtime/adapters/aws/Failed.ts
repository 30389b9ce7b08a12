/**
 * What an AWS service, or the way to it, did with a call: one error for all of its SDK's, sorted by what the caller may do.
 * @module
 */
import { Schema } from "effect"

const kinds = ["throttled", "transient", "refused", "service"] as const
/**
 * - `throttled`: nothing was done; ask later.
 * - `transient`: a line cut, a deadline, a 5xx: a write may be done or not, and may still be done after this.
 * - `refused`: nothing was done, and nobody says it was too much: not reached, not let in, not understood, a transaction
 *   that met another.
 * - `service`: the service's own answer, under its own name in `code`: a condition that does not hold, a missing table.
 */
export type Kind = typeof kinds[number]

export class Failed extends Schema.TaggedError<Failed>()("Failed", {
  kind: Schema.Literals(kinds),
  /** The service's name for it, or the system's: `ConditionalCheckFailedException`, `ECONNRESET`, `Deadline`. */
  code: Schema.String,
  /** The same call may succeed in a moment. */
  isPassing: Schema.Boolean,
  /** The call, or an attempt of it before the last, may have been carried out although this came back. */
  mayHaveActed: Schema.Boolean,
  /** The service asks to be left alone for so long. */
  hintMs: Schema.optionalKey(Schema.Finite),
  /** Calls that left this process; 0 where the budget had nothing left for a repeated command. */
  attempts: Schema.Finite,
  /** As the SDK has it, with the item that a condition met or the reasons of a cancelled transaction. */
  cause: Schema.Defect(),
}) {
  override get message(): string {
    const { message = "" } = (this.cause ?? {}) as { readonly message?: string }
    return `${this.kind}: ${this.code}${message === "" ? "" : `: ${message}`}`
  }
}

/** Said to operators. */
export const reasonOf = ({ code, kind }: Pick<Failed, "code" | "kind">): string =>
  kind === "throttled" ? "throttled" : code === "ECONNREFUSED" ? "refused" : code === "Deadline" ? "timeout" : code

interface SdkError {
  readonly name?: string
  readonly code?: unknown
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean }
  readonly $response?: { readonly headers?: Readonly<Record<string, unknown>> }
  readonly CancellationReasons?: ReadonlyArray<{ readonly Code?: string }>
}

const throttled =
  /^(ProvisionedThroughputExceeded|Throttl|RequestLimitExceeded|TooManyRequests|RequestThrottled|SlowDown|LimitExceeded|KMSThrottl)/i
/** Of DynamoDB: another transaction holds the item. */
const contended = /^TransactionConflict/
/** Of DynamoDB: our own earlier attempt is still at it. */
const underWay = /^TransactionInProgress/
const notLetIn = /^(AccessDenied|NotAuthorized|OptInRequired|UnrecognizedClient|Invalid(Client|AccessKey|Signature))/
const notSigned = /^(IncompleteSignature|SignatureDoesNot|MissingAuth|ExpiredToken|RequestExpired|RequestTimeTooSkewed)/
const notUnderstood =
  /^(Validation(Exception|Error)|SerializationException|UnknownOperation|InvalidAction|MalformedQueryString)/
/** The socket was never open; no credentials were found to sign with. */
const notSent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|CredentialsProviderError)$/

type Sorted = Pick<Failed, "kind" | "isPassing" | "mayHaveActed">
const nothingDone = (kind: Kind, isPassing: boolean): Sorted => ({ kind, isPassing, mayHaveActed: false })
const unknown: Sorted = { kind: "transient", isPassing: true, mayHaveActed: true }

/** Of a cancelled transaction, where each reason is of a kind that passes. */
const cancelled = (reasons: ReadonlyArray<string>): Sorted => {
  const meant = reasons.filter((code) => code !== "None")
  const passes = (code: string) => throttled.test(code) || contended.test(code)
  if (meant.length === 0 || !meant.every(passes)) return nothingDone("service", false)
  return nothingDone(meant.some((code) => throttled.test(code)) ? "throttled" : "refused", true)
}

const sort = (code: string, error: SdkError): Sorted => {
  const { CancellationReasons, $metadata: { clockSkewCorrected = false, httpStatusCode: status = 0 } = {} } = error
  if (notSent.test(code)) return nothingDone("refused", true)
  // Throttling comes as 400 or 503, by service.
  if (throttled.test(code) || status === 429) return nothingDone("throttled", true)
  if (underWay.test(code)) return unknown
  // No status: the line was cut, or what came was not the service's.
  if (status < 400 || status >= 500) return unknown
  if (CancellationReasons !== undefined) return cancelled(CancellationReasons.map(({ Code }) => Code ?? ""))
  if (contended.test(code)) return nothingDone("refused", true)
  if (notLetIn.test(code) || notSigned.test(code)) return nothingDone("refused", clockSkewCorrected)
  return nothingDone(notUnderstood.test(code) ? "refused" : "service", false)
}

/** In seconds, or in milliseconds under AWS's own name; a date is not a hint that is worth a clock. */
const hintOf = ({ $response: { headers = {} } = {} }: SdkError): number | undefined => {
  const [own, seconds] = [headers["x-amz-retry-after"], headers["retry-after"]].map(Number) as [number, number]
  return own >= 0 ? own : seconds >= 0 ? seconds * 1000 : undefined
}

/** Of one attempt. */
export const failedOf = (cause: unknown): Failed => {
  const error = (typeof cause === "object" && cause !== null ? cause : { message: `${cause}` }) as SdkError
  const code = typeof error.code === "string" ? error.code : error.name ?? "Error"
  const hintMs = hintOf(error)
  return new Failed({ ...sort(code, error), code, attempts: 1, cause, ...hintMs === undefined ? {} : { hintMs } })
}
