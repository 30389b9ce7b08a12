/**
 * The port to what a copy of a store needs beside its feed: the receipts that left no event, and a way in for events
 * that already have their time. No host uses it.
 *
 * Its memory layer (`ArchiveMemory.ts`) is the specification, its laws (`Archive.laws.ts`) are run by every adapter.
 * @module
 */
import { Context, type Effect } from "effect"
import type { BadCursor, Page, Refusal, StoredEvent, StoreOutcomeUnknown, StoreUnavailable } from "./EventStore.ts"
import { canonical } from "./Fingerprint.ts"
import type { StreamKey } from "./Stream.ts"

/** What is remembered of a refusal or a no-op; the receipt of an accepted command is its events. */
export interface PassedReceipt {
  readonly stream: StreamKey
  readonly commandId: string
  readonly fingerprint: string
  /** Of the stream when it was decided. */
  readonly version: number
  readonly recordedAt: number
  /** Absent for a no-op. */
  readonly refusal: Refusal | undefined
}

export type Entry =
  /** All events of one command, in order: one append. */
  | { readonly _tag: "Events"; readonly events: ReadonlyArray<StoredEvent> }
  | { readonly _tag: "Receipt"; readonly receipt: PassedReceipt }

export type Restored =
  | "Stored"
  /** It was there already, the same in every field. */
  | "Present"
  /** A receipt of no use: it has expired, or was decided on events that are not there. */
  | "Skipped"
  /** Something else is there, or what comes before is missing. */
  | "Conflict"

export interface Shape {
  /** How many events the feed holds now, of all tenants or of one. */
  readonly events: (tenant: string | undefined) => Effect.Effect<number, StoreUnavailable>
  /** The receipts of refusals and no-ops that have not expired, by (recordedAt, commandId, stream). */
  readonly receipts: (
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Page<PassedReceipt>, StoreUnavailable | BadCursor>
  /** The cursor with which the feed continues behind an event; nothing where there is no such event. */
  readonly cursorBehind: (stream: StreamKey, version: number) => Effect.Effect<string | undefined, StoreUnavailable>
  /**
   * Stores entries as they are, ids and times included, at the end of the feed, in order; none after the first
   * `Conflict`, whose outcome is the last. Each entry is stored whole or not at all, none twice, however often it comes.
   * `StoreUnavailable`: none is stored. `StoreOutcomeUnknown`: give them again.
   */
  readonly restore: (
    entries: ReadonlyArray<Entry>,
  ) => Effect.Effect<ReadonlyArray<Restored>, StoreUnavailable | StoreOutcomeUnknown>
}

export class Archive extends Context.Service<Archive, Shape>()("nexus/core/Archive") {}

/** Whether two stretches of a stream are the same in every field. */
export const same = (a: ReadonlyArray<StoredEvent>, b: ReadonlyArray<StoredEvent>): boolean =>
  a.length === b.length && a.every((event, i) => canonical(event) === canonical(b[i]))
