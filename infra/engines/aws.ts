/**
 * AWS's own words for the proxy: which operation a request asks for, and how its service refuses it.
 *
 * Sources: API references of DynamoDB, Kinesis, SQS and SNS, "Common errors" and the operations' own.
 * @module
 */
import type { Answer, Asked, Fault } from "./proxy.ts"

export type Service = "dynamodb" | "streams" | "kinesis" | "sqs" | "sns"

const targets: Readonly<Record<string, Service>> = {
  DynamoDB_20120810: "dynamodb",
  DynamoDBStreams_20120810: "streams",
  Kinesis_20131202: "kinesis",
  AmazonSQS: "sqs",
}

type Part = Pick<Asked, "body" | "headers">
const targetOf = ({ headers }: Part): ReadonlyArray<string> => (headers["x-amz-target"] ?? "").split(".")

/** SNS alone still speaks in forms. */
export const serviceOf = (asked: Part): Service => targets[targetOf(asked)[0] ?? ""] ?? "sns"

/** `PutItem`, of the target or of a form's `Action`; empty where it asks for none. */
export const operationOf = (asked: Part): string =>
  targetOf(asked)[1] ?? new URLSearchParams(asked.body).get("Action") ?? ""

/** Of one fault of a service. */
interface Words {
  readonly code: string
  readonly status: number
  readonly message: string
}
type Vocabulary = Readonly<Record<Service, Words>>

const provisioned = {
  code: "ProvisionedThroughputExceededException",
  status: 400,
  message: "The level of configured provisioned throughput was exceeded.",
}
const throttling: Vocabulary = {
  dynamodb: provisioned,
  streams: { code: "LimitExceededException", status: 400, message: "Too many operations for a given subscriber." },
  kinesis: { ...provisioned, message: "Rate exceeded for the shard." },
  sqs: { code: "RequestThrottled", status: 403, message: "The request was denied due to request throttling." },
  sns: { code: "Throttled", status: 429, message: "Rate exceeded" },
}
const internal: Vocabulary = {
  dynamodb: { code: "InternalServerError", status: 500, message: "Internal server error" },
  streams: { code: "InternalServerError", status: 500, message: "Internal server error" },
  kinesis: { code: "InternalFailureException", status: 500, message: "Internal failure" },
  sqs: { code: "InternalError", status: 500, message: "We encountered an internal error." },
  sns: { code: "InternalError", status: 500, message: "We encountered an internal error." },
}

const namespaces: Readonly<Partial<Record<Service, string>>> = {
  dynamodb: "com.amazonaws.dynamodb.v20120810#",
  streams: "com.amazonaws.dynamodb.v20120810#",
  sqs: "com.amazonaws.sqs#",
}

const requestId = "00000000-0000-4000-8000-000000000000"

const xml = ({ code, message, status }: Words): string =>
  `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>${
    status >= 500 ? "Receiver" : "Sender"
  }` +
  `</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`

/** As the service that was asked would say it; `more` are members beside code and message. */
const said = (asked: Part, words: Words, more: object = {}): Answer => {
  const service = serviceOf(asked)
  const { code, message, status } = words
  const headers = { "x-amzn-requestid": requestId }
  if (service === "sns") return { status, headers: { ...headers, "content-type": "text/xml" }, body: xml(words) }
  const party = status >= 500 ? "Receiver" : "Sender"
  return {
    status,
    headers: {
      ...headers,
      "content-type": asked.headers["content-type"] ?? "application/x-amz-json-1.0",
      ...service === "sqs" ? { "x-amzn-query-error": `${code};${party}` } : {},
    },
    body: JSON.stringify({ __type: `${namespaces[service] ?? ""}${code}`, message, ...more }),
  }
}

const instead = (answer: Answer): Fault => ({ kind: "answer", answer })

/** Too much, in the service's words; the engine is not asked. */
export const throttled = (asked: Part): Fault => instead(said(asked, throttling[serviceOf(asked)]))

/** Of the control plane and of tables on demand. */
export const throttledAsWhole = (asked: Part): Fault =>
  instead(said(asked, { code: "ThrottlingException", status: 400, message: "Rate of requests exceeds the limit." }))

/** A failure of the service's own; the engine is not asked, which a caller cannot know. */
export const broken = (asked: Part): Fault => instead(said(asked, internal[serviceOf(asked)]))

/** DynamoDB cancels a transaction for these reasons, one for each of its items: `None`, `TransactionConflict`, ... */
export const cancelled = (asked: Part, reasons: ReadonlyArray<string>): Fault => {
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${
    reasons.join(", ")
  }]`
  const CancellationReasons = reasons.map((Code) => ({ Code }))
  return instead(said(asked, { code: "TransactionCanceledException", status: 400, message }, { CancellationReasons }))
}
