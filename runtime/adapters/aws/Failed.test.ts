import { assert, it } from "vitest"
import { Failed, failedOf } from "./Failed.ts"

/** An error as the SDK makes it of an answer. */
const said = (name: string, httpStatusCode = 400, more: object = {}) =>
  Object.assign(new Error("m"), { name, $metadata: { httpStatusCode }, ...more })
/** And of a line. */
const broken = (code: string) => Object.assign(new Error("m"), { code })
const cancelled = (...codes: ReadonlyArray<string>) =>
  said("TransactionCanceledException", 400, { CancellationReasons: codes.map((Code) => ({ Code })) })

const sorted = (cause: unknown) => {
  const { attempts, isPassing, kind, mayHaveActed } = failedOf(cause)
  assert.strictEqual(attempts, 1)
  return [kind, isPassing ? "passes" : "stays", mayHaveActed ? "unknown" : "not done"].join(", ")
}

it("failedOf() says of every error whether it passes, and whether the call may have been carried out", () => {
  const expected: Readonly<Record<string, ReadonlyArray<unknown>>> = {
    "throttled, passes, not done": [
      said("ProvisionedThroughputExceededException"),
      said("ThrottlingException"),
      said("ThrottledException", 429),
      said("RequestLimitExceeded"),
      said("LimitExceededException"),
      said("RequestThrottled", 403),
      said("Whatever", 429),
      // Throttled by a service that calls it its own fault.
      said("SlowDown", 503),
      cancelled("None", "ThrottlingError"),
      cancelled("ProvisionedThroughputExceeded", "TransactionConflict"),
    ],
    "transient, passes, unknown": [
      said("InternalServerError", 500),
      said("ServiceUnavailable", 503),
      said("TransactionInProgressException"),
      broken("ECONNRESET"),
      broken("EPIPE"),
      new DOMException("aborted", "AbortError"),
      // A body that is cut, or a page of somebody in between, under 200.
      said("SyntaxError", 200),
      new SyntaxError("Unexpected token <"),
      "what is this",
      undefined,
    ],
    "refused, passes, not done": [
      broken("ECONNREFUSED"),
      broken("ENOTFOUND"),
      new (class CredentialsProviderError extends Error {
        override name = "CredentialsProviderError"
      })("none"),
      said("TransactionConflictException"),
      cancelled("TransactionConflict", "None"),
      said("RequestTimeTooSkewed", 403, { $metadata: { httpStatusCode: 403, clockSkewCorrected: true } }),
    ],
    "refused, stays, not done": [
      said("AccessDeniedException"),
      said("UnrecognizedClientException"),
      said("InvalidSignatureException", 403),
      said("ExpiredTokenException", 403),
      said("ValidationException"),
    ],
    "service, stays, not done": [
      said("ConditionalCheckFailedException"),
      said("ResourceNotFoundException"),
      said("IdempotentParameterMismatchException"),
      said("ExpiredIteratorException"),
      said("TrimmedDataAccessException"),
      said("QueueDoesNotExist"),
      cancelled("ConditionalCheckFailed", "None"),
      // One of them does not pass.
      cancelled("ConditionalCheckFailed", "ThrottlingError"),
      cancelled("None"),
    ],
  }
  for (const [kind, errors] of Object.entries(expected)) {
    for (const error of errors) assert.strictEqual(sorted(error), kind, `${error}`)
  }
})

it("failedOf() keeps the service's name, its error and how long it asks to be left alone", () => {
  const item = { pk: { S: "x" } }
  const condition = said("ConditionalCheckFailedException", 400, { Item: item })
  const failed = failedOf(condition)
  assert.instanceOf(failed, Failed)
  assert.strictEqual(failed.code, "ConditionalCheckFailedException")
  assert.strictEqual((failed.cause as { Item: unknown }).Item, item)
  assert.strictEqual(failed.message, "service: ConditionalCheckFailedException: m")
  const hint = (headers: object) => failedOf(said("ThrottlingException", 400, { $response: { headers } })).hintMs
  assert.deepStrictEqual(
    [hint({}), hint({ "retry-after": "2" }), hint({ "x-amz-retry-after": "150", "retry-after": "2" })],
    [undefined, 2_000, 150],
  )
  assert.isUndefined(hint({ "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }))
})
