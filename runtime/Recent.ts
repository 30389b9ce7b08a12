/**
 * What a tail over a bus has handed out lately: so that nothing is handed out twice within that time, and a subscription
 * that has caught up by time goes on where the listing ended. Bounded in time, count and bytes.
 * @module
 */
import type { StoredEvent } from "../core/EventStore.ts"
import { keyOf } from "../core/Stream.ts"

interface Entry {
  /** From 1 on, in the order in which they were handed out. */
  readonly no: number
  readonly atMs: number
  readonly event: StoredEvent
}

export interface Recent {
  /** Keeps those that it does not hold yet, and answers with them, in order. */
  readonly add: (events: ReadonlyArray<StoredEvent>, nowMs: number) => ReadonlyArray<StoredEvent>
  readonly has: (event: Pick<StoredEvent, "tenant" | "aggregate" | "id" | "version">) => boolean
  /** The number of the last entry there was. */
  readonly last: () => number
  /**
   * A tenant's behind entry `no` that were recorded at `fromMs` or later, with the number of the last; nothing where some
   * of them are forgotten.
   */
  readonly since: (
    tenant: string,
    no: number,
    fromMs: number,
    limit: number,
  ) => { readonly events: ReadonlyArray<StoredEvent>; readonly no: number; readonly isEnd: boolean } | undefined
  /** Forgets all. Only whoever asks by time, and knows since when this is filled, may go on. */
  readonly clear: () => void
}

const nameOf = (event: Pick<StoredEvent, "tenant" | "aggregate" | "id" | "version">) =>
  `${keyOf(event)}/${event.version}`

export const make = (max: { readonly ms: number; readonly events: number; readonly units: number }): Recent => {
  const entries = new Map<string, Entry>()
  let [last, units] = [0, 0]
  /** The last entry that was forgotten, and the latest time among them. */
  let [lostNo, lostMs] = [0, -Infinity]

  const trim = (nowMs: number): void => {
    for (const [name, { atMs, event, no }] of entries) {
      if (atMs > nowMs - max.ms && entries.size <= max.events && units <= max.units) return
      entries.delete(name)
      units -= event.payload.length
      lostNo = no
      lostMs = Math.max(lostMs, event.recordedAt)
    }
  }

  return {
    add: (events, nowMs) => {
      const fresh = events.filter((event) => {
        const name = nameOf(event)
        if (entries.has(name)) return false
        entries.set(name, { no: ++last, atMs: nowMs, event })
        units += event.payload.length
        return true
      })
      trim(nowMs)
      return fresh
    },
    has: (event) => entries.has(nameOf(event)),
    last: () => last,
    since: (tenant, no, fromMs, limit) => {
      if (no < lostNo && lostMs >= fromMs) return undefined
      const found: Array<StoredEvent> = []
      for (const entry of entries.values()) {
        if (entry.no <= no || entry.event.tenant !== tenant || entry.event.recordedAt < fromMs) continue
        if (found.length === limit) return { events: found, no, isEnd: false }
        found.push(entry.event)
        no = entry.no
      }
      return { events: found, no: last, isEnd: true }
    },
    clear: () => {
      entries.clear()
      units = 0
      // Something may have been missed behind the last entry, too.
      lostNo = ++last
      lostMs = -Infinity
    },
  }
}
