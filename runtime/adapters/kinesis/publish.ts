/**
 * Publishing by PutRecords: not atomic, and each record has an outcome of its own.
 *
 * Nothing is sent again here. What is under way of a stream is its publisher's to know: a record that seems lost may
 * land later, and the next of its stream must not be sent before it was sent again.
 * @module
 */
import { Effect } from "effect"
import type { Sent, Shape } from "../../../core/CoreBus.ts"
import { mistake, tooLarge } from "../../../core/records.ts"
import { failedOf, reasonOf } from "../aws/Failed.ts"
import type { Ask } from "./client.ts"
import { bytesOf, type Entry, entryOf } from "./record.ts"
import { limits } from "./resources.ts"

/** Larger records would crowd out others of their shard, which takes 1 MiB a second. */
export const recordMax = { events: 500, bytes: 512 * 1024 }
export const publishMax = { records: limits.records, bytes: limits.callBytes }

/** In one call, mostly: partition keys count too, and may be what makes it two. */
const callsOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<ReadonlyArray<Entry>> => {
  const calls: Array<Array<Entry>> = []
  let bytes = Infinity
  for (const entry of entries) {
    bytes += bytesOf(entry)
    if (bytes > limits.callBytes) {
      calls.push([])
      bytes = bytesOf(entry)
    }
    calls.at(-1)!.push(entry)
  }
  return calls
}

const sent: Sent = { _tag: "Sent" }
const notSent = (reason: string): Sent => ({ _tag: "NotSent", reason })

/** Bytes are more than payloads: Kinesis refuses all of a call for one record with too many. */
const unsendable = (entry: Entry): Sent | undefined => {
  const bytes = bytesOf(entry)
  if (bytes <= limits.recordBytes) return undefined
  return { _tag: "Unsendable", reason: `${bytes} bytes, Kinesis takes ${limits.recordBytes}` }
}

export const make = (ask: Ask, StreamName: string): Shape["publish"] => {
  const put = (Records: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Sent>> =>
    Effect.match(ask((client, options) => client.putRecords({ StreamName, Records: [...Records] }, options)), {
      // Refused before it was looked at, or carried out and the answer lost: nobody knows.
      onFailure: (failed) => Records.map(() => notSent(reasonOf(failed))),
      onSuccess: ({ Records: outcomes = [] }) =>
        Records.map((_, i) => {
          const { ErrorCode, SequenceNumber } = outcomes[i] ?? {}
          if (ErrorCode !== undefined) return notSent(reasonOf(failedOf({ name: ErrorCode })))
          return SequenceNumber === undefined ? notSent("not its words") : sent
        }),
    })

  return (records) =>
    Effect.suspend(() => {
      const wrong = mistake(records, { publishMax, recordMax })
      if (wrong !== undefined) return Effect.die(new Error(wrong))
      const entries = records.map(entryOf)
      const never = records.map((record, i) => tooLarge(record, recordMax) ?? unsendable(entries[i]!))
      const going = entries.filter((_, i) => never[i] === undefined)
      return Effect.map(Effect.forEach(callsOf(going), put), (outcomes) => {
        const sent = outcomes.flat()
        return never.map((one) => one ?? sent.shift()!)
      })
    })
}
