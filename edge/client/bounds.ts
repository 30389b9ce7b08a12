/**
 * Every bound of the client in one place, and how long it waits between attempts.
 * @module
 */
import type { Platform } from "./Platform.ts"

export const defaults = {
  /** Of one request, the first included. */
  attempts: 8,
  /** Of one request with all its attempts and waits; no attempt begins that could only end behind it. */
  totalMs: 90_000,
  /** Of one attempt; the server itself answers within 30 s. */
  attemptMs: 35_000,
  backoffMs: 100,
  backoffMaxMs: 5_000,
  /** Of one answer. */
  answerBytes: 32 * 1024 * 1024,
  /** Until a socket is open. */
  openMs: 15_000,
  /** A socket that said nothing for so long is asked for a sign of life, and has as long to give one. */
  silenceMs: 30_000,
  /** Sockets that could not be made, in a row: three hours at the longest wait. */
  reconnects: 1_000,
  reconnectMaxMs: 10_000,
  subscriptions: 50,
  /** Of one message to the server. */
  messageBytes: 32 * 1024,
  /** Events that wait for their reader, a subscription; it is halted until half of them were read. */
  waitingEvents: 1_000,
  waitingBytes: 8 * 1024 * 1024,
  /** Streams whose last version is remembered, a subscription by position. */
  streams: 10_000,
} as const

export type Bounds = { readonly [K in keyof typeof defaults]: number }

/** Doubles with each attempt, less up to its half, so that clients cut off together do not come back together. */
export const backoff = (
  platform: Platform,
  { baseMs, failures, maxMs }: { readonly baseMs: number; readonly failures: number; readonly maxMs: number },
): number => Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30)) * (1 - platform.random() / 2)

/** The milliseconds that a `Retry-After` asks for, seconds or a date. */
export const retryAfterMs = (text: string | null, nowMs: number): number | undefined => {
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
