/**
 * In what two JSON values differ, place by place.
 * @module
 */
import { escape, unescape } from "../schemas/pointer.ts"

export interface Change {
  /** JSON pointer (RFC 6901). */
  readonly pointer: string
  /** Absent where the place is new. */
  readonly before?: unknown
  /** Absent where the place is gone. */
  readonly after?: unknown
}

type Members = { readonly [key: string]: unknown }
const membersOf = (value: unknown): Members | undefined =>
  typeof value === "object" && value !== null ? value as Members : undefined

/** The smallest places that differ, in the order of keys; items of arrays are compared by index. */
export const changes = (before: unknown, after: unknown, pointer = ""): ReadonlyArray<Change> => {
  const [a, b] = [membersOf(before), membersOf(after)]
  if (a === undefined || b === undefined || Array.isArray(before) !== Array.isArray(after)) {
    return Object.is(before, after) ? [] : [{ pointer, before, after }]
  }
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key): ReadonlyArray<Change> => {
    const at = `${pointer}/${escape(key)}`
    if (!Object.hasOwn(a, key)) return [{ pointer: at, after: b[key] }]
    if (!Object.hasOwn(b, key)) return [{ pointer: at, before: a[key] }]
    return changes(a[key], b[key], at)
  })
}

/** What stands at a pointer; the nearest thing above it where that is no object any more. */
export const valueAt = (value: unknown, pointer: string): unknown => {
  let found = value
  for (const key of pointer.split("/").slice(1)) {
    const members = membersOf(found)
    if (members === undefined) return found
    found = members[unescape(key)]
  }
  return found
}
