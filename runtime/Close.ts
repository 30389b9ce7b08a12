/**
 * Ends a stream: its last event is a tombstone, behind which no command is taken. History stays, and nothing reopens it.
 *
 * Written to the store itself, also while servers write to it: whoever holds the stream in memory meets the fence.
 * @module
 */
import { Clock, Effect, Random, Schema } from "effect"
import { type Append, EventStore, StoreUnavailable, tombstone } from "../core/EventStore.ts"
import * as Fingerprint from "../core/Fingerprint.ts"
import * as Ids from "../core/Ids.ts"
import type { Head, StreamKey } from "../core/Stream.ts"

/** Nothing is stored under this id: there is nothing to close. */
export class StreamAbsent extends Schema.TaggedError<StreamAbsent>()("StreamAbsent", {}) {}
/** The stream is at `version` now, not at the one that was seen: look at it again. It is not closed. */
export class StreamMoved extends Schema.TaggedError<StreamMoved>()("StreamMoved", { version: Schema.Int }) {}
/** Others stored more before every attempt. It is not closed, unless an attempt whose outcome is unknown did it. */
export class StreamBusy extends Schema.TaggedError<StreamBusy>()("StreamBusy", { attempts: Schema.Int }) {}

export interface Closed {
  readonly head: Head
  /** It was closed before, by whomever. */
  readonly already: boolean
}

/** Whose doing it is, in the history. */
const principal = "nexus close"
const attemptsMax = 20

/** `seen`: the version at which it is to be closed; absent: wherever it is then. Closed twice is closed once. */
export const close = Effect.fnUntraced(function* (stream: StreamKey, seen: number | undefined) {
  const [store, random, sha256] = [yield* EventStore, yield* Random.Random, yield* Fingerprint.Sha256]
  const now = yield* Clock.currentTimeMillis
  const id = () => Ids.uuidV7(now, () => random.nextDoubleUnsafe())
  const [commandId, eventId, writerId] = [id(), id(), id()]
  const fingerprint = Fingerprint.make(stream.aggregate, stream.id, tombstone.type, {}, sha256)
  const appendAt = (expected: Head): Append => ({
    stream,
    expected,
    events: [{ eventId, ...tombstone }],
    // The same id in each attempt: one whose outcome is unknown is found by its receipt, and not made twice.
    command: {
      ...{ commandId, given: true, fingerprint, correlationId: commandId, causationId: undefined },
      ...{ principal, traceparent: undefined, writerId },
    },
    remember: true,
    refusal: undefined,
  })
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const head = yield* store.head(stream)
    if (head.version === 0) return yield* new StreamAbsent()
    if (head.closed) {
      // By an attempt, maybe, whose outcome was unknown.
      const [last] = yield* store.readBackwards(stream, Infinity, 1)
      return { head, already: last?.commandId !== commandId } satisfies Closed
    }
    if (seen !== undefined && head.version !== seen) return yield* new StreamMoved({ version: head.version })
    const [outcome] = yield* Effect.catchTag(
      store.commit([appendAt(head)]),
      "StoreOutcomeUnknown",
      ({ reason }) => Effect.succeed([{ _tag: "Unknown" as const, reason }]),
    )
    if (outcome?._tag === "Committed") return { head: outcome.head, already: false } satisfies Closed
    if (outcome?._tag === "Unavailable") return yield* new StoreUnavailable({ reason: outcome.reason })
  }
  return yield* new StreamBusy({ attempts: attemptsMax })
})
