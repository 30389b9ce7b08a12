/**
 * The port to how far a consumer (or the router) has come in each stream.
 *
 * Marks only ever rise, so that a process which has lost its lease, and a message that comes twice, change nothing.
 * @module
 */
import { Context, type Effect } from "effect"
import type { StoreUnavailable } from "./EventStore.ts"
import type { StreamKey } from "./Stream.ts"

export interface Mark {
  /** Every event up to this version is done. */
  readonly version: number
  /** The last core event among them; 0 before the first. */
  readonly core: number
}
export const start: Mark = { version: 0, core: 0 }

export interface Shape {
  /** The marks of a consumer in the order of the streams, read consistently; `start` where there is none. */
  readonly read: (
    consumer: string,
    streams: ReadonlyArray<StreamKey>,
  ) => Effect.Effect<ReadonlyArray<Mark>, StoreUnavailable>
  /** Raises marks; one that is not above the kept one leaves it. Each by itself: after a failure some may be raised. */
  readonly advance: (
    consumer: string,
    marks: ReadonlyArray<{ readonly stream: StreamKey; readonly mark: Mark }>,
  ) => Effect.Effect<void, StoreUnavailable>
}

export class Progress extends Context.Service<Progress, Shape>()("nexus/core/Progress") {}
