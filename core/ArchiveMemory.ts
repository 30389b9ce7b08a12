/**
 * The archive over a memory store's data, and the specification of every other one.
 * @module
 */
import { Clock, Context, Effect, Layer } from "effect"
import { Archive, type Entry, type PassedReceipt, type Restored, same, type Shape } from "./Archive.ts"
import * as Cursor from "./Cursor.ts"
import { EventStore, tombstone } from "./EventStore.ts"
import * as EventStoreMemory from "./EventStoreMemory.ts"
import { canonical } from "./Fingerprint.ts"
import { Limits } from "./Limits.ts"
import { empty, keyOf, streamOf } from "./Stream.ts"

const kind = "memory"
type Place = readonly [recordedAt: number, commandId: string, stream: string]
const placeOf = (one: PassedReceipt): Place => [one.recordedAt, one.commandId, keyOf(one.stream)]

export const make = (state: EventStoreMemory.State): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ receiptTtlMs }) => {
    const { log, passing, streams } = state
    const now = Effect.map(Clock.currentTimeMillis, Math.floor)

    const restoreEvents = ({ events }: Extract<Entry, { readonly _tag: "Events" }>): Restored => {
      const [first, last] = [events[0]!, events.at(-1)!]
      const key = keyOf(first)
      const there = streams.get(key)
      const head = there?.head ?? empty
      if (last.version <= head.version) {
        return same(there!.events.slice(first.version - 1, last.version), events) ? "Present" : "Conflict"
      }
      const follows = head.version === first.version - 1 && head.recordedAt <= first.recordedAt && !head.closed
      if (!follows || there?.accepted.has(first.commandId) || passing.has(`${key}/${first.commandId}`)) {
        return "Conflict"
      }
      const { commandId, fingerprint } = first
      const stream: NonNullable<typeof there> = there ?? { key: streamOf(key), events: [], accepted: new Map(), head }
      log.push(...events)
      stream.events.push(...events)
      stream.head = { version: last.version, recordedAt: last.recordedAt, closed: last.type === tombstone.type }
      const named = events.map(({ eventId, type, version }) => ({ eventId, type, version }))
      const receipt = { commandId, fingerprint, version: last.version, refusal: undefined }
      stream.accepted.set(commandId, { ...receipt, events: named, offset: log.length })
      streams.set(key, stream)
      return "Stored"
    }

    const restoreReceipt = ({ recordedAt, stream, ...rest }: PassedReceipt, nowMs: number): Restored => {
      const [key, there] = [`${keyOf(stream)}/${rest.commandId}`, streams.get(keyOf(stream))]
      const receipt = { ...rest, events: [], offset: undefined }
      const known = there?.accepted.get(rest.commandId) ?? passing.get(key)?.receipt
      if (known !== undefined) return canonical(known) === canonical(receipt) ? "Present" : "Conflict"
      if (nowMs - recordedAt > receiptTtlMs || rest.version > (there?.head.version ?? 0)) return "Skipped"
      passing.set(key, { receipt, at: recordedAt })
      return "Stored"
    }

    return Archive.of({
      events: (tenant) =>
        Effect.sync(() => tenant === undefined ? log.length : log.filter((one) => one.tenant === tenant).length),
      receipts: (cursor, limit) =>
        Effect.gen(function* () {
          const asked = [kind, "receipts"]
          const after = yield* Cursor.decode<[number, string, string]>(asked, "iss", cursor)
          const nowMs = yield* now
          const all = [...passing].filter(([, { at }]) => nowMs - at <= receiptTtlMs)
            .map(([key, { at, receipt: { commandId, fingerprint, refusal, version } }]): PassedReceipt => ({
              ...{ stream: streamOf(key), commandId, fingerprint, version, recordedAt: at, refusal },
            }))
            .filter((one) => after === undefined || Cursor.compare(placeOf(one), after) > 0)
            .sort((a, b) => Cursor.compare(placeOf(a), placeOf(b)))
          return Cursor.paged(all, limit, (one) => Cursor.encode(asked, placeOf(one)))
        }),
      cursorBehind: (stream, version) =>
        Effect.sync(() => {
          const index = log.findIndex((event) => keyOf(event) === keyOf(stream) && event.version === version)
          return index < 0 ? undefined : Cursor.feedAt(kind, index + 1)
        }),
      restore: (entries) =>
        Effect.map(now, (nowMs) => {
          const outcomes: Array<Restored> = []
          for (const entry of entries) {
            const outcome = entry._tag === "Events" ? restoreEvents(entry) : restoreReceipt(entry.receipt, nowMs)
            outcomes.push(outcome)
            if (outcome === "Conflict") break
          }
          return outcomes
        }),
    })
  })

/** An empty store and its archive, over the same data. */
export const layer: Layer.Layer<EventStore | Archive> = Layer.effectContext(Effect.gen(function* () {
  const state = EventStoreMemory.emptyState()
  return Context.make(EventStore, yield* EventStoreMemory.make(state)).pipe(Context.add(Archive, yield* make(state)))
}))
