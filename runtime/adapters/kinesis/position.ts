/**
 * Where a reader of a shard stands: `<sequence number>@<ms>` behind a record, or `at:<ms>`.
 *
 * Kinesis does not say that what stood behind a sequence number is gone: it goes on with the oldest it has, or gives
 * nothing for ever. So each position knows the time up to which nothing is missing, and is too old once the stream keeps
 * no more.
 * @module
 */

export interface Position {
  readonly sequence: string | undefined
  /** By the clock of Kinesis, or ours less `skewMs`: all that came before was read. */
  readonly ms: number
}

/** AWS takes no call from a clock further from its own. */
export const skewMs = 5 * 60_000

/** An empty batch renews the time of a position so often: each is another checkpoint. */
const renewMs = 3_600_000

export const positionAt = (ms: number): string => `at:${ms}`
export const behind = (sequence: string, ms: number): string => `${sequence}@${ms}`

/** A text that is no position of ours is a defect of the reader. */
export const parse = (text: string): Position => {
  const [, sequence, , ms] = /^(?:(\d{1,128})@|(at:))(-?\d{1,16})$/.exec(text) ?? []
  if (ms === undefined) throw new Error("not a position of a Kinesis stream")
  return { sequence, ms: Number(ms) }
}

/** Behind a read from `after` that found nothing and stands `behindMs` behind the shard's end. */
export const behindNothing = (after: string | undefined, nowMs: number, behindMs: number): string => {
  const readMs = nowMs - behindMs - skewMs
  if (after === undefined) return positionAt(readMs)
  const { ms, sequence } = parse(after)
  if (readMs - ms < renewMs) return after
  return sequence === undefined ? positionAt(readMs) : behind(sequence, readMs)
}

/** Something behind it may be gone. */
export const isForgotten = (ms: number, nowMs: number, retentionMs: number): boolean =>
  nowMs - ms >= retentionMs - skewMs
