/**
 * What this process knows of streams: their numbers and ends, bounded, the longest unused forgotten first.
 *
 * Two generations instead of a list by use: a full one pushes the older out, whatever is used moves to the newer.
 * @module
 */
import { empty, type Head } from "../../../core/Stream.ts"

/** Where a stream stands in the tables; number 0 where it has no row yet. */
export interface Located {
  readonly streamNo: number
  readonly kindNo: number
  readonly head: Head
}
export const absent: Located = { streamNo: 0, kindNo: 0, head: empty }

export interface Heads {
  readonly get: (key: string) => Located | undefined
  readonly set: (key: string, located: Located) => void
  readonly clear: () => void
}

/** Holds at least the `capacity` streams used last, at most twice as many. */
export const make = (capacity: number): Heads => {
  let young = new Map<string, Located>()
  let old = new Map<string, Located>()
  const set = (key: string, located: Located) => {
    if (young.size >= capacity && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, located)
  }
  return {
    get: (key) => {
      const located = young.get(key)
      if (located !== undefined) return located
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
    clear: () => {
      young = new Map()
      old = new Map()
    },
  }
}
