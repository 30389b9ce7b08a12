/**
 * One request for as many appends of a stream as it can hold, and what its refusal says about each of them. Pure.
 * @module
 */
import { type Append, type Receipt, tombstone } from "../../../core/EventStore.ts"
import type { Head } from "../../../core/Stream.ts"
import type { Write } from "./calls.ts"
import type { Found } from "./faults.ts"
import * as items from "./items.ts"
import type { Store } from "./store.ts"

/** Of one transaction: DynamoDB's own. */
const writesMax = 100
const bytesMax = 3_900_000

export interface Plan {
  /** The appends from `from` to before `end`. None: the next one can only be refused. */
  readonly from: number
  readonly end: number
  /** Where the stream stands behind each of them. */
  readonly heads: ReadonlyArray<Head>
  /** Nothing to write: what has to be absent is read. */
  readonly writes: ReadonlyArray<Write>
  /** By write or read: what it is about. */
  readonly parts: ReadonlyArray<Part>
  /** All of it was asked before. */
  readonly isRepeat: boolean
}
export interface Part {
  /** `next`: the place behind the head. */
  readonly about: "event" | "receipt" | "next"
  /** The append. */
  readonly of: number
  readonly TableName: string
  readonly Key: items.Item
}

/** When a plan is made: of its events, and of DynamoDB, which lets receipts expire. */
export interface Now {
  readonly ms: number
  readonly wallMs: number
}

/** Whether all of them were asked before: a request for them is a repeat. */
export const isAgain = (appends: ReadonlyArray<Append>): boolean => appends.every(({ again }) => again === true)

/** What a receipt must not be, to be written or passed by: there, and not expired. */
const free = (aliveSince: number) => ({
  condition: "attribute_not_exists(pk) OR #at < :alive",
  names: { "#at": "at" },
  values: { ":alive": { N: String(aliveSince) } },
})
const absent = { condition: "attribute_not_exists(pk)" }

/**
 * `until`: behind the last append that it may hold. `overExpired`: receipts may take the place of expired ones; asked for
 * only where one stood in the way, for the plain condition is the cheaper one.
 */
export const make = (
  store: Store,
  chain: ReadonlyArray<Append>,
  from: number,
  until: number,
  before: Head,
  now: Now,
  overExpired: boolean,
): Plan => {
  const { events: eventsTable, receiptTtlMs, receipts } = store
  const key = items.keyOf(chain[from]!.stream)
  const aliveSince = now.ms - receiptTtlMs
  const writes: Array<Write> = []
  const parts: Array<Part> = []
  const heads: Array<Head> = []
  const looked: Array<Part> = []
  const ids = new Set<string>()
  let head = before
  let bytes = 0
  let isFenced = false
  let end = from
  for (; end < until; end++) {
    const { command, events, expected, refusal, remember, stream } = chain[end]!
    if (expected.version !== head.version || (head.closed && command !== undefined)) break
    const isKept = command !== undefined && (events.length > 0 ? command.given : remember)
    const isLookedUp = command !== undefined && !isKept && events.length === 0 && command.given
    // A place behind which nothing was put is checked itself.
    const more = events.length + (isKept || isLookedUp ? 1 : 0) + (isFenced || events.length > 0 ? 0 : 1)
    const moreBytes = events.reduce((sum, event) => sum + items.bytesOf(event), items.refusalBytes(refusal))
    if (end > from && (writes.length + looked.length + more > writesMax || bytes + moreBytes > bytesMax)) break
    // One transaction cannot hold one receipt twice.
    if ((isKept || isLookedUp) && ids.has(command.commandId)) break
    bytes += moreBytes
    const recordedAt = Math.max(now.ms, head.recordedAt)
    events.forEach((event, n) => {
      const version = head.version + 1 + n
      writes.push({
        Put: { Item: items.eventItem(stream, event, command!, version, recordedAt, n) },
        TableName: eventsTable,
        ...absent,
      })
      parts.push({ about: "event", of: end, TableName: eventsTable, Key: items.eventKey(key, version) })
    })
    if (events.length > 0) {
      isFenced = true
      head = { version: head.version + events.length, recordedAt, closed: events.at(-1)!.type === tombstone.type }
    }
    if (isKept || isLookedUp) {
      const { commandId } = command
      ids.add(commandId)
      const part: Part = { about: "receipt", of: end, TableName: receipts, Key: items.receiptKey(key, commandId) }
      if (isKept) {
        const Item = items.receiptItem(
          ...[key, command, head.version, events, refusal] as const,
          ...[recordedAt, now.wallMs, receiptTtlMs] as const,
        )
        writes.push({ Put: { Item }, TableName: receipts, ...overExpired ? free(aliveSince) : absent })
        parts.push(part)
      } else looked.push(part)
    }
    heads.push(head)
  }
  const next: Part = { about: "next", of: from, TableName: eventsTable, Key: items.eventKey(key, before.version + 1) }
  const isRepeat = isAgain(chain.slice(from, end))
  // A closed stream stays where it is.
  const reads = before.closed ? looked : [next, ...looked]
  if (writes.length === 0) return { from, end, heads, writes, parts: reads, isRepeat }
  const checks = isFenced ? looked : [next, ...looked]
  for (const part of checks) {
    const { about, Key, TableName } = part
    writes.push({ ConditionCheck: { Key }, TableName, ...about === "next" ? absent : free(aliveSince) })
    parts.push(part)
  }
  return { from, end, heads, writes, parts, isRepeat }
}

export interface Blame {
  /** Somebody else has written: the first append of the plan is to blame, and all behind it. */
  readonly moved: boolean
  /** By append: what it answered before. */
  readonly receipts: ReadonlyMap<number, Receipt>
}

/** `found` stands in the order of the parts. */
export const blame = ({ parts }: Plan, found: ReadonlyArray<Found>, aliveSince: number): Blame => {
  const receipts = new Map<number, Receipt>()
  let moved = false
  parts.forEach(({ about, of }, i) => {
    const item = found[i]
    if (item === undefined) return
    if (about !== "receipt") moved = true
    else {
      const receipt = items.receiptOf(item, aliveSince)
      if (receipt !== undefined) receipts.set(of, receipt)
    }
  })
  return { moved, receipts }
}

/** Whether every event that the plan would have written was written by it: an attempt before, whose answer was lost. */
export const isWritten = ({ parts }: Plan, chain: ReadonlyArray<Append>, found: ReadonlyArray<Found>): boolean => {
  let n = 0
  let of = -1
  let any = false
  for (const [i, part] of parts.entries()) {
    if (part.about !== "event") continue
    n = part.of === of ? n + 1 : 0
    of = part.of
    const { command, events } = chain[of]!
    const item = found[i]
    if (item === undefined || !items.isOwn(item, events[n]!, command!)) return false
    any = true
  }
  return any
}
