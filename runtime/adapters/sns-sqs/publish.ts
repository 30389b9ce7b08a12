/**
 * Publishing by PublishBatch: each event with its `aggregate` and `type` as attributes, by which subscriptions choose.
 * @module
 */
import { Effect } from "effect"
import { bytesOf } from "../../../core/bytes.ts"
import * as EventWire from "../../../core/EventWire.ts"
import type { StoredEvent } from "../../../core/EventStore.ts"
import type { Sent } from "../../../core/CoreBus.ts"
import type { Shape } from "../../../core/SecondaryBus.ts"
import { type Failed, failedOf, reasonOf } from "../aws/Failed.ts"
import type { Calls } from "./clients.ts"
import { callsOf, tame } from "./queue.ts"
import { limits } from "./resources.ts"

const text = (StringValue: string) => ({ DataType: "String", StringValue })

interface Entry {
  readonly Message: string
  readonly MessageAttributes: { readonly aggregate: ReturnType<typeof text>; readonly type: ReturnType<typeof text> }
}

const entryOf = (event: StoredEvent): Entry => ({
  Message: tame(EventWire.encode(event)),
  MessageAttributes: { aggregate: text(event.aggregate), type: text(event.type) },
})

/** As SNS counts them: names, types and values of attributes too. */
const bytesOfEntry = ({ Message, MessageAttributes }: Entry): number =>
  Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType, StringValue }]) => sum + name.length + DataType.length + bytesOf(StringValue),
    bytesOf(Message),
  )

const sent: Sent = { _tag: "Sent" }
const unsendable = (reason: string): Sent => ({ _tag: "Unsendable", reason })
const notSent = (reason: string): Sent => ({ _tag: "NotSent", reason })

export const make = (
  { sns }: Pick<Calls, "sns">,
  topicArn: Effect.Effect<string, { readonly reason: string } | Failed>,
): Shape["publish"] => {
  const put = (TopicArn: string, entries: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Sent>> => {
    const PublishBatchRequestEntries = entries.map((entry, i) => ({ ...entry, Id: `${i}` }))
    return Effect.match(
      sns((client, signal) => client.publishBatch({ TopicArn, PublishBatchRequestEntries }, signal)),
      {
        onFailure: (failed) => entries.map(() => notSent(reasonOf(failed))),
        onSuccess: ({ Failed = [], Successful = [] }) =>
          entries.map((_, i) => {
            if (Successful.some(({ Id }) => Id === `${i}`)) return sent
            const { Code } = Failed.find(({ Id }) => Id === `${i}`) ?? {}
            return notSent(Code === undefined ? "not its words" : reasonOf(failedOf({ name: Code })))
          }),
      },
    )
  }

  return (events) =>
    Effect.gen(function* () {
      if (events.length > limits.entries) return yield* Effect.die(new Error(`${events.length} events at once`))
      if (events.length === 0) return []
      const arn = yield* Effect.result(topicArn)
      if (arn._tag === "Failure") {
        const reason = "reason" in arn.failure ? arn.failure.reason : reasonOf(arn.failure)
        return events.map(() => notSent(reason))
      }
      const entries = events.map(entryOf)
      const fit = entries.map((entry) => bytesOfEntry(entry) <= limits.bytes)
      const outcomes: Array<Sent> = []
      for (const call of callsOf(entries.filter((_, i) => fit[i]), bytesOfEntry)) {
        outcomes.push(...yield* put(arn.success, call))
      }
      return entries.map((entry, i) =>
        fit[i] ? outcomes.shift()! : unsendable(`${bytesOfEntry(entry)} bytes, SNS takes ${limits.bytes}`)
      )
    })
}
