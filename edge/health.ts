/**
 * Whether this process can do its work: not draining, and its store has not failed for long.
 *
 * A read that works says nothing about writes (a full disk reads well), so what commands met counts too, for a while.
 *
 * Its times only pass: a wall clock that is set back would keep a dead store ready, one that is set on lose a good one.
 * @module
 */

export interface Health {
  /** A command was answered: by the store's word, or because the store failed. */
  readonly saw: (storeFailed: boolean, nowMs: number) => void
  /** A read of the store succeeded or failed. */
  readonly probed: (failed: boolean, nowMs: number) => void
  readonly isFailing: (nowMs: number) => boolean
}

/** `failingMs`: how long a store may fail before the process is not ready. */
export const make = (failingMs: number): Health => {
  /** Of the first failure without a success after it. */
  let since: number | undefined
  let lastFailedCommand = -Infinity
  /** Without traffic no command tells that writes work again: the memory of a failed one fades. */
  const fadesMs = failingMs * 6

  const failed = (now: number) => since ??= now
  return {
    saw: (storeFailed, now) => {
      if (!storeFailed) {
        since = undefined
        return
      }
      lastFailedCommand = now
      failed(now)
    },
    probed: (probeFailed, now) => {
      if (probeFailed) failed(now)
      else if (now - lastFailedCommand >= fadesMs) since = undefined
    },
    isFailing: (now) => since !== undefined && now - since >= failingMs,
  }
}
