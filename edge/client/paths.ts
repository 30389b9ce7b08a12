/**
 * Paths and queries, from ids that fit the rule.
 * @module
 */
import { failure } from "./NexusError.ts"

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/
/** Aggregates and commands; what else is asked of a client's objects is none of theirs. */
export const namePattern = /^[A-Z][A-Za-z0-9]{0,63}$/

/** The id itself. What breaks the rule could name another path and is not sent. */
export const checked = (part: string, id: string): string => {
  if (idPattern.test(id)) return id
  throw failure("invalid-id", "Use a letter or digit, then up to 127 of A-Z a-z 0-9 . _ ~ -", {
    status: 400,
    members: { part },
  })
}

/** A time as RFC 3339 text, milliseconds since 1970, or a `Date`. */
export type Time = string | number | Date

/** Parameters that are absent are left out. */
export const query = (parameters: { readonly [name: string]: Time | undefined }): string => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, String(value instanceof Date ? value.getTime() : value))
  }
  const text = search.toString()
  return text === "" ? "" : `?${text}`
}
