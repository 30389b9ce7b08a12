/**
 * Sends what a step of a stream has left, on both buses at once, and tells what is to be sent again from what never can be.
 * @module
 */
import { Effect } from "effect"
import type { Sent } from "../../core/CoreBus.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Sender } from "./Sender.ts"
import type { Step } from "./Step.ts"

/** An event that does not go before a person has acted. */
export interface Refused {
  readonly _tag: "Refused"
  readonly event: StoredEvent
  readonly error: string
}

type Parts = Pick<Step, "record" | "secondary">
/** What is to be sent again, unless something of it never can be: then the first of that. */
export interface Left extends Parts {
  readonly never: Refused | undefined
  readonly isDone: boolean
}

const nothing: Sent = { _tag: "Sent" }
const refused = (event: StoredEvent, reason: string): Refused => ({
  ...{ _tag: "Refused", event, error: `Unsendable: ${reason}` },
})
export const send = Effect.fnUntraced(function* (
  sender: Sender,
  { record, secondary }: Parts,
  mayGo: () => boolean,
): Effect.fn.Return<Left> {
  const [ofRecord, sent] = yield* Effect.all([
    record === undefined ? Effect.succeed(nothing) : sender.core({ item: record, mayGo }),
    Effect.forEach(secondary, (item) => sender.secondary({ item, mayGo }), { concurrency: "unbounded" }),
  ], { concurrency: 2 })
  // Of a record with several events the last one goes no more; what is left is tried without it.
  const never = [
    ...ofRecord._tag === "Unsendable" ? [refused(record!.events.at(-1)!, ofRecord.reason)] : [],
    ...sent.flatMap((one, i) => one._tag === "Unsendable" ? [refused(secondary[i]!, one.reason)] : []),
  ].sort((a, b) => a.event.version - b.event.version)[0]
  const left: Parts = {
    record: ofRecord._tag === "Sent" ? undefined : record,
    secondary: secondary.filter((_, i) => sent[i]!._tag !== "Sent"),
  }
  return { ...left, never, isDone: left.record === undefined && left.secondary.length === 0 }
})
