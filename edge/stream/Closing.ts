/**
 * Why the server ends a socket, by the codes of RFC 6455 and its registry; docs/live.md tells clients what to do.
 * @module
 */

export interface Closing {
  readonly code: number
  readonly reason: string
}

export const goingAway: Closing = { code: 1001, reason: "the server goes away" }
export const expired: Closing = { code: 1008, reason: "the token has expired" }
export const flood: Closing = { code: 1008, reason: "too many messages" }
export const failed: Closing = { code: 1011, reason: "the store failed" }
export const slow: Closing = { code: 1013, reason: "the reader is too slow" }
export const overload: Closing = { code: 1013, reason: "try again later" }
