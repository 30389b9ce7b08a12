/**
 * Decisions that were made, bounded: two generations, so that what is in use stays and the rest leaves without a search.
 * @module
 */
import type { Input, PolicyDenied } from "../core/PolicyEnforcer.ts"

/** `true`, or the denial with the bundle that it comes from. */
export type Outcome = true | { readonly denial: PolicyDenied; readonly bundle: string }

export interface Remembered {
  readonly get: (key: string) => Outcome | undefined
  readonly set: (key: string, outcome: Outcome) => void
  readonly size: () => number
}

/** Unambiguous, and every part of the question is in it. */
export const keyOf = ({ action, aggregate, app, path, scopes, subject, tenant, type }: Input): string =>
  JSON.stringify([action, aggregate, type, path, tenant, subject, app, scopes])

/** Holds `max` decisions at most; none where it is below 2. */
export const make = (max: number): Remembered => {
  let young = new Map<string, Outcome>()
  let old: typeof young = new Map()
  const set = (key: string, outcome: Outcome): void => {
    if (max < 2) return
    young.set(key, outcome)
    if (young.size < Math.floor(max / 2)) return
    old = young
    young = new Map()
  }
  return {
    get: (key) => {
      const found = young.get(key)
      if (found !== undefined) return found
      const before = old.get(key)
      if (before === undefined) return undefined
      old.delete(key)
      set(key, before)
      return before
    },
    set,
    size: () => young.size + old.size,
  }
}
