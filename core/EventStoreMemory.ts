/**
 * The event store in memory, and the specification of every other one: what it does is what the port means.
 *
 * Its data is a value of its own, so that several stores can share it and a crashed one can be opened again.
 * @module
 */
import { Clock, Effect, Layer } from "effect"
import * as Cursor from "./Cursor.ts"
import {
  type Append,
  BadCursor,
  EventStore,
  type Outcome,
  type Receipt,
  type Shape,
  type StoredEvent,
  tombstone,
} from "./EventStore.ts"
import { mistake } from "./group.ts"
import { Limits } from "./Limits.ts"
import { empty, type Head, keyOf, type StreamKey } from "./Stream.ts"

interface Stream {
  readonly key: StreamKey
  readonly events: Array<StoredEvent>
  /** Accepted commands that left events; they are remembered while the stream lives. */
  readonly accepted: Map<string, Receipt>
  head: Head
}

/** All that the store remembers. */
export interface State {
  /** The feed: the n-th event has offset n. */
  readonly log: Array<StoredEvent>
  readonly streams: Map<string, Stream>
  /** Refusals and no-ops by stream and command id, oldest first. */
  readonly passing: Map<string, { readonly receipt: Receipt; readonly at: number }>
}

export const emptyState = (): State => ({ log: [], streams: new Map(), passing: new Map() })

const kind = "memory"
const appendMax = { appends: 512, bytes: 4_000_000 }

/** Expired receipts forgotten for each one that is remembered: the map shrinks, no call is long. */
const prunedAtOnce = 8

/** A store over `state`; time comes from the `Clock` of each call. */
export const make = (state: State = emptyState()): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ receiptTtlMs }) => {
    const { log, streams, passing } = state
    const headOf = (stream: StreamKey): Head => streams.get(keyOf(stream))?.head ?? empty

    const find = (stream: StreamKey, commandId: string, now: number): Receipt | undefined => {
      const accepted = streams.get(keyOf(stream))?.accepted.get(commandId)
      if (accepted !== undefined) return accepted
      const passed = passing.get(`${keyOf(stream)}/${commandId}`)
      return passed !== undefined && now - passed.at <= receiptTtlMs ? passed.receipt : undefined
    }

    const pass = (key: string, receipt: Receipt, at: number, now: number) => {
      passing.delete(key)
      passing.set(key, { receipt, at })
      let looked = 0
      for (const [old, passed] of passing) {
        if (looked++ === prunedAtOnce || now - passed.at <= receiptTtlMs) break
        passing.delete(old)
      }
    }

    /** Stores an append that nothing speaks against. */
    const store = ({ stream: key, events, command, remember, refusal }: Append, now: number): Outcome => {
      const before = headOf(key)
      const recordedAt = Math.max(now, before.recordedAt)
      const confirmed: Outcome = { _tag: "Committed", head: before, offset: undefined }
      if (command === undefined || (events.length === 0 && !remember)) return confirmed
      const { given: _, ...record } = command
      const version = before.version + events.length
      const receipt = { commandId: command.commandId, fingerprint: command.fingerprint, version, refusal }
      if (events.length === 0) {
        const passed = { ...receipt, events: [], offset: undefined }
        pass(`${keyOf(key)}/${command.commandId}`, passed, recordedAt, now)
        return confirmed
      }
      const { tenant, aggregate, id } = key
      const stored = events.map(({ eventId, type, schemaVersion, payload }, i): StoredEvent => ({
        ...{ tenant, aggregate, id, eventId, type, schemaVersion, payload, ...record },
        version: before.version + 1 + i,
        recordedAt,
      }))
      const head = { version, recordedAt, closed: events.at(-1)!.type === tombstone.type }
      const stream: Stream = streams.get(keyOf(key)) ??
        { key: { tenant, aggregate, id }, events: [], accepted: new Map(), head }
      streams.set(keyOf(key), stream)
      log.push(...stored)
      stream.events.push(...stored)
      stream.head = head
      const named = stored.map(({ eventId, type, version }) => ({ eventId, type, version }))
      stream.accepted.set(command.commandId, { ...receipt, events: named, offset: log.length })
      return { _tag: "Committed", head, offset: log.length }
    }

    /** Looks receipts up no more often than an adapter must, so that whoever relies on more is found out. */
    const commitOne = (append: Append, broken: Set<string>, now: number): Outcome => {
      const { stream, expected, command } = append
      const repeated = (): Outcome | undefined => {
        const receipt = command && find(stream, command.commandId, now)
        return receipt && { _tag: "Duplicate", receipt }
      }
      const head = headOf(stream)
      const early = command?.given ? repeated() : undefined
      if (early !== undefined) return early
      const lost = broken.has(keyOf(stream))
      const closed = !lost && head.closed && command !== undefined
      if (!lost && !closed && head.version === expected.version) {
        // A receipt is never written over, whoever chose its id.
        return (append.events.length === 0 && append.remember ? repeated() : undefined) ?? store(append, now)
      }
      return repeated() ?? { _tag: closed ? "Closed" : "Conflict" }
    }

    const clocked = <A>(f: (now: number) => A): Effect.Effect<A> =>
      Clock.clockWith((clock) => Effect.sync(() => f(Math.floor(clock.currentTimeMillisUnsafe()))))
    const eventsOf = (stream: StreamKey) => streams.get(keyOf(stream))?.events ?? []
    const page = (stream: StreamKey, after: number, limit: number) => eventsOf(stream).slice(after, after + limit)

    return EventStore.of({
      kind,
      appendMax,
      commit: (group) => {
        const wrong = mistake(group, appendMax)
        if (wrong !== undefined) return Effect.die(new Error(wrong))
        return clocked((now) => {
          const broken = new Set<string>()
          return group.map((append) => {
            const outcome = commitOne(append, broken, now)
            if (outcome._tag !== "Committed") broken.add(keyOf(append.stream))
            return outcome
          })
        })
      },
      read: (stream, after, limit) => Effect.sync(() => page(stream, after, limit)),
      readEach: (requests, limit) => Effect.sync(() => requests.map(({ stream, after }) => page(stream, after, limit))),
      readBackwards: (stream, before, limit) =>
        Effect.sync(() => {
          const below = eventsOf(stream).slice(0, Math.max(0, before - 1))
          return below.slice(Math.max(0, below.length - limit)).reverse()
        }),
      head: (stream) => Effect.sync(() => headOf(stream)),
      receipt: (stream, commandId) => clocked((now) => find(stream, commandId, now)),
      byTime: ({ tenant, from, to, aggregate, cursor, limit }) => {
        const asked = [kind, "byTime", tenant, aggregate ?? ""]
        return Effect.map(Cursor.decode<[number, string, string, number]>(asked, "issi", cursor), (after) => {
          const items = log
            .filter((event) => event.tenant === tenant && (aggregate === undefined || event.aggregate === aggregate))
            .filter((event) => event.recordedAt >= from && event.recordedAt < to)
            .filter((event) => after === undefined || Cursor.compare(Cursor.timeKey(event), after) > 0)
            .sort((a, b) => Cursor.compare(Cursor.timeKey(a), Cursor.timeKey(b)))
          return Cursor.paged(items, limit, (event) => Cursor.encode(asked, Cursor.timeKey(event)))
        })
      },
      feed: (cursor, limit) =>
        Effect.flatMap(Cursor.decode<[number]>([kind, "feed"], "i", cursor), (at) => {
          const after = at?.[0] ?? 0
          if (after > log.length) return Effect.fail(new BadCursor())
          const items = log.slice(after, after + limit)
          const end = Cursor.feedAt(kind, after + items.length)
          return Effect.succeed({ items, cursor: items.length === 0 ? cursor : end })
        }),
      feedEnd: Effect.sync(() => log.length === 0 ? undefined : Cursor.feedAt(kind, log.length)),
      streams: (tenant, aggregate, cursor, limit) => {
        const asked = [kind, "streams", tenant, aggregate]
        return Effect.map(Cursor.decode<[string]>(asked, "s", cursor), (after) => {
          const items = [...streams.values()].map(({ key }) => key)
            .filter((key) => key.tenant === tenant && key.aggregate === aggregate)
            .filter((key) => after === undefined || key.id > after[0])
            .sort((a, b) => Cursor.compare([a.id], [b.id]))
          return Cursor.paged(items, limit, (key) => Cursor.encode(asked, [key.id]))
        })
      },
    })
  })

/** A store over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<EventStore> => Layer.effect(EventStore, make(state))

/** An empty store of its own. */
export const layer: Layer.Layer<EventStore> = Layer.effect(EventStore, Effect.suspend(() => make()))
