/**
 * The port to whatever keeps events: streams with expected versions, receipts beside them, one feed of all.
 *
 * The store is the fence: whoever else is alive, one append wins a version. Its memory layer (`EventStoreMemory.ts`)
 * is the specification, its laws (`EventStore.laws.ts`) are run by every adapter.
 * @module
 */
import { Context, type Effect, Schema } from "effect"
import type { Head, StreamKey } from "./Stream.ts"

/** An event before it is stored; `payload` is JSON text of an object and is kept byte for byte. */
export interface NewEvent {
  readonly eventId: string
  readonly type: string
  readonly schemaVersion: number
  readonly payload: string
}

/** What every event says about the command that caused it. */
export interface CommandRecord {
  readonly commandId: string
  /**
   * The caller chose the id: it may have been used before, so the store looks for its receipt first. A generated one
   * may be looked for only where the append does not go in: then it was sent again after an unknown outcome.
   */
  readonly given: boolean
  /** Of aggregate, id, command and canonical payload (`Fingerprint.ts`). */
  readonly fingerprint: string
  readonly correlationId: string
  readonly causationId: string | undefined
  /** The subject who commanded. */
  readonly principal: string
  readonly traceparent: string | undefined
  /** The process that wrote. */
  readonly writerId: string
}

export interface StoredEvent extends StreamKey, NewEvent, Omit<CommandRecord, "given"> {
  readonly version: number
  /** max(clock at commit, time of the event before), in whole milliseconds. */
  readonly recordedAt: number
}

/** The reserved last event of a closed stream. Its `$` keeps it apart from every event of a contract. */
export const tombstone = { type: "$Tombstone", schemaVersion: 1, payload: "{}" } as const

/** A remembered refusal: a rejection of `decide`, or the command's expiry. `members` is JSON text. */
export interface Refusal {
  readonly tag: string
  readonly status: number
  readonly members: string
}

/** The stored outcome of one command. */
export interface Receipt {
  readonly commandId: string
  readonly fingerprint: string
  /** Of the stream, after the command. */
  readonly version: number
  /** Empty for a no-op and for a refusal. */
  readonly events: ReadonlyArray<{ readonly eventId: string; readonly type: string; readonly version: number }>
  readonly refusal: Refusal | undefined
  /** Of the last event in the feed, where the store has one order. */
  readonly offset: number | undefined
}

/**
 * One command's part of a group; whatever it asks is done iff the stream is at `expected`.
 *
 * With events: they are stored. Without, and `remember`: the outcome (a no-op, or `refusal`) is remembered. Without
 * both: only the fence (a read, or an answer that is not remembered); a `command` has its receipt looked up even so.
 * Events or `remember` without a command, and a refusal beside events or without `remember`, are defects.
 */
export interface Append {
  readonly stream: StreamKey
  /** Its version is the fence. Its time is a floor for `recordedAt`, too low behind an append of the same group. */
  readonly expected: Head
  readonly events: ReadonlyArray<NewEvent>
  /** Absent for a read. */
  readonly command: CommandRecord | undefined
  readonly remember: boolean
  readonly refusal: Refusal | undefined
  /**
   * The version of the first event that an attempt before may have stored under this generated id, its outcome unknown.
   * Where the store has a `generatedKey`, it looks there first.
   */
  readonly tried?: number | undefined
  /** It was asked before, and the store did not answer: what bounds calls of a store elsewhere counts it as a repeat. */
  readonly again?: true | undefined
}

export type Outcome =
  /** Stored (or confirmed); `head` is the stream's end with this append in it. */
  | { readonly _tag: "Committed"; readonly head: Head; readonly offset: number | undefined }
  /** The stream was not at `expected`: reload and decide again. */
  | { readonly _tag: "Conflict" }
  /** The command was decided before; nothing was stored now. Its fingerprint is the caller's to compare. */
  | { readonly _tag: "Duplicate"; readonly receipt: Receipt }
  /** The stream ended with a tombstone. Never said of a read: history stays. */
  | { readonly _tag: "Closed" }
  /** Nothing of this append is stored, while others of its group may be. Retry later. */
  | { readonly _tag: "Unavailable"; readonly reason: string }
  /** This append may be stored or not, or be stored yet. Look its receipt up before saying anything. */
  | { readonly _tag: "Unknown"; readonly reason: string }

export interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** Continues behind the last item; absent at the end. */
  readonly cursor: string | undefined
}

export interface TimeRange {
  readonly tenant: string
  /** Milliseconds, inclusive. */
  readonly from: number
  /** Milliseconds, exclusive. */
  readonly to: number
  readonly aggregate?: string
  readonly cursor?: string
  readonly limit: number
}

/** The store answered that nothing was stored, or could not be asked. Retry later. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  /** Said to operators: `locked`, `disk-full`, `read-only`, `closed`, `throttled`, `refused`, ... */
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
}) {}

/** Some or all of the group may be stored or not. Look the receipts up before saying anything. */
export class StoreOutcomeUnknown extends Schema.TaggedError<StoreOutcomeUnknown>()("StoreOutcomeUnknown", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
}) {}

/** A cursor that this store did not give. Start again without it. */
export class BadCursor extends Schema.TaggedError<BadCursor>()("BadCursor", {}) {}

export interface Shape {
  /** `memory`, `sqlite`, ...: the first part of every position. */
  readonly kind: string
  /**
   * A group holds at most so many appends and bytes of payload; more is a defect. `Limits.appendBytes` must fit.
   * `streams`: where each stream of a group is a request of its own, whoever commits does better with groups of so few
   * beside each other; absent, one group is best however many it has.
   */
  readonly appendMax: { readonly appends: number; readonly bytes: number; readonly streams?: number }
  /**
   * What was committed so many milliseconds ago, `byTime` and `streams` show, and `byTime` nothing younger. Absent: they
   * show at once what is committed.
   */
  readonly settleMs?: number
  /**
   * The key under which an outcome is found that became unknown, of events under a generated id whose first has that
   * version. Absent: a generated id leaves a receipt like any other.
   */
  readonly generatedKey?: (commandId: string, version: number) => string
  /**
   * Commits a group: one outcome per append, in order; each append is all or nothing and fails alone.
   *
   * A receipt of the same command id in the same stream (a refusal or no-op not older than `receiptTtlMs`) is a
   * `Duplicate`, found before chain, tombstone or head are looked at. Events under an id that was not `given` may
   * skip that look-up, but never where they would else be a `Conflict` or `Closed`: they may have been stored before.
   * A store whose commits may land after their callers were told "unknown" skips no look-up at all.
   * Appends of one stream form a chain: once one of them is not `Committed`, the later ones of that stream are
   * `Conflict` too (or `Duplicate`), for they were decided on what it would have stored.
   * `StoreUnavailable`: nothing of the group is stored. `StoreOutcomeUnknown`: look the receipts up. A store without one
   * transaction over all streams says both of single appends, `Unavailable` and `Unknown`, where others went in.
   */
  readonly commit: (
    group: ReadonlyArray<Append>,
  ) => Effect.Effect<ReadonlyArray<Outcome>, StoreUnavailable | StoreOutcomeUnknown>
  /** Up to `limit` events of a stream with versions above `after`, ascending. */
  readonly read: (
    stream: StreamKey,
    after: number,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable>
  /** `read` of several streams in one call; the answers stand in the order of the requests. */
  readonly readEach: (
    requests: ReadonlyArray<{ readonly stream: StreamKey; readonly after: number }>,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<StoredEvent>>, StoreUnavailable>
  /**
   * Whether each stream holds an event, read consistently, in the order of the streams: for a store where this costs less
   * than to read the streams and their snapshots. Absent: reading them tells as cheaply.
   */
  readonly begun?: (streams: ReadonlyArray<StreamKey>) => Effect.Effect<ReadonlyArray<boolean>, StoreUnavailable>
  /** Up to `limit` events of a stream with versions below `before`, descending; `Infinity` begins at the head. */
  readonly readBackwards: (
    stream: StreamKey,
    before: number,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable>
  /** The end of a stream, read consistently. */
  readonly head: (stream: StreamKey) => Effect.Effect<Head, StoreUnavailable>
  /** The stored outcome of a command; nothing where it was never decided or its refusal has expired. */
  readonly receipt: (stream: StreamKey, commandId: string) => Effect.Effect<Receipt | undefined, StoreUnavailable>
  /** The tenant's events of a time range, by (recordedAt, aggregate, id, version). */
  readonly byTime: (range: TimeRange) => Effect.Effect<Page<StoredEvent>, StoreUnavailable | BadCursor>
  /**
   * All events of all tenants as the store gives them, the only call that crosses tenants. The cursor stands behind the
   * last item; behind an empty page ask again with its cursor later. A page of fewer than `limit` items ended where the
   * feed did when it was read; without one order, maybe where it did when it was begun. Nothing ever appears in front of
   * a cursor, however many write.
   */
  readonly feed: (
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Page<StoredEvent>, StoreUnavailable | BadCursor>
  /** Where the feed ends now, as a cursor of it; nothing while it is empty. */
  readonly feedEnd: Effect.Effect<string | undefined, StoreUnavailable>
  /** The tenant's instances of an aggregate that hold an event, by id. */
  readonly streams: (
    tenant: string,
    aggregate: string,
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Page<StreamKey>, StoreUnavailable | BadCursor>
}

/** Reads under it were asked before, and the store did not answer: see `Append.again`. */
export const Again: Context.Reference<boolean> = Context.Reference<boolean>("nexus/core/EventStore/Again", {
  defaultValue: () => false,
})

export class EventStore extends Context.Service<EventStore, Shape>()("nexus/core/EventStore") {}
