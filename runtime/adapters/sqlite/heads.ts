/**
 * What this process knows of streams: their numbers and ends, bounded, the longest unused forgotten first.
 *
 * Two generations instead of a list by use: a full one pushes the older out, whatever is used moves to the newer. Maps
 * in maps, because the parts of a key are texts that are at hand, and a joined text would be made and hashed each time.
 * @module
 */
import { empty, type Head, type StreamKey } from "../../../core/Stream.ts"

/** Where a stream stands in the tables; its number is the position of its first event, 0 before there is one. */
export interface Located {
  readonly streamNo: number
  readonly kindNo: number
  readonly head: Head
}
export const absent: Located = { streamNo: 0, kindNo: 0, head: empty }

export interface Heads {
  readonly get: (stream: StreamKey) => Located | undefined
  readonly set: (stream: StreamKey, located: Located) => void
  readonly clear: () => void
}

type Generation = Map<string, Map<string, Map<string, Located>>>
const inner = <V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> => {
  let found = map.get(key)
  if (found === undefined) map.set(key, found = new Map())
  return found
}

/** Holds at least the `capacity` streams used last, at most twice as many. */
export const make = (capacity: number): Heads => {
  let young: Generation = new Map()
  let old: Generation = new Map()
  let size = 0
  const set = (stream: StreamKey, located: Located) => {
    if (size >= capacity) {
      old = young
      young = new Map()
      size = 0
    }
    const byId = inner(inner(young, stream.tenant), stream.aggregate)
    if (!byId.has(stream.id)) size++
    byId.set(stream.id, located)
  }
  return {
    get: (stream) => {
      const located = young.get(stream.tenant)?.get(stream.aggregate)?.get(stream.id)
      if (located !== undefined) return located
      const older = old.get(stream.tenant)?.get(stream.aggregate)?.get(stream.id)
      if (older !== undefined) set(stream, older)
      return older
    },
    set,
    clear: () => {
      young = new Map()
      old = new Map()
      size = 0
    },
  }
}
