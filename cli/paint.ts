/**
 * How verbs show values and what changed in them: in colors where a terminal wants them, and never able to steer it.
 * @module
 */
import type { Change } from "../runtime/changes.ts"

const widthMax = 100

export interface Paint {
  readonly added: (text: string) => string
  readonly removed: (text: string) => string
  readonly changed: (text: string) => string
  readonly strong: (text: string) => string
  readonly dim: (text: string) => string
}
const sgr = (code: number) => (text: string): string => `\x1b[${code}m${text}\x1b[0m`
export const colored: Paint = { added: sgr(32), removed: sgr(31), changed: sgr(33), strong: sgr(1), dim: sgr(2) }
const as = (text: string): string => text
export const plain: Paint = { added: as, removed: as, changed: as, strong: as, dim: as }

/** Values of users may hold anything, and JSON writes all that could steer a terminal as escapes but these. */
const escaped = (json: unknown): string =>
  (JSON.stringify(json) ?? "").replaceAll(
    /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
export const value = (json: unknown): string => {
  const text = escaped(json)
  return text.length > widthMax ? `${text.slice(0, widthMax - 1)}…` : text
}

/** A name that nobody has to quote, as safe as a value. */
export const bare = (text: string): string => value(text).slice(1, -1)

/** The same in full: what somebody may have to copy. */
export const full = (text: string): string => escaped(text).slice(1, -1)

export const changeLine = (change: Change, paint: Paint): string => {
  const place = change.pointer === "" ? "(all)" : bare(change.pointer)
  if (!("before" in change)) return paint.added(`+ ${place} ${value(change.after)}`)
  if (!("after" in change)) return paint.removed(`- ${place} ${value(change.before)}`)
  return paint.changed(`~ ${place} ${value(change.before)} → ${value(change.after)}`)
}
