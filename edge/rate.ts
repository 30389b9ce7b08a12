/**
 * A token bucket a principal and process: bursts up to one second's worth, then the steady rate.
 * @module
 */

interface Bucket {
  tokens: number
  /** Milliseconds of the last refill. */
  at: number
}

/** Takes one token of `key`; false: there is none left. Of a clock that only goes on: a wall clock may be set. */
export type Take = (key: string, nowMs: number) => boolean

/** At most `keys` buckets; the one touched longest ago makes room, and if idle for a second it was full anyway. */
export const make = (perSecond: number, keys: number): Take => {
  const buckets = new Map<string, Bucket>()
  return (key, nowMs) => {
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      if (buckets.size >= keys) buckets.delete(buckets.keys().next().value!)
      bucket = { tokens: perSecond, at: nowMs }
    } else {
      bucket.tokens = Math.min(perSecond, bucket.tokens + (nowMs - bucket.at) * perSecond / 1000)
      bucket.at = nowMs
      buckets.delete(key)
    }
    buckets.set(key, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}
