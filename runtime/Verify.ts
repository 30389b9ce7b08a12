/**
 * Reads everything a store holds and says what is wrong with it, through the ports alone and in bounded memory.
 *
 * No finding carries a payload value. Receipts of refusals and damage that hides rows are the adapter's to look for.
 * @module
 */
import { Effect, Result } from "effect"
import type * as App from "../core/App.ts"
import {
  EventStore,
  type Shape as Store,
  type StoredEvent,
  type StoreUnavailable,
  tombstone,
} from "../core/EventStore.ts"
import { canonical } from "../core/Fingerprint.ts"
import { type Shape as Snapshots, type Snapshot, SnapshotStore } from "../core/SnapshotStore.ts"
import { keyOf, type StreamKey } from "../core/Stream.ts"
import * as Issue from "../schemas/Issue.ts"
import * as Kind from "./Kind.ts"
import * as SnapshotCodec from "./SnapshotCodec.ts"

/** One bad place. */
export interface Finding {
  /** `tenant/aggregate/id`; absent where the damage has no stream. */
  readonly stream?: string | undefined
  readonly version?: number | undefined
  readonly problem: string
}

/** What was looked at. */
export interface Counts {
  readonly events: number
  readonly streams: number
  readonly commands: number
  readonly snapshots: number
  /** Made by other code, hence ignored by hosts too. */
  readonly foreignSnapshots: number
}
export interface Report extends Counts {
  /** Events in the order of the feed, so the first is where to begin; then snapshots. At most `findingsMax`. */
  readonly findings: ReadonlyArray<Finding>
}

/** Then the check stops: one bad place is enough to act on, a hundred show its extent. */
export const findingsMax = 100
const page = 500
/** Ends of streams kept in memory; the end of any other is read again. */
const endsMax = 10_000

type End = { readonly version: number; readonly recordedAt: number; readonly closed: boolean }
interface Check {
  readonly store: Store
  readonly snapshots: Snapshots
  /** Absent: nothing is decoded, and no snapshot compared. */
  readonly kinds: ReadonlyMap<string, Kind.Kind> | undefined
  readonly ends: Map<string, End>
  readonly counts: { -readonly [K in keyof Counts]: number }
  readonly findings: Array<Finding>
  /** Of snapshots: what is wrong with their events is said first. */
  readonly copies: Array<Finding>
}

/**
 * Checks the whole feed; `progress` hears the counts after each page. Without an application only what needs none:
 * versions, times, tombstones and receipts.
 */
export const verify = Effect.fn("Verify.verify")(function* (
  app: App.App | undefined,
  progress: (counts: Counts) => Effect.Effect<void> = () => Effect.void,
): Effect.fn.Return<Report, StoreUnavailable, EventStore | SnapshotStore> {
  const check: Check = {
    store: yield* EventStore,
    snapshots: yield* SnapshotStore,
    kinds: app && new Map(Object.values(app.aggregates).map((one) => [one.contract.aggregate, Kind.make(one)])),
    ends: new Map(),
    counts: { events: 0, streams: 0, commands: 0, snapshots: 0, foreignSnapshots: 0 },
    findings: [],
    copies: [],
  }
  let cursor: string | undefined
  while (check.findings.length < findingsMax) {
    const { items, cursor: next } = yield* Effect.catchTag(check.store.feed(cursor, page), "BadCursor", Effect.die)
    if (items.length === 0) break
    cursor = next
    for (const event of items) yield* checkEvent(check, event)
    yield* progress({ ...check.counts })
    yield* Effect.yieldNow
  }
  return { ...check.counts, findings: [...check.findings, ...check.copies].slice(0, findingsMax) }
})

const checkEvent = Effect.fnUntraced(function* (check: Check, event: StoredEvent) {
  const { counts, ends } = check
  counts.events++
  const found = (problem: string) => void check.findings.push({ stream: keyOf(event), version: event.version, problem })
  const before = yield* endBefore(check, event)
  if (before.version !== event.version - 1) found(`version ${event.version - 1} is missing`)
  else if (before.recordedAt > event.recordedAt) found("recordedAt is earlier than that of the version before")
  if (before.closed) found("it stands behind a tombstone")
  if (ends.size >= endsMax) ends.clear()
  const closed = event.type === tombstone.type
  ends.set(keyOf(event), { version: event.version, recordedAt: event.recordedAt, closed })
  const undecodable = closed || check.kinds === undefined ? undefined : decodingProblem(check, event)
  if (undecodable !== undefined) found(undecodable)
  yield* checkReceipt(check, event, found)
  if (event.version === 1) yield* checkStream(check, event)
})

const start: End = { version: 0, recordedAt: 0, closed: false }
const endBefore = Effect.fnUntraced(
  function* (check: Check, event: StoredEvent): Effect.fn.Return<End, StoreUnavailable> {
    const known = check.ends.get(keyOf(event))
    if (known !== undefined || event.version === 1) return known ?? start
    const [last] = yield* check.store.readBackwards(event, event.version, 1)
    return last === undefined ? start : { ...last, closed: last.type === tombstone.type }
  },
)

const decodingProblem = (check: Check, event: StoredEvent): string | undefined => {
  const kind = check.kinds?.get(event.aggregate)
  if (kind === undefined) return `the application has no aggregate ${event.aggregate}`
  const decoded = kind.decodeEvent(event)
  if (Result.isSuccess(decoded)) return undefined
  const { failure } = decoded
  const subject = `${event.aggregate}.${event.type}.v${event.schemaVersion}`
  return failure._tag === "UnknownEvent"
    ? `${subject} is unknown to the application`
    : failure._tag === "Thrown"
    ? `an upcaster or the schema of ${subject} fails on it`
    : `the payload does not fit ${subject}: ${Issue.textOf(failure.issues)}`
}

/** A command's events stand together, and its receipt names each of them. */
const checkReceipt = Effect.fnUntraced(function* (check: Check, event: StoredEvent, found: (problem: string) => void) {
  const receipt = yield* check.store.receipt(event, event.commandId)
  const named = receipt?.events.find(({ version }) => version === event.version)
  if (receipt === undefined || named === undefined) return found(`no receipt of ${event.commandId} names this event`)
  if (receipt.events[0] === named) check.counts.commands++
  const first = receipt.events[0]!.version
  const together = receipt.events.every(({ version }, i) => version === first + i) &&
    receipt.version === first + receipt.events.length - 1
  if (
    named.eventId !== event.eventId || named.type !== event.type || receipt.fingerprint !== event.fingerprint ||
    !together
  ) {
    found(`the receipt of ${event.commandId} tells another story`)
  }
})

/** Compares each snapshot of ours with the fold of the events before it. */
const checkStream = Effect.fnUntraced(function* (check: Check, stream: StreamKey) {
  check.counts.streams++
  const kind = check.kinds?.get(stream.aggregate)
  if (kind === undefined) return
  const [kept] = yield* check.snapshots.loadEach([stream])
  if (kept === undefined || kept.length === 0) return
  const foreign = kept.filter((one) => one.key !== kind.snapshotKey)
  const ours = kept.filter((one) => one.key === kind.snapshotKey)
  check.counts.foreignSnapshots += foreign.length
  check.counts.snapshots += ours.length
  const found = ({ version }: Snapshot, problem: string) =>
    void check.copies.push({ stream: keyOf(stream), version, problem: `the snapshot ${problem}` })
  const waiting = new Map(ours.map((one) => [one.version, one]))
  let state = kind.initial
  for (let version = 0; waiting.size > 0;) {
    yield* Effect.yieldNow
    const events = yield* check.store.read(stream, version, page)
    for (const event of events) {
      const decoded = event.type === tombstone.type ? undefined : kind.decodeEvent(event)
      // Both are said of the events themselves.
      if (event.version !== version + 1 || (decoded !== undefined && Result.isFailure(decoded))) return
      const evolved = Result.try(() =>
        decoded === undefined ? state : kind.evolve[decoded.success._tag]!(state, decoded.success)
      )
      if (Result.isFailure(evolved)) {
        return void check.findings.push({
          stream: keyOf(stream),
          version: event.version,
          problem: "evolve fails on it",
        })
      }
      state = evolved.success
      version = event.version
      const snapshot = waiting.get(version)
      if (snapshot === undefined) continue
      waiting.delete(version)
      const problem = snapshotProblem(kind, stream, snapshot, event, state)
      if (problem !== undefined) found(snapshot, problem)
    }
    if (events.length < page) break
  }
  for (const snapshot of waiting.values()) found(snapshot, "is newer than the stream")
})

const snapshotProblem = (
  kind: Kind.Kind,
  stream: StreamKey,
  snapshot: Snapshot,
  event: StoredEvent,
  state: unknown,
): string | undefined => {
  const decoded = SnapshotCodec.decode(kind, stream, snapshot)
  if (Result.isFailure(decoded)) return `is ${decoded.failure}`
  if (snapshot.eventId !== event.eventId || snapshot.recordedAt !== event.recordedAt) return "is of another history"
  const encoded = kind.encodeState(state)
  if (Result.isFailure(encoded) && encoded.failure._tag === "Thrown") {
    return "cannot be compared: the schema of the state fails"
  }
  const same = Result.isSuccess(encoded) && canonical(encoded.success) === canonical(JSON.parse(snapshot.state))
  return same ? undefined : "differs from the fold of the events"
}
