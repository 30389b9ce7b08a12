/**
 * What this process knows of streams: their numbers and ends, bounded, the longest unused forgotten first.
 *
 * Two generations instead of a list by use: a full one pushes the older out, whatever is used moves to the newer. Maps
 * in maps, because the parts of a key are texts that are at hand, and a joined text would be made and hashed each time.
 * @module
 */
import type { Head, StreamKey } from "../../../core/Stream.ts"

/**
 * Where a stream stands in the tables; its number is the position of its first event, 0 before there is one. The commit
 * writes it: where that fails, all of them are forgotten.
 */
export interface Located {
  streamNo: number
  kindNo: number
  head: Head
}

export interface Heads {
  readonly get: (stream: StreamKey) => Located | undefined
  readonly set: (stream: StreamKey, located: Located) => void
  readonly clear: () => void
}

type ById = Map<string, Located>
interface Generation {
  /** The map of these streams' ids, made where `make` is told to. */
  readonly ids: (stream: StreamKey, make: boolean) => ById | undefined
}

/** Streams of one tenant and aggregate mostly come together, so the map used last is at hand. */
const generation = (): Generation => {
  const byTenant = new Map<string, Map<string, ById>>()
  let tenant = ""
  let aggregate = ""
  let last: ById | undefined
  return {
    ids: (stream, make) => {
      if (last !== undefined && stream.aggregate === aggregate && stream.tenant === tenant) return last
      let byAggregate = byTenant.get(stream.tenant)
      if (byAggregate === undefined && make) byTenant.set(stream.tenant, byAggregate = new Map())
      let found = byAggregate?.get(stream.aggregate)
      if (found === undefined && make) byAggregate!.set(stream.aggregate, found = new Map())
      if (found === undefined) return undefined
      tenant = stream.tenant
      aggregate = stream.aggregate
      return last = found
    },
  }
}

/** Holds at least the `capacity` streams used last, at most twice as many. */
export const make = (capacity: number): Heads => {
  let young = generation()
  let old = generation()
  let size = 0
  const set = (stream: StreamKey, located: Located) => {
    if (size >= capacity) {
      old = young
      young = generation()
      size = 0
    }
    const ids = young.ids(stream, true)!
    const before = ids.size
    ids.set(stream.id, located)
    size += ids.size - before
  }
  return {
    get: (stream) => {
      const located = young.ids(stream, false)?.get(stream.id)
      if (located !== undefined) return located
      const older = old.ids(stream, false)?.get(stream.id)
      if (older !== undefined) set(stream, older)
      return older
    },
    set,
    clear: () => {
      young = generation()
      old = generation()
      size = 0
    },
  }
}
