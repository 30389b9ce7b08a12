/**
 * Batches of which a part fails, as Kinesis and SQS answer them: the engine is given the others and says so, the rest never
 * reaches it.
 * @module
 */
import { operationOf } from "./aws.ts"
import { type Answer, type Asked, type Fault, faults } from "./proxy.ts"

type Json = Record<string, unknown>
const parse = (text: string): Json => JSON.parse(text) as Json
const list = (value: unknown): ReadonlyArray<Json> => Array.isArray(value) ? value : []

const edited = (body: string, members: (body: Json) => Json): string =>
  JSON.stringify({ ...parse(body), ...members(parse(body)) })

type Part = Pick<Asked, "body" | "headers">
/** Of the entry at this place of the batch. */
export type Which = (index: number) => boolean

const json = (asked: Part, body: Json): Answer => ({
  ...{ status: 200, headers: { "content-type": asked.headers["content-type"] ?? "application/x-amz-json-1.1" } },
  body: JSON.stringify(body),
})

const failedRecord = { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "Rate exceeded for shard." }

/** Of PutRecords: each record at its place, as it came back or as failed. */
const records = (asked: Part, fails: Which): Fault => {
  const all = list(parse(asked.body)["Records"])
  const merged = (answered: ReadonlyArray<Json>): Json => {
    const left = [...answered]
    const Records = all.map((_, index) => fails(index) ? failedRecord : left.shift() ?? failedRecord)
    return { FailedRecordCount: Records.filter((one: Json) => typeof one["ErrorCode"] === "string").length, Records }
  }
  if (all.every((_, index) => fails(index))) return { kind: "answer", answer: json(asked, merged([])) }
  return faults.rewrite(
    (answer) =>
      answer.status === 200
        ? { ...answer, body: edited(answer.body, (body) => merged(list(body["Records"]))) }
        : answer,
    (body) => edited(body, () => ({ Records: all.filter((_, index) => !fails(index)) })),
  )
}

/** Of a batch of SQS: those that went well, and those that failed, by their ids. */
const entries = (asked: Part, fails: Which): Fault => {
  const all = list(parse(asked.body)["Entries"])
  const failed = all.filter((_, index) => fails(index)).map(({ Id }) => ({
    ...{ Id, SenderFault: false, Code: "InternalError", Message: "We encountered an internal error." },
  }))
  if (failed.length === all.length) return { kind: "answer", answer: json(asked, { Failed: failed }) }
  return faults.rewrite(
    (answer) =>
      answer.status === 200
        ? { ...answer, body: edited(answer.body, (body) => ({ Failed: [...list(body["Failed"]), ...failed] })) }
        : answer,
    (body) => edited(body, () => ({ Entries: all.filter((_, index) => !fails(index)) })),
  )
}

/** Nothing where the operation is no batch. */
export const partly = (asked: Part, fails: Which): Fault | undefined => {
  const operation = operationOf(asked)
  if (operation === "PutRecords") return records(asked, fails)
  return /^(Send|Delete|ChangeMessageVisibility)\w*Batch$/.test(operation) ? entries(asked, fails) : undefined
}
