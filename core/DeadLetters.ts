/**
 * The port to dead letters: what a consumer could not do, kept until somebody has it tried again.
 *
 * On the core path a key is parked as one row, its later events are not copied: a redrive reads the store from `version`
 * up to the head. On the secondary path each message is a row. Rows hold no payload.
 * @module
 */
import { Context, Effect, Random } from "effect"
import type { BadCursor, Page, StoreUnavailable } from "./EventStore.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

export interface DeadLetter {
  /** `idOf`; the same consumer and key (or message) is the same dead letter. */
  readonly id: string
  readonly kind: "stream" | "message"
  readonly consumer: string
  readonly stream: StreamKey
  /** The first version that was not done. */
  readonly version: number
  readonly eventId: string
  readonly type: string
  /** What went wrong, by name and place; never a value. */
  readonly error: string
  readonly attempts: number
  /** Of the first and the last attempt, in milliseconds since 1970. */
  readonly firstAt: number
  readonly lastAt: number
  /** Empty where the event has none. */
  readonly traceId: string
  /** Somebody asked that it be tried again, and that has not been done yet. */
  readonly redriving: boolean
  /**
   * Raised by one whenever the row changes, and begins at random (`firstFence`): what was decided on an older one is not
   * done, neither if that was forgotten meanwhile and came again.
   */
  readonly fence: number
}

export interface Filter {
  readonly consumer?: string
  /** Of one stream: `keyOf`. */
  readonly stream?: string
}

/** What could not be done, as whoever tried says it. */
export type Failure = Omit<DeadLetter, "fence" | "redriving">

export interface Shape {
  /**
   * Keeps one. Where it is kept already, the first attempt stays, the version never falls, the rest is replaced,
   * attempts are added up, `redriving` ends and the fence rises. Answers with the row.
   */
  readonly put: (letter: Failure) => Effect.Effect<DeadLetter, StoreUnavailable>
  readonly get: (tenant: string, id: string) => Effect.Effect<DeadLetter | undefined, StoreUnavailable>
  /** Of one tenant, the newest `lastAt` first, of equal ones the last id; a cursor continues behind the last item. */
  readonly list: (
    tenant: string,
    filter: Filter,
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Page<DeadLetter>, StoreUnavailable | BadCursor>
  /**
   * Of these streams, those that are parked for the consumer, by `keyOf`; read consistently. Whoever asks passes their
   * events by, so their fences rise: a redrive that read the store before these events came cannot end without them.
   */
  readonly parked: (
    consumer: string,
    streams: ReadonlyArray<StreamKey>,
  ) => Effect.Effect<ReadonlySet<string>, StoreUnavailable>
  /** Asks for a redrive; answers with the row, the same one the second time. Nothing where it does not exist. */
  readonly redrive: (tenant: string, id: string) => Effect.Effect<DeadLetter | undefined, StoreUnavailable>
  /** Up to `limit` of a consumer for which a redrive was asked, the oldest first as far as the store can. */
  readonly redriving: (
    consumer: string,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<DeadLetter>, StoreUnavailable>
  /** Forgets it, unless it has changed since: then `false`. One that is gone was resolved. */
  readonly resolve: (letter: DeadLetter) => Effect.Effect<boolean, StoreUnavailable>
}

export class DeadLetters extends Context.Service<DeadLetters, Shape>()("nexus/core/DeadLetters") {}

/** Unambiguous, because no part contains a slash; consumers are named like ids. */
export const idOf = (consumer: string, stream: StreamKey, eventId?: string): string =>
  [consumer, stream.tenant, stream.aggregate, stream.id, ...eventId === undefined ? [] : [eventId]].join("/")

/** Where the fence of a row begins. */
export const firstFence: Effect.Effect<number> = Effect.map(Random.next, (part) => 1 + Math.floor(part * 2 ** 52))

/** The row that a kept one becomes when the same fails again. */
export const again = (kept: DeadLetter, letter: Failure): DeadLetter => ({
  ...letter,
  version: Math.max(kept.version, letter.version),
  firstAt: kept.firstAt,
  attempts: kept.attempts + letter.attempts,
  redriving: false,
  fence: kept.fence + 1,
})

/** Whether a listing with this filter shows it. */
export const isOf = (letter: DeadLetter, { consumer, stream }: Filter): boolean =>
  (consumer === undefined || letter.consumer === consumer) && (stream === undefined || keyOf(letter.stream) === stream)
