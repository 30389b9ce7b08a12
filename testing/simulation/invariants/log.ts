/**
 * What the log itself must be: one immutable event a version, without gaps, every writer fenced, time never falling.
 * @module
 */
import { type StoredEvent, tombstone } from "../../../core/EventStore.ts"
import { keyOf } from "../../../core/Stream.ts"
import type { Violation } from "../run.ts"
import type { Facts } from "./Facts.ts"

export const log = ({ run, streams }: Facts): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const say = (invariant: number, message: string) => void found.push({ invariant, message })
  const inFeed = new Map<string, StoredEvent>()
  for (const event of run.feed) {
    const key = `${keyOf(event)}@${event.version}`
    if (inFeed.has(key)) say(2, `the feed holds ${key} twice`)
    inFeed.set(key, event)
  }
  let count = 0
  for (const [key, { events }] of streams) {
    count += events.length
    events.forEach((event, i) => {
      const before = events[i - 1]
      const at = `${key}@${event.version}`
      if (event.version !== i + 1) say(3, `${at} stands where version ${i + 1} belongs`)
      if (before?.type === tombstone.type) say(2, `${at} stands behind a tombstone`)
      if (keyOf(event) !== key) say(14, `${keyOf(event)}@${event.version} stands in the stream ${key}`)
      if (before !== undefined && event.recordedAt < before.recordedAt) {
        say(19, `${at} was recorded before its forerunner`)
      }
      const other = inFeed.get(at)
      if (other === undefined || JSON.stringify(other) !== JSON.stringify(event)) {
        say(2, `the feed tells ${at} otherwise`)
      }
    })
  }
  if (count !== run.feed.length) say(2, `the streams hold ${count} events, the feed ${run.feed.length}`)
  return [...found, ...claims({ run, streams })]
}

/** The store said "committed": the log must hold exactly that, and the writer must have stood at the head. */
const claims = ({ run, streams }: Pick<Facts, "run" | "streams">): ReadonlyArray<Violation> => {
  const found: Array<Violation> = []
  const winners = new Map<string, string>()
  for (const { append, began, ended, outcome, who } of run.commits) {
    if (outcome._tag !== "Committed") continue
    const key = keyOf(append.stream)
    const stream = streams.get(key)
    if (stream === undefined) continue
    const { version } = append.expected
    const atHead = stream.moments.some((moment) =>
      moment.version === version && moment.from <= ended && moment.until >= began
    )
    if (!atHead) found.push({ invariant: 4, message: `${who} was not fenced at ${key}@${version}` })
    append.events.forEach(({ eventId, payload, type }, i) => {
      const at = `${key}@${version + 1 + i}`
      const winner = winners.get(at)
      if (winner !== undefined) found.push({ invariant: 4, message: `${winner} and ${who} both won ${at}` })
      winners.set(at, who)
      const stored = stream.events[version + i]
      if (stored?.eventId !== eventId || stored.payload !== payload || stored.type !== type) {
        found.push({ invariant: 2, message: `the log does not hold what ${who} stored as ${at}` })
      }
    })
  }
  return found
}
