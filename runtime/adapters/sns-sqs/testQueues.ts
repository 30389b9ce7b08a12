/**
 * The local engine for tests, and clients that look at it past the bus.
 * @module
 */
import { SNS } from "@aws-sdk/client-sns"
import { SQS } from "@aws-sdk/client-sqs"
import { configuration } from "../aws/settings.ts"

/** Signed with anything: the engine does not look. */
export const local = (endpoint: string) => ({
  ...{ region: "eu-central-1", endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
})

const bounds = { connections: 8, answerBytes: 16 * 1024 * 1024 }
export const snsOf = (url: string): SNS => new SNS(configuration(local(url), "sns", bounds))
export const sqsOf = (url: string): SQS => new SQS(configuration(local(url), "sqs", bounds))
