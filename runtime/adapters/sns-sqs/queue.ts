/**
 * A queue over SQS: calls of ten, with an outcome for each message; times are whole seconds there, and rounded up.
 * @module
 */
import { Effect } from "effect"
import { bytesOf } from "../../../core/bytes.ts"
import { type Message, type Queue, QueueUnavailable } from "../../../core/Queue.ts"
import type { Failed } from "../aws/Failed.ts"
import { type Calls, unavailable } from "./clients.ts"
import { limits } from "./resources.ts"

export interface Where {
  readonly url: string
  /** Nothing where it is for dead letters itself. */
  readonly dead: Where | undefined
}

/**
 * JSON that SQS takes: it refuses two characters that JSON may hold as they are, and in a text of JSON, which all of
 * ours are, they stand within strings alone.
 */
export const tame = (json: string): string =>
  json.replaceAll(/[\uFFFE\uFFFF]/g, (char) => char === "\uFFFE" ? "\\ufffe" : "\\uffff")

const seconds = (ms: number, max: number): number => Math.min(max, Math.max(0, Math.ceil(ms / 1000)))

/** As few calls as their bounds allow. */
export const callsOf = <A>(entries: ReadonlyArray<A>, bytes: (entry: A) => number): ReadonlyArray<ReadonlyArray<A>> => {
  const calls: Array<Array<A>> = []
  let left = -1
  for (const entry of entries) {
    left -= bytes(entry)
    if (left < 0 || calls.at(-1)!.length === limits.entries) {
      calls.push([])
      left = limits.bytes - bytes(entry)
    }
    calls.at(-1)!.push(entry)
  }
  return calls
}

interface Answer {
  readonly Successful?: ReadonlyArray<{ readonly Id?: string | undefined }> | undefined
  readonly Failed?: ReadonlyArray<{ readonly Id?: string | undefined; readonly Code?: string | undefined }> | undefined
}

/** The message was removed, or is another receiver's by now. */
const gone = /ReceiptHandleIsInvalid|MessageNotInflight/

/** What a call said of each entry, which has its index as id; what it does not say was done was not. */
const outcomesOf = (count: number, { Failed = [], Successful = [] }: Answer): ReadonlyArray<boolean> => {
  const late = Failed.filter(({ Code = "" }) => gone.test(Code))
  const done = new Set([...Successful, ...late].map(({ Id }) => Id))
  return Array.from({ length: count }, (_, i) => done.has(`${i}`))
}

/** One outcome each; fails where no call at all came through. */
const batches = <A, B extends object>(
  entries: ReadonlyArray<A>,
  bytes: (entry: A) => number,
  entryOf: (entry: A) => B,
  call: (entries: Array<B & { Id: string }>) => Effect.Effect<Answer, Failed>,
): Effect.Effect<ReadonlyArray<boolean>, QueueUnavailable> =>
  Effect.gen(function* () {
    const all: Array<boolean> = []
    let [calls, failed] = [0, undefined as Failed | undefined]
    for (const some of callsOf(entries, bytes)) {
      const answer = yield* Effect.result(call(some.map((entry, i) => ({ ...entryOf(entry), Id: `${i}` }))))
      if (answer._tag === "Failure") failed ??= answer.failure
      else calls++
      all.push(...outcomesOf(some.length, answer._tag === "Success" ? answer.success : {}))
    }
    if (failed !== undefined && calls === 0) return yield* unavailable(failed)
    return all
  })

const small = () => 0

export const make = ({ sqs }: Pick<Calls, "sqs">, { dead, url: QueueUrl }: Where, bytesMax: number): Queue => ({
  send: (bodies) =>
    Effect.suspend(() => {
      const tamed = bodies.map(tame)
      const large = tamed.find((body) => bytesOf(body) > bytesMax)
      if (large !== undefined) return Effect.die(new Error(`a message of ${bytesOf(large)} bytes`))
      return batches(tamed, bytesOf, (MessageBody) => ({ MessageBody }), (Entries) =>
        sqs((client, signal) =>
          client.sendMessageBatch({ QueueUrl, Entries }, signal)
        ))
    }),

  receive: (max, { hiddenMs, waitMs }) =>
    Effect.mapBoth(
      sqs((client, signal) =>
        client.receiveMessage({
          QueueUrl,
          MaxNumberOfMessages: Math.max(1, Math.min(limits.entries, max)),
          WaitTimeSeconds: seconds(waitMs, limits.waitSeconds),
          VisibilityTimeout: seconds(hiddenMs, limits.hiddenSeconds),
          MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
        }, signal), waitMs),
      { onFailure: unavailable, onSuccess: ({ Messages = [] }) => Messages.flatMap(messageOf) },
    ),

  remove: (messages) =>
    batches(
      messages,
      small,
      ({ receipt }) => ({ ReceiptHandle: receipt }),
      (Entries) => sqs((client, signal) => client.deleteMessageBatch({ QueueUrl, Entries }, signal)),
    ),

  hide: (messages, ms) => {
    const VisibilityTimeout = seconds(ms, limits.hiddenSeconds)
    const hidden = batches(
      messages,
      small,
      ({ receipt }) => ({ ReceiptHandle: receipt, VisibilityTimeout }),
      (Entries) => sqs((client, signal) => client.changeMessageVisibilityBatch({ QueueUrl, Entries }, signal)),
    )
    return Effect.flatMap(
      hidden,
      (outcomes) =>
        outcomes.includes(false) ? Effect.fail(new QueueUnavailable({ reason: "done in part" })) : Effect.void,
    )
  },

  dead: dead === undefined ? undefined : make({ sqs }, dead, bytesMax),
})

interface Received {
  readonly MessageId?: string | undefined
  readonly ReceiptHandle?: string | undefined
  readonly Body?: string | undefined
  readonly Attributes?: Readonly<Partial<Record<string, string>>> | undefined
}

/** What has no receipt can be neither removed nor hidden: it comes again. */
const messageOf = (
  { Attributes = {}, Body: body, MessageId: id, ReceiptHandle: receipt }: Received,
): Array<Message> => {
  if (body === undefined || id === undefined || receipt === undefined) return []
  const { ApproximateReceiveCount: receives = "1", SentTimestamp: sentAt = "0" } = Attributes
  return [{ id, receipt, body, receives: Number(receives), sentAt: Number(sentAt) }]
}
