/**
 * The port to dead letters: what a consumer could not do, kept until somebody has it tried again, or gives it up.
 *
 * On the core path a key is parked as one row, its later events are not copied: a redrive reads the store from `version`
 * up to the head. On the secondary path each message is a row. Rows hold no payload.
 * @module
 */
import { Context, Effect, Random } from "effect"
import type { BadCursor, Page, StoreUnavailable } from "./EventStore.ts"
import { keyOf, type StreamKey } from "./Stream.ts"

/** Under which the router keeps marks and dead letters; no consumer is called so. */
export const router = "router"

/** What is asked for: that it be tried again, or that exactly the event at `version` be given up, and the rest done. */
export type Ask = "redrive" | "discard"

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
  /** That somebody knows of: none where nobody said of a message what became of it. */
  readonly attempts: number
  /** Of the first and the last attempt, in milliseconds since 1970; a message's first is when it was sent. */
  readonly firstAt: number
  readonly lastAt: number
  /** Empty where the event has none. */
  readonly traceId: string
  /** What somebody asked for last and was not done yet. */
  readonly asked: Ask | "nothing"
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
export type Failure = Omit<DeadLetter, "asked" | "fence">

export interface Shape {
  /**
   * Keeps one. Where it is kept already, the first attempt stays, the version never falls (nor does what is said of the
   * event there), the rest is replaced, attempts are added up and the fence rises. What was asked for ends, but a discard
   * only where the version rises: the event that is to be given up is still the one that stands in front. Answers with
   * the row.
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
  /**
   * Asks for something, in place of what was asked before; answers with the row, the same one the second time. A row at
   * another version than `version`, where that is given, stays as it is. Nothing where it does not exist.
   */
  readonly ask: (
    tenant: string,
    id: string,
    what: Ask,
    version?: number,
  ) => Effect.Effect<DeadLetter | undefined, StoreUnavailable>
  /** Up to `limit` of a consumer for which something was asked, the oldest first as far as the store can. */
  readonly asked: (
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
export const again = (kept: DeadLetter, letter: Failure): DeadLetter => {
  const { error, eventId, traceId, type, version } = kept.version > letter.version ? kept : letter
  return {
    ...{ ...letter, version, eventId, type, error, traceId },
    firstAt: kept.firstAt,
    attempts: kept.attempts + letter.attempts,
    asked: kept.asked === "discard" && version === kept.version ? "discard" : "nothing",
    fence: kept.fence + 1,
  }
}

/** The row that a kept one becomes when something is asked of it: itself where that changes nothing. */
export const asking = (kept: DeadLetter, what: Ask, version = kept.version): DeadLetter =>
  kept.asked === what || kept.version !== version ? kept : { ...kept, asked: what, fence: kept.fence + 1 }

/** Whether a listing with this filter shows it. */
export const isOf = (letter: DeadLetter, { consumer, stream }: Filter): boolean =>
  (consumer === undefined || letter.consumer === consumer) && (stream === undefined || keyOf(letter.stream) === stream)
