/**
 * The lines of an export: a header, events in the order of the feed, receipts, and an end that sums up what is above it.
 *
 * Each line is one JSON object; the same content is always the same text, so two exports of the same are equal bytes.
 * @module
 */
import { Result, Schema } from "effect"
import type { PassedReceipt } from "../core/Archive.ts"
import type { StoredEvent } from "../core/EventStore.ts"
import { Id } from "../core/Stream.ts"
import { namePattern } from "../schemas/Fields.ts"
import * as Issue from "../schemas/Issue.ts"

export const format = 1

const Count = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(0)))
const Positive = Schema.Int.pipe(Schema.check(Schema.isGreaterThanOrEqualTo(1)))
const Text = Schema.String.pipe(Schema.check(Schema.isMinLength(1)))
const stream = { tenant: Id, aggregate: Schema.String.pipe(Schema.check(Schema.isPattern(namePattern))), id: Id }

const Header = Schema.Struct({
  line: Schema.Literal("header"),
  format: Schema.Int,
  /** Whose events alone are inside. */
  tenant: Schema.optionalKey(Id),
  /** The events inside. */
  events: Count,
})
const Event = Schema.Struct({
  line: Schema.Literal("event"),
  ...stream,
  version: Positive,
  recordedAt: Count,
  eventId: Text,
  type: Text,
  schemaVersion: Positive,
  /** The payload as it is read; as the text it is stored as where that is spelt in a way of its own. */
  payload: Schema.optionalKey(Schema.Unknown),
  payloadText: Schema.optionalKey(Schema.String),
  commandId: Id,
  fingerprint: Schema.String,
  correlationId: Schema.String,
  causationId: Schema.optionalKey(Schema.String),
  principal: Schema.String,
  traceparent: Schema.optionalKey(Schema.String),
  writerId: Schema.String,
})
const Receipt = Schema.Struct({
  line: Schema.Literal("receipt"),
  ...stream,
  commandId: Id,
  fingerprint: Schema.String,
  version: Count,
  recordedAt: Count,
  refusal: Schema.optionalKey(Schema.Struct({ tag: Text, status: Schema.Int, members: Schema.String })),
})
const End = Schema.Struct({
  line: Schema.Literal("end"),
  events: Count,
  receipts: Count,
  /** SHA-256 of all bytes above this line. */
  sha256: Schema.String,
})
const schemas = { header: Header, event: Event, receipt: Receipt, end: End }

export type Line =
  | { readonly _tag: "Header"; readonly tenant: string | undefined; readonly events: number }
  | { readonly _tag: "Event"; readonly event: StoredEvent }
  | { readonly _tag: "Receipt"; readonly receipt: PassedReceipt }
  | { readonly _tag: "End"; readonly events: number; readonly receipts: number; readonly sha256: string }

export const encode = (line: Line): string => {
  switch (line._tag) {
    case "Header":
      return JSON.stringify({ line: "header", format, tenant: line.tenant, events: line.events })
    case "Event": {
      const { event } = line
      const { aggregate, eventId, id, payload, recordedAt, schemaVersion, tenant, type, version } = event
      const { causationId, commandId, correlationId, fingerprint, principal, traceparent, writerId } = event
      const value = Result.try(() => JSON.parse(payload) as unknown)
      const plain = Result.isSuccess(value) && JSON.stringify(value.success) === payload
      return JSON.stringify({
        ...{ line: "event", tenant, aggregate, id, version, recordedAt, eventId, type, schemaVersion },
        ...(plain ? { payload: value.success } : { payloadText: payload }),
        ...{ commandId, fingerprint, correlationId, causationId, principal, traceparent, writerId },
      })
    }
    case "Receipt": {
      const { commandId, fingerprint, recordedAt, refusal, stream: { aggregate, id, tenant }, version } = line.receipt
      return JSON.stringify({
        ...{ line: "receipt", tenant, aggregate, id, commandId, fingerprint, version, recordedAt },
        refusal: refusal && { tag: refusal.tag, status: refusal.status, members: refusal.members },
      })
    }
    case "End":
      return JSON.stringify({ line: "end", events: line.events, receipts: line.receipts, sha256: line.sha256 })
  }
}

const decoders = {
  header: Schema.decodeUnknownResult(Header, { onExcessProperty: "error" }),
  event: Schema.decodeUnknownResult(Event, { onExcessProperty: "error" }),
  receipt: Schema.decodeUnknownResult(Receipt, { onExcessProperty: "error" }),
  end: Schema.decodeUnknownResult(End, { onExcessProperty: "error" }),
}
const isKind = (value: unknown): value is keyof typeof schemas =>
  typeof value === "string" && Object.hasOwn(schemas, value)

/** What a line says; else why it says nothing, without any value of it. */
export const decode = (text: string): Result.Result<Line, string> => {
  const json = Result.try(() => JSON.parse(text) as { readonly line?: unknown; readonly format?: unknown } | null)
  if (Result.isFailure(json)) return Result.fail("it is no JSON")
  const kind = json.success?.line
  if (!isKind(kind)) return Result.fail(`its "line" is none of ${Object.keys(schemas).join(", ")}`)
  if (kind === "header" && json.success?.format !== format) {
    return Result.fail(`its format is not ${format}: another version of this program wrote it`)
  }
  const decoded = decoders[kind](json.success) as Result.Result<
    (typeof schemas)[keyof typeof schemas]["Type"],
    Schema.SchemaError
  >
  if (Result.isFailure(decoded)) {
    return Result.fail(
      Issue.textOf(Issue.fromSchemaError(decoded.failure)),
    )
  }
  const line = decoded.success
  switch (line.line) {
    case "header":
      return Result.succeed({ _tag: "Header", tenant: line.tenant, events: line.events })
    case "end":
      return Result.succeed({ _tag: "End", events: line.events, receipts: line.receipts, sha256: line.sha256 })
    case "receipt": {
      const { aggregate, id, tenant, line: _, refusal, ...rest } = line
      return Result.succeed({ _tag: "Receipt", receipt: { ...rest, stream: { tenant, aggregate, id }, refusal } })
    }
    case "event": {
      const { causationId, line: _, payload, payloadText, traceparent, ...rest } = line
      if ((payload === undefined) === (payloadText === undefined)) {
        return Result.fail("it needs one of payload, payloadText")
      }
      return Result.succeed({
        _tag: "Event",
        event: { ...rest, causationId, traceparent, payload: payloadText ?? JSON.stringify(payload) },
      })
    }
  }
}
