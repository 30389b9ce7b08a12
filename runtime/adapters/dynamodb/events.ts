/**
 * The event store on DynamoDB. Conditions on items are the fence; what this process remembers of heads only spares reads.
 * @module
 */
import { Clock, Effect } from "effect"
import * as Cursor from "../../../core/Cursor.ts"
import {
  type Append,
  BadCursor,
  EventStore,
  type Outcome,
  type Shape,
  StoreOutcomeUnknown,
  StoreUnavailable,
} from "../../../core/EventStore.ts"
import { mistake } from "../../../core/group.ts"
import { Limits } from "../../../core/Limits.ts"
import type { Asked, Calls } from "./calls.ts"
import { unavailable } from "./faults.ts"
import * as chains from "./chain.ts"
import * as feeds from "./feed.ts"
import * as Heads from "./heads.ts"
import * as items from "./items.ts"
import * as listings from "./listings.ts"
import { begun, readEvents, readHead, type Store } from "./store.ts"
import * as verdicts from "./verdicts.ts"

const kind = "dynamodb"
/**
 * A group is sent as one request a stream; many commands of a hot one share it. Answers wait for the slowest stream of a
 * group, hence few: ADR 22 says how their number was found.
 */
const appendMax = { appends: 512, bytes: 4_000_000, streams: 16 }
/** A write that was sent is over long before, and indexes have followed. */
const settleMs = 10_000

/** Appends by stream, each with its place in the group. */
const chainsOf = (group: ReadonlyArray<Append>) => {
  const found = new Map<string, Array<number>>()
  group.forEach(({ stream }, i) => {
    const key = items.keyOf(stream)
    const places = found.get(key)
    if (places === undefined) found.set(key, [i])
    else places.push(i)
  })
  return [...found.values()]
}

/** Where all of a group ended alike without an answer, the group did. */
const asOne = (
  outcomes: ReadonlyArray<Outcome>,
): Effect.Effect<ReadonlyArray<Outcome>, StoreUnavailable | StoreOutcomeUnknown> => {
  const [first] = outcomes
  if (first?._tag !== "Unavailable" && first?._tag !== "Unknown") return Effect.succeed(outcomes)
  if (!outcomes.every(({ _tag }) => _tag === first._tag)) return Effect.succeed(outcomes)
  const { reason } = first
  return Effect.fail(
    first._tag === "Unknown" ? new StoreOutcomeUnknown({ reason }) : new StoreUnavailable({ reason }),
  )
}

/** Time comes from the `Clock` of each call. `streams` finds the stream of the events table. */
export const make = (calls: Calls, streams: Asked<feeds.Streams>): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ actors, eventBytes, receiptTtlMs }) => {
    const store: Store = {
      calls,
      heads: Heads.make(actors),
      events: calls.tableOf("events"),
      receipts: calls.tableOf("receipts"),
      receiptTtlMs,
      iterators: new Map(),
    }
    const asked = <A>(call: Asked<A>) => calls.permit(unavailable(call))
    const wrongBytes = (group: ReadonlyArray<Append>): string | undefined =>
      group.some(({ events }) => events.some((event) => items.payloadBytes(event) > eventBytes))
        ? `an event of more than ${eventBytes} bytes`
        : undefined
    const clocked = <A, E>(f: (now: () => number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Clock.clockWith((clock) => f(() => Math.floor(clock.currentTimeMillisUnsafe())))

    return EventStore.of({
      kind,
      appendMax,
      settleMs,
      generatedKey: verdicts.generatedKey,
      commit: (group) => {
        const wrong = mistake(group, appendMax) ?? wrongBytes(group)
        if (wrong !== undefined) return Effect.die(new Error(wrong))
        if (group.length === 0) return Effect.succeed([])
        return clocked((now) =>
          Effect.flatMap(
            Effect.suspend(() => {
              const outcomes: Array<Outcome> = Array(group.length)
              const one = (places: ReadonlyArray<number>) =>
                Effect.map(
                  calls.permit(chains.commit(store, places.map((i) => group[i]!), now)),
                  (some) => some.forEach((outcome, n) => outcomes[places[n]!] = outcome),
                )
              return Effect.as(
                Effect.forEach(chainsOf(group), one, { concurrency: "unbounded", discard: true }),
                outcomes,
              )
            }),
            asOne,
          )
        )
      },
      read: (stream, after, limit) => asked(readEvents(store, items.keyOf(stream), { than: after, limit })),
      readEach: (requests, limit) =>
        Effect.forEach(
          requests,
          ({ after, stream }) => asked(readEvents(store, items.keyOf(stream), { than: after, limit })),
          { concurrency: "unbounded" },
        ),
      begun: (streams) => asked(begun(store, streams.map(items.keyOf))),
      readBackwards: (stream, before, limit) =>
        asked(readEvents(store, items.keyOf(stream), { than: before, limit, backwards: true })),
      head: (stream) => asked(readHead(store, items.keyOf(stream))),
      receipt: (stream, commandId) =>
        clocked((now) => asked(verdicts.receipt(store, stream, commandId, now() - receiptTtlMs))),
      byTime: (range) => {
        const named = [kind, "byTime", range.tenant, range.aggregate ?? ""]
        return Effect.flatMap(
          Cursor.decode<[number, string, string, number]>(named, "issi", range.cursor),
          (after): ReturnType<Shape["byTime"]> => {
            if (after !== undefined && !items.isPlace(items.placeKey(...after))) return Effect.fail(new BadCursor())
            return clocked((now) => {
              const settled = { ...range, to: Math.min(range.to, now() - settleMs), limit: range.limit + 1 }
              return Effect.map(
                asked(listings.byTime(store, settled, after)),
                (found) => Cursor.paged(found, range.limit, (event) => Cursor.encode(named, Cursor.timeKey(event))),
              )
            })
          },
        )
      },
      feed: (cursor, limit) =>
        Effect.flatMap(Cursor.decode<[string]>([kind, "feed"], "s", cursor), (at): ReturnType<Shape["feed"]> => {
          const from = at === undefined ? feeds.start(calls.wallMs()) : feeds.decode(at[0])
          if (from === undefined) return Effect.fail(new BadCursor())
          return Effect.map(
            asked(feeds.read(store, streams, from, limit)),
            ({ at, events }) => ({ items: events, cursor: Cursor.encode([kind, "feed"], [feeds.encode(at)]) }),
          )
        }),
      feedEnd: Effect.map(
        asked(feeds.isEmpty(store)),
        (isEmpty) => isEmpty ? undefined : Cursor.encode([kind, "feed"], [feeds.encode(feeds.end(calls.wallMs()))]),
      ),
      streams: (tenant, aggregate, cursor, limit) => {
        const named = [kind, "streams", tenant, aggregate]
        return Effect.flatMap(
          Cursor.decode<[string]>(named, "s", cursor),
          (after): ReturnType<Shape["streams"]> =>
            after !== undefined && !items.isPlace(after[0]) ? Effect.fail(new BadCursor()) : Effect.map(
              asked(listings.streams(store, tenant, aggregate, after?.[0], limit + 1)),
              (found) => Cursor.paged(found, limit, ({ id }) => Cursor.encode(named, [id])),
            ),
        )
      },
    })
  })
