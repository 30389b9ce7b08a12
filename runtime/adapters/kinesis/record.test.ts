import { assert, describe, it } from "vitest"
import { chained, eventAt } from "../../../core/laws/buses.ts"
import { streamOf } from "../../../core/laws/fixtures.ts"
import { defaults } from "../../../core/Limits.ts"
import { bytesOf, decode, entryOf, partitionKeyOf } from "./record.ts"
import { limits } from "./resources.ts"

const stream = streamOf("t", "a")
const record = { stream, events: chained([eventAt(stream, 1), eventAt(stream, 2, { payload: `{ "b":"ä\u2028😀" }` })]) }

describe("a record", () => {
  it("comes back as it was", () => assert.deepStrictEqual(decode(entryOf(record).Data), record))
  it("is the same bytes each time", () =>
    assert.deepStrictEqual(entryOf(record), entryOf({ ...record, events: record.events.map((one) => ({ ...one })) })))

  const { Data } = entryOf(record)
  const others: Readonly<Record<string, Uint8Array>> = {
    "no bytes": new Uint8Array(),
    "no UTF-8": new Uint8Array([0x30, 0x0a, 0xff, 0xfe]),
    "JSON of somebody else": new TextEncoder().encode(`{"hello":"world"}`),
    "records that another library joined": new Uint8Array([0xf3, 0x89, 0x9a, 0xc2, 1, 2, 3]),
    "a record cut short": Data.slice(0, -1),
  }
  for (const [what, bytes] of Object.entries(others)) it(`is not ${what}`, () => assert.isUndefined(decode(bytes)))

  it("has room for the largest event there may be, were it escapes alone", () => {
    // The space makes it travel as a string of JSON, in which quotes and backslashes take two bytes.
    const payload = `{ "s":"${`\\"`.repeat((defaults.eventBytes - 10) / 2)}"}`
    assert.isAtLeast(payload.length, defaults.eventBytes - 2)
    const bytes = bytesOf(entryOf({ stream, events: chained([eventAt(stream, 1, { payload })]) }))
    assert.isAbove(bytes, 2 * defaults.eventBytes - 100)
    assert.isBelow(bytes, limits.recordBytes)
  })
})

describe("a partition key", () => {
  const long = (end: string) => partitionKeyOf({ tenant: "t".repeat(128), aggregate: "A".repeat(128), id: `i${end}` })
  it("is the stream's name, where that is not too long", () => assert.strictEqual(partitionKeyOf(stream), "t/Order/a"))
  it("differs where long names do, and is never too long", () => {
    assert.notStrictEqual(long("1"), long("2"))
    assert.strictEqual(long("1"), long("1"))
    assert.strictEqual(long("1").length, limits.keyChars)
  })
})
