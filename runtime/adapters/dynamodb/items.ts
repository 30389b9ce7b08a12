/**
 * Events and receipts as items, and back; where each stands in its table and in the indexes.
 *
 * Parts of a key are parted by `#`, which sorts before every character that an id may have.
 * @module
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { Buffer } from "node:buffer"
import {
  type CommandRecord,
  type NewEvent,
  type Receipt,
  type Refusal,
  type StoredEvent,
  tombstone,
} from "../../../core/EventStore.ts"
import type { Head, StreamKey } from "../../../core/Stream.ts"

export type Item = Record<string, AttributeValue>

/** Of both indexes; may be raised, never lowered. */
export const shards = 8

export const keyOf = ({ aggregate, id, tenant }: StreamKey): string => `${tenant}#${aggregate}#${id}`
export const streamOf = (key: string): StreamKey => {
  const [tenant, aggregate, id] = key.split("#") as [string, string, string]
  return { tenant, aggregate, id }
}

/** FNV-1a: the same for ever, for what was written stands where it put it. */
const shardOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % shards
}

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
export const dayKey = (tenant: string, day: string, shard: number): string => `${tenant}#${day}#${shard}`
export const kindKey = (tenant: string, aggregate: string, shard: number): string => `${tenant}#${aggregate}#${shard}`
const digits = (value: number, count: number): string => String(value).padStart(count, "0")
/** The place in a day; a prefix of it stands before all that it begins. */
export const timeKey = (recordedAt: number): string => digits(recordedAt, 13)
export const placeKey = (recordedAt: number, aggregate: string, id: string, version: number): string =>
  `${timeKey(recordedAt)}#${aggregate}#${id}#${digits(version, 10)}`

/** Whether a listing may begin behind it: a cursor that somebody made up may say what DynamoDB takes for no key. */
export const isPlace = (key: string): boolean => /^[\x21-\x7e]{1,1000}$/.test(key)

const text = (value: string): AttributeValue => ({ S: value })
const whole = (value: number): AttributeValue => ({ N: String(value) })
const textIn = (item: Item, name: string): string => item[name]?.S ?? ""
const wholeIn = (item: Item, name: string): number => Number(item[name]?.N ?? 0)

export const eventKey = (key: string, version: number): Item => ({ pk: text(key), sk: whole(version) })
export const receiptKey = (key: string, commandId: string): Item => ({ pk: text(key), sk: text(commandId) })

/** The n-th event of a command, counted from 0. */
export const eventItem = (
  stream: StreamKey,
  { eventId, payload, schemaVersion, type }: NewEvent,
  command: CommandRecord,
  version: number,
  recordedAt: number,
  n: number,
): Item => {
  const { aggregate, id, tenant } = stream
  const key = keyOf(stream)
  const shard = shardOf(key)
  const item: Item = {
    pk: text(key),
    sk: whole(version),
    event: text(eventId),
    type: text(type),
    schema: whole(schemaVersion),
    payload: text(payload),
    time: whole(recordedAt),
    command: text(command.commandId),
    fingerprint: text(command.fingerprint),
    principal: text(command.principal),
    writer: text(command.writerId),
    day: text(dayKey(tenant, dayOf(recordedAt), shard)),
    at: text(placeKey(recordedAt, aggregate, id, version)),
  }
  if (n > 0) item["n"] = whole(n)
  if (command.correlationId !== command.commandId) item["correlation"] = text(command.correlationId)
  if (command.causationId !== undefined) item["causation"] = text(command.causationId)
  if (command.traceparent !== undefined) item["trace"] = text(command.traceparent)
  if (version === 1) {
    item["kind"] = text(kindKey(tenant, aggregate, shard))
    item["id"] = text(id)
  }
  return item
}

export const eventOf = (item: Item): StoredEvent => {
  const commandId = textIn(item, "command")
  return {
    ...streamOf(textIn(item, "pk")),
    version: wholeIn(item, "sk"),
    recordedAt: wholeIn(item, "time"),
    eventId: textIn(item, "event"),
    type: textIn(item, "type"),
    schemaVersion: wholeIn(item, "schema"),
    payload: textIn(item, "payload"),
    commandId,
    fingerprint: textIn(item, "fingerprint"),
    correlationId: item["correlation"]?.S ?? commandId,
    causationId: item["causation"]?.S,
    principal: textIn(item, "principal"),
    traceparent: item["trace"]?.S,
    writerId: textIn(item, "writer"),
  }
}

/** Where a stream ends whose last event stands in the item. */
export const headOf = (item: Item): Head => ({
  version: wholeIn(item, "sk"),
  recordedAt: wholeIn(item, "time"),
  closed: item["type"]?.S === tombstone.type,
})

/** Whether an item holds the first event of a command. */
export const beginsCommand = (item: Item, commandId: string): boolean =>
  item["command"]?.S === commandId && item["n"] === undefined

/** Written by the very append that is asked about. */
export const isOwn = (
  item: Item,
  { eventId }: NewEvent,
  { commandId, fingerprint, writerId }: CommandRecord,
): boolean =>
  item["event"]?.S === eventId && item["command"]?.S === commandId && item["writer"]?.S === writerId &&
  item["fingerprint"]?.S === fingerprint

type Named = readonly [eventId: string, type: string]

/**
 * A remembered outcome. One of a refusal or no-op has a time, `at`, after which readers ignore it; some while later it
 * goes by itself. That is by AWS's clock, hence `wallMs` beside `at`.
 */
export const receiptItem = (
  key: string,
  command: CommandRecord,
  version: number,
  events: ReadonlyArray<NewEvent>,
  refusal: Refusal | undefined,
  at: number,
  wallMs: number,
  ttlMs: number,
): Item => {
  const item: Item = {
    ...receiptKey(key, command.commandId),
    fingerprint: text(command.fingerprint),
    version: whole(version),
  }
  if (events.length > 0) {
    item["events"] = text(JSON.stringify(events.map(({ eventId, type }): Named => [eventId, type])))
    return item
  }
  if (refusal !== undefined) item["refusal"] = text(JSON.stringify([refusal.tag, refusal.status, refusal.members]))
  item["at"] = whole(at)
  item["expiresAt"] = whole(Math.ceil((Math.max(at, wallMs) + ttlMs) / 1000) + expirySlackSeconds)
  return item
}
/** Clocks of several processes and AWS's need not agree. */
const expirySlackSeconds = 3_600

/** Nothing where it has expired. */
export const receiptOf = (item: Item, aliveSince: number): Receipt | undefined => {
  if (item["at"] !== undefined && wholeIn(item, "at") < aliveSince) return undefined
  const version = wholeIn(item, "version")
  const named: ReadonlyArray<Named> = item["events"] === undefined ? [] : JSON.parse(textIn(item, "events"))
  const [tag, status, members] = item["refusal"] === undefined ? [] : JSON.parse(textIn(item, "refusal"))
  return {
    commandId: textIn(item, "sk"),
    fingerprint: textIn(item, "fingerprint"),
    version,
    events: named.map(([eventId, type], i) => ({ eventId, type, version: version - named.length + 1 + i })),
    refusal: item["refusal"] === undefined ? undefined : { tag, status, members },
    offset: undefined,
  }
}

/** An accepted command's receipt from its events, all of them. */
export const receiptFrom = (commandId: string, events: ReadonlyArray<StoredEvent>): Receipt => ({
  commandId,
  fingerprint: events[0]!.fingerprint,
  version: events.at(-1)!.version,
  events: events.map(({ eventId, type, version }) => ({ eventId, type, version })),
  refusal: undefined,
  offset: undefined,
})

/** Bytes of an item beside its payload, at most. */
const aroundBytes = 2_048
export const payloadBytes = ({ payload }: NewEvent): number => Buffer.byteLength(payload)
/** Its members are text in a text: each quote in them is two bytes. */
export const refusalBytes = (refusal: Refusal | undefined): number =>
  refusal === undefined ? 0 : 2 * Buffer.byteLength(refusal.members) + aroundBytes
export const bytesOf = (event: NewEvent): number => payloadBytes(event) + aroundBytes
