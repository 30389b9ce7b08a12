/**
 * What laws of buses and queues are written with: events as a store would give them, and readers that wait.
 * @module
 */
import { Clock, Effect } from "effect"
import type { CoreEvent, CoreRecord, Shape } from "../CoreBus.ts"
import type { StoredEvent } from "../EventStore.ts"
import type { Message, Queue } from "../Queue.ts"
import type { Item } from "../ShardLog.ts"
import { keyOf, type StreamKey } from "../Stream.ts"
import { epochMs, LawBroken } from "./fixtures.ts"

/** The event of a stream at `version`. */
export const eventAt = (stream: StreamKey, version: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  ...stream,
  version,
  eventId: `${stream.id}.${version}`,
  type: "Noted",
  schemaVersion: 1,
  payload: `{"n":${version}}`,
  recordedAt: epochMs + version,
  commandId: `command-${version}`,
  fingerprint: `fingerprint of ${version}`,
  correlationId: `command-${version}`,
  causationId: undefined,
  principal: "alice",
  traceparent: undefined,
  writerId: "writer-1",
  ...more,
})

/** Core events of one stream, each behind the one before. */
export const chained = (events: ReadonlyArray<StoredEvent>, prevCore = 0): ReadonlyArray<CoreEvent> =>
  events.map((event, i) => ({ ...event, prevCore: events[i - 1]?.version ?? prevCore }))

/** `size` events a record. */
export const recordsOf = (events: ReadonlyArray<CoreEvent>, size: number): ReadonlyArray<CoreRecord> =>
  Array.from({ length: Math.ceil(events.length / size) }, (_, i) => {
    const { aggregate, id, tenant } = events[0]!
    return { stream: { tenant, aggregate, id }, events: events.slice(i * size, (i + 1) * size) }
  })

/** Publishes until each is known to be sent: the same bytes again, nothing of the stream behind them meanwhile. */
export const publish = Effect.fnUntraced(function* (bus: Shape, records: ReadonlyArray<CoreRecord>) {
  let left = records
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === 50) return yield* new LawBroken({ message: "50 attempts, and still not sent" })
    if (attempt > 0) yield* Effect.sleep("100 millis")
    const outcomes = yield* bus.publish(left)
    if (outcomes.length !== left.length) return yield* new LawBroken({ message: "not one outcome for each record" })
    left = left.filter((_, i) => outcomes[i]!._tag !== "Sent")
  }
})

export interface Found extends Item<CoreRecord> {
  readonly shard: string
}

export interface Follow {
  readonly from: string | undefined
  readonly tenant: string
  /** Read on until this holds of what was found, at most so long. */
  readonly enough: (found: ReadonlyArray<Found>) => boolean
  readonly patienceMs: number
  readonly limit?: number
}

/** A tenant's records as a reader of all shards finds them, parents before children. */
export const follow = Effect.fnUntraced(function* (bus: Shape, { enough, from, limit, patienceMs, tenant }: Follow) {
  const deadline = (yield* Clock.currentTimeMillis) + patienceMs
  const [found, ended] = [Array<Found>(), new Set<string>()]
  const places = new Map<string, string>()
  while (!enough(found)) {
    const shards = yield* bus.shards
    const known = new Set(shards.map(({ id }) => id))
    let came = 0
    // They come in no order: this one is the worst.
    for (const { id, parents } of shards.toReversed()) {
      if (ended.has(id) || parents.some((parent) => known.has(parent) && !ended.has(parent))) continue
      const batch = yield* bus.read(id, places.get(id) ?? from, limit ?? 100)
      places.set(id, batch.next)
      if (batch.isEnd) ended.add(id)
      came += batch.items.length + (batch.isEnd ? 1 : 0)
      for (const item of batch.items) if (item.value.stream.tenant === tenant) found.push({ ...item, shard: id })
    }
    if (came > 0) continue
    if ((yield* Clock.currentTimeMillis) >= deadline) {
      return yield* new LawBroken({ message: `${found.length} records were found, and not enough of them in time` })
    }
    yield* bus.wait(200)
  }
  return found
})

/** The events of a stream in the order in which they come first. */
export const firsts = (found: ReadonlyArray<Found>, stream: StreamKey): ReadonlyArray<CoreEvent> => {
  const seen = new Map<number, CoreEvent>()
  for (const { value } of found) {
    if (keyOf(value.stream) !== keyOf(stream)) continue
    for (const event of value.events) if (!seen.has(event.version)) seen.set(event.version, event)
  }
  return [...seen.values()]
}

/** Receives, and removes nothing, until messages of so many bodies have come. */
export const collect = Effect.fnUntraced(function* (
  queue: Queue,
  count: number,
  options: { readonly hiddenMs: number; readonly waitMs: number; readonly patienceMs: number },
) {
  const deadline = (yield* Clock.currentTimeMillis) + options.patienceMs
  const bodies = new Map<string, Message>()
  while (bodies.size < count) {
    for (const message of yield* queue.receive(10, options)) bodies.set(message.body, message)
    if (bodies.size < count && (yield* Clock.currentTimeMillis) >= deadline) {
      return yield* new LawBroken({ message: `${bodies.size} of ${count} messages came in time` })
    }
  }
  return [...bodies.values()]
})
