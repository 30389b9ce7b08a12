/**
 * Where the later events of streams stand: the newest in a table of few pages, from which each group moves some on.
 *
 * A group of commands to many streams would write a page of the large table for each of them; moved in the order of the
 * key, a page is written once for a handful.
 * @module
 */
import type { Session } from "./session.ts"

/** So many stay in the small table; its pages, some twenty, are written by every group. */
const kept = 4096
/** Fewer are not worth three statements. */
const movedAtLeast = 256

/** The key of the last row that was moved; the next group goes on behind it. */
export type Key = readonly [streamNo: number, version: number]
export const start: Key = [0, 0]
const end: Key = [Number.MAX_SAFE_INTEGER, 0]

/** Adds the events behind `position` and moves as many as are too many. Versions of a stream are moved in order. */
export const add = (session: Session, position: number): void => {
  const { statements } = session
  session.newPlaces += Number(statements.insertPlaces.run(position).changes)
  const count = session.newPlaces - kept
  if (count < movedAtLeast) return
  const last = statements.placeBehind.get(...session.movedTo, count - 1) as
    | { readonly stream_no: number; readonly version: number }
    | undefined
  const to: Key = last === undefined ? end : [last.stream_no, last.version]
  session.newPlaces -= Number(statements.movePlaces.run(...session.movedTo, ...to).changes)
  statements.dropPlaces.run(...session.movedTo, ...to)
  session.movedTo = last === undefined ? start : to
}
