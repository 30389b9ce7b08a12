import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { CoreRecord } from "./CoreBus.ts"
import { type StoredEvent, tombstone } from "./EventStore.ts"
import * as EventWire from "./EventWire.ts"
import { chained, eventAt, recordsOf } from "./laws/buses.ts"
import { streamOf } from "./laws/fixtures.ts"
import { defaults } from "./Limits.ts"
import * as RecordWire from "./RecordWire.ts"
import { Id } from "./Stream.ts"

const Count = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })))
const Maybe = Schema.Union([Schema.String, Schema.Undefined])
/** Payloads as a codec writes them, and any other text. */
const Payload = Schema.Union([Schema.Json, Schema.String])
const Fields = {
  stream: Schema.Struct({ tenant: Id, aggregate: Id, id: Id }),
  version: Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))),
  texts: Schema.Struct({
    eventId: Schema.String,
    type: Schema.String,
    commandId: Schema.String,
    fingerprint: Schema.String,
    correlationId: Schema.String,
    principal: Schema.String,
    writerId: Schema.String,
    causationId: Maybe,
    traceparent: Maybe,
  }),
  counts: Schema.Struct({ schemaVersion: Count, recordedAt: Count }),
  payload: Payload,
  raw: Schema.Boolean,
}
type Fields = { readonly [K in keyof typeof Fields]: (typeof Fields)[K]["Type"] }
const eventOf = ({ counts, payload, raw, stream, texts, version }: Fields): StoredEvent => ({
  ...stream,
  ...texts,
  ...counts,
  version,
  payload: raw && typeof payload === "string" ? payload : JSON.stringify(payload),
})

const bytes = (text: string) => new TextEncoder().encode(text).length
const plain = eventAt(streamOf("t", "a"), 1)
const payloads = [
  "{}",
  "null",
  "0",
  "-0",
  `"\\u0000"`,
  `"\ud83d"`,
  `{ "a": 1 }`,
  `{"b":1,"a":2,"1":3}`,
  `{"__proto__":{"a":1},"constructor":null}`,
  `{"a":1,"a":2}`,
  "1e400",
  "12345678901234567890",
  "",
  "not JSON",
  `"},"payload":{}`,
  `\u2028\u2029`,
  "[".repeat(100_000),
]

describe("EventWire", () => {
  it.effect.prop("gives back every event, and the same bytes for it", Fields, (fields) =>
    Effect.sync(() => {
      const event = eventOf(fields)
      const text = EventWire.encode(event)
      assert.deepStrictEqual(EventWire.decode(text), event)
      assert.strictEqual(EventWire.encode(structuredClone(event)), text)
      assert.notMatch(text, /[\ud800-\udbff](?![\udc00-\udfff])/, "what UTF-8 cannot say")
    }), { arbitrary: { runs: 400 } })

  it("gives back payloads of any text", () => {
    for (const payload of payloads) {
      const event = { ...plain, payload }
      assert.deepStrictEqual(EventWire.decode(EventWire.encode(event)), event, payload.slice(0, 40))
    }
  })

  it("gives back a tombstone", () => {
    const event = { ...plain, ...tombstone }
    assert.deepStrictEqual(EventWire.decode(EventWire.encode(event)), event)
  })

  it("is the payload and 2 KiB at most, and fits where the largest event goes", () => {
    const id = "i".repeat(128)
    const long = { ...plain, tenant: id, aggregate: "A".repeat(64), id, type: "T".repeat(64), commandId: id }
    const text = `"\\"äöü漢字😀`
    for (const size of [0, defaults.secondaryEventBytes]) {
      const payload = JSON.stringify({ of: text.repeat(size / bytes(JSON.stringify(text))) })
      const event = { ...long, payload, correlationId: "c".repeat(128), causationId: "c".repeat(128) }
      assert.isBelow(bytes(EventWire.encode(event)), bytes(payload) + 2_048)
      assert.isBelow(bytes(EventWire.encode(event)), defaults.messageBodyBytes)
    }
  })

  const text = EventWire.encode(plain)
  const hostile: { readonly [what: string]: string } = {
    "no text": "",
    "no JSON": "{",
    "another value": "[]",
    "no stream": text.replace(`"tenant":"t",`, ""),
    "a tenant with a slash": text.replace(`"tenant":"t"`, `"tenant":"t/u"`),
    "version 0": text.replace(`"version":1`, `"version":0`),
    "a version with a fraction": text.replace(`"version":1`, `"version":1.5`),
    "a version beyond integers": text.replace(`"version":1`, `"version":1e400`),
    "no payload": text.replace(/,"payload":.*/, "}"),
    "two payloads": text.replace(`,"payload":`, `,"payloadText":"{}","payload":`),
    "another type of a member": text.replace(`"principal":"alice"`, `"principal":["alice"]`),
  }
  for (const [what, wrong] of Object.entries(hostile)) {
    it(`takes no text with ${what}`, () => {
      assert.notStrictEqual(wrong, text)
      assert.isUndefined(EventWire.decode(wrong))
    })
  }

  it("breaks on no depth", () => {
    const deep = text.replace(/"payload":.*/, `"payload":${"[".repeat(99_999)}${"]".repeat(99_999)}}`)
    assert.isTrue([undefined, 2 * 99_999].includes(EventWire.decode(deep)?.payload.length))
  })

  it("passes over members that newer code writes", () => {
    assert.deepStrictEqual(
      EventWire.decode(text.replace(`{"tenant"`, `{"__proto__":{"id":"x"},"new":1,"tenant"`)),
      plain,
    )
  })
})

describe("RecordWire", () => {
  const record = (versions: ReadonlyArray<number>, more: Partial<StoredEvent> = {}): CoreRecord =>
    recordsOf(chained(versions.map((version) => eventAt(streamOf("t", "a"), version, more)), 1), 99)[0]!

  it.effect.prop("gives back every record, and the same bytes for it", {
    first: Schema.Struct(Fields),
    second: Schema.Struct(Fields),
  }, (
    { first, second },
  ) =>
    Effect.sync(() => {
      const [a, b] = [eventOf(first), { ...eventOf({ ...second, stream: first.stream }), version: first.version + 3 }]
      const one = recordsOf(chained([a, b]), 2)[0]!
      const text = RecordWire.encode(one)
      assert.deepStrictEqual(RecordWire.decode(text), one)
      assert.strictEqual(RecordWire.encode(structuredClone(one)), text)
      const bound = RecordWire.headBytes(one.stream) + RecordWire.eventBytes(a) + RecordWire.eventBytes(b)
      assert.isAtMost(bytes(text), bound)
    }), { arbitrary: { runs: 200 } })

  it("names the stream once, and takes little more than its events' payloads", () => {
    const text = RecordWire.encode(record(Array.from({ length: 99 }, (_, i) => i + 2)))
    assert.strictEqual(text.split(`"tenant"`).length, 2)
    assert.isBelow(bytes(text), 99 * 256)
  })

  it("takes the largest event of the core path, whatever stands in it", () => {
    const payload = `"${'\\"'.repeat((defaults.eventBytes - 2) / 2)}"`
    assert.strictEqual(bytes(payload), defaults.eventBytes)
    assert.isBelow(bytes(RecordWire.encode(record([2], { payload }))), 512 * 1024)
  })

  it("takes no text of something else", () => {
    const text = RecordWire.encode(record([2, 4, 5]))
    assert.deepStrictEqual(RecordWire.decode(text)?.events.map(({ prevCore }) => prevCore), [1, 2, 4])
    const wrong = [
      "",
      "{}",
      EventWire.encode(plain),
      text.replace(/"events":.*/, `"events":[]}`),
      text.replace(`"prevCore":1`, `"prevCore":2`),
      text.replace(`"prevCore":1`, `"prevCore":-1`),
      text.replace(`"prevCore":4`, `"prevCore":3`),
      text.replace(`"prevCore":2`, `"prevCore":2,"payloadText":""`),
      text.replace(`"id":"a"`, `"id":"a b"`),
    ]
    for (const one of wrong) {
      assert.notStrictEqual(one, text)
      assert.isUndefined(RecordWire.decode(one), one)
    }
  })
})
