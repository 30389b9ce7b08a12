/**
 * Where streams end as this process itself has read or written them: what an append's expected version is believed by.
 *
 * `attribute_not_exists` stops doubles, not gaps. Events are never deleted, so a version that was once seen is there for
 * ever: an append that expects one not seen yet asks for it first, all others cost no request.
 * @module
 */
import type { Head } from "../../../core/Stream.ts"

export interface Heads {
  /** The latest that is known of a stream; it may have gone on since. */
  readonly get: (key: string) => Head | undefined
  readonly learn: (key: string, head: Head) => void
}

/** Remembers the last `max` streams. */
export const make = (max: number): Heads => {
  const known = new Map<string, Head>()
  return {
    get: (key) => known.get(key),
    learn: (key, head) => {
      const before = known.get(key)
      if (before !== undefined && before.version > head.version) return
      known.delete(key)
      known.set(key, head)
      if (known.size > max) known.delete(known.keys().next().value!)
    },
  }
}
