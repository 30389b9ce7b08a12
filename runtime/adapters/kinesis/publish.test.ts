import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { chained, eventAt, recordsOf } from "../../../core/laws/buses.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import type { Ask, Client } from "./client.ts"
import { make, recordMax } from "./publish.ts"
import { limits } from "./resources.ts"

/** Takes everything, and remembers how many bytes and records each call had. */
const kinesis = () => {
  const calls: Array<{ readonly bytes: number; readonly records: number }> = []
  const client = {
    putRecords: ({ Records = [] }) => {
      const bytes = Records.reduce((sum, { Data, PartitionKey }) => sum + Data!.length + PartitionKey!.length, 0)
      calls.push({ bytes, records: Records.length })
      return Promise.resolve({ Records: Records.map((_, i) => ({ SequenceNumber: `${i}` })) })
    },
  } as Pick<Client, "putRecords"> as Client
  const ask: Ask = (send) => Effect.promise((abortSignal) => send(client, { abortSignal }))
  return { calls, publish: make(ask, "s") }
}
const recordOf = (id: string, letters: string) =>
  recordsOf(chained([eventAt(streamOf("t", id), 1, { payload: `{"s":"${letters}"}` })]), 1)[0]!

describe("publish()", () => {
  it.effect("asks twice where the bytes of letters and keys are too many for one call", () =>
    Effect.gen(function* () {
      const { calls, publish } = kinesis()
      const records = Array.from({ length: 12 }, (_, i) => recordOf(`s-${i}`, "ä".repeat(250_000)))
      const outcomes = yield* publish(records)
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), records.map(() => "Sent"))
      assert.deepStrictEqual(calls.map(({ records }) => records), [10, 2])
      for (const { bytes } of calls) assert.isAtMost(bytes, limits.callBytes)
    }))

  it.effect("says of a record that Kinesis has no room for that it never can go, and sends the others", () =>
    Effect.gen(function* () {
      const { calls, publish } = kinesis()
      const outcomes = yield* publish([
        recordOf("a", "漢".repeat(400_000)),
        recordOf("b", "x"),
        recordOf("c", "x".repeat(recordMax.bytes)),
        recordOf("d", "x"),
      ])
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Unsendable", "Sent", "Unsendable", "Sent"])
      assert.match(JSON.stringify(outcomes), /1\d{6} bytes, Kinesis takes 1048576.*52\d{4} bytes, the bus takes 524288/)
      assert.deepStrictEqual(calls.map(({ records }) => records), [2])
    }))
})
