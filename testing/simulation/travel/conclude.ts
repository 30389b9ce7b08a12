/**
 * What follows the last fault: everything is routed and consumed, or parked where it can be seen; what is mended and
 * redriven is done; and once all is calm nothing is done twice any more.
 * @module
 */
import { Effect } from "effect"
import { type Any, wants } from "../../../core/Consumer.ts"
import { idOf, router } from "../../../core/DeadLetters.ts"
import type { StoredEvent } from "../../../core/EventStore.ts"
import { keyOf } from "../../../core/Stream.ts"
import * as QueueMemory from "../../../core/QueueMemory.ts"
import * as Start from "../../../runtime/workers/Start.ts"
import { register } from "../registryModel.ts"
import type { Violation } from "../run.ts"
import { land, redriveAll } from "./chaos.ts"
import * as Crew from "./crew.ts"
import { isSecondary } from "./domain.ts"
import * as Plan from "./plan.ts"
import * as Spoils from "./spoils.ts"
import { append } from "./writers.ts"

/** After the last fault everything must be on its way's end within so long. */
const settleMaxMs = 600_000
/** A walk through all streams has ended that long behind its begin. */
const walkMaxMs = 45_000
/** Longer than whoever is behind may be left to the feed or the bus. */
const calmMs = 20_000
const lookMs = 1_000

interface Setting extends Crew.Setting {
  readonly seen: Array<Violation>
  readonly plan: Plan.Plan
  readonly spoils: Spoils.Spoils
}

/** One that never gives up may wait for ever in front of what fits no schema, and with it what stands behind that. */
const mayWait = ({ spoilt }: Plan.Plan, { onError }: Any): boolean => onError === "retry" && spoilt.size > 0

/** What is not at the end of its way; with `mayPark`, what is parked is. */
const missing = (
  { book, plan, roads, spoils }: Setting,
  consumers: ReadonlyArray<Any>,
  mayPark: boolean,
): ReadonlyArray<string> => {
  const { letters, marks, state } = roads
  const found: Array<string> = mayPark ? [...Spoils.lost(roads, spoils)] : []
  const isStuck = (who: string, { eventId }: StoredEvent) =>
    [...spoils.stuck].some(({ consumer, event }) => consumer === who && event?.eventId === eventId)
  for (const { events, key: stream } of state.streams.values()) {
    const key = keyOf(stream)
    // What stands behind one that can never be sent waits for a person.
    const bad = events.findIndex(({ eventId }) => plan.spoilt.has(eventId))
    const target = bad < 0 ? events.length : bad
    const isParked = (who: string, event?: StoredEvent) => mayPark && letters.has(idOf(who, stream, event?.eventId))
    const isRouted = (marks.get(router)?.get(key)?.version ?? 0) >= target && book.isDone(router, key, target)
    if (!isRouted && !isParked(router)) found.push(`${key} is not routed up to ${target}`)
    if (bad >= 0 && !letters.has(idOf(router, stream))) found.push(`nobody says that ${key} ${bad + 1} cannot be sent`)
    for (const consumer of consumers) {
      if (consumer.contract.aggregate !== stream.aggregate) continue
      if (mayWait(plan, consumer)) continue
      if (!book.isDone(consumer.name, key, target) && !isParked(consumer.name) && !isParked(router)) {
        found.push(`${consumer.name} has not done ${key} up to ${target}`)
      }
      for (const event of events.slice(0, target)) {
        if (!isSecondary(event.type) || !wants(consumer, event) || book.hasHandled(consumer.name, event.eventId)) {
          continue
        }
        if (book.isGivenUp(consumer.name, event) || isParked(consumer.name, event)) continue
        if (isParked(router) || isParked(consumer.name) || (mayPark && isStuck(consumer.name, event))) continue
        found.push(`${consumer.name} has not done the secondary ${key} ${event.version}`)
      }
    }
  }
  return found
}

/** Letters that nobody can mend: those of streams with an event that fits no schema. */
const remaining = ({ plan, roads: { letters, state } }: Setting): ReadonlyArray<string> =>
  [...letters.values()].filter(({ stream, version }) => {
    const events = state.streams.get(keyOf(stream))?.events ?? []
    const bad = events.findIndex(({ eventId }) => plan.spoilt.has(eventId))
    return bad < 0 || version <= bad
  }).map(({ error, id }) => `${id}: ${error}`)

const until = Effect.fnUntraced(function* (
  { seen, world }: Setting,
  invariant: number,
  left: () => ReadonlyArray<string>,
  again: Effect.Effect<void> = Effect.void,
) {
  const [end, roundMs] = [world.now() + settleMaxMs, 20 * lookMs]
  let lastAt = world.now()
  for (let found = left(); found.length > 0; found = left()) {
    if (world.now() >= end) {
      seen.push(
        ...found.slice(0, 5).map((message) => ({ invariant, message: `ten minutes after the last fault ${message}` })),
      )
      return
    }
    if (world.now() - lastAt >= roundMs) {
      lastAt = world.now()
      yield* again
    }
    yield* Effect.sleep(lookMs)
  }
})

/** Messages that nobody has removed: what was done of them comes again, and a dead one may become a letter again. */
const unreceived = ({ roads: { queues } }: Setting): ReadonlyArray<string> =>
  [...queues].flatMap(([consumer, { queue: { dead, messages } }]) =>
    messages.size + (dead?.messages.size ?? 0) === 0 ? [] : [`${consumer} has messages`]
  )

export const conclude = Effect.fnUntraced(function* (
  setting: Setting,
  slots: ReadonlyArray<Crew.Slot>,
  consumers: ReadonlyArray<Any>,
) {
  const { book, faults, mended, network, plan, registry, roads, seen, spoils, world } = setting
  world.note("world", "the faults end")
  register(world, registry)
  for (const slot of slots) if (slot.live === undefined) yield* Crew.open(setting, slot, true)
  // Whoever still runs the older release makes way for the newer one.
  for (const slot of slots) {
    if (slot.live?.isNewer === true) continue
    yield* Crew.shutdown(setting, slot)
    yield* Crew.open(setting, slot, true)
  }
  // What lasts has ended.
  yield* Effect.sleep(Math.max(0, faults.lastsUntil() - world.now()) + lookMs)
  land(setting)
  yield* until(setting, 10, () => missing(setting, consumers, true))

  mended.isSo = true
  const commands = roads.commands
  const again = Effect.gen(function* () {
    // Commands that nobody could decide in six receives: an operator sends them again.
    for (const { body, id } of [...commands.dead!.messages.values()]) {
      commands.dead!.messages.delete(id)
      QueueMemory.put(commands, body, network.wallMs())
    }
    Spoils.mend(world, roads, spoils, network.wallMs())
    yield* redriveAll(setting)
  })
  yield* again
  yield* until(setting, 17, () => remaining(setting), again)
  yield* until(setting, 10, () => missing(setting, consumers, false), again)
  yield* until(setting, 10, () => commands.messages.size === 0 ? [] : ["commands wait"], again)
  yield* until(setting, 10, () => [...unreceived(setting), ...remaining(setting)], again)
  if (seen.length > 0) return

  // A history that was forgotten is made good shard by shard, parents before children.
  yield* until(setting, 17, () => world.now() < mended.walkedAt + walkMaxMs ? ["somebody walks"] : [])
  // A first walk brings what another process has had from the queue: that may come twice.
  const isOver = (start: string) => Start.read(roads.leases.get(start)?.checkpoint)?.isOver === true
  const walking = () => consumers.filter((one) => !mayWait(plan, one) && !isOver(`${one.name}/start`))
  yield* until(setting, 17, () => walking().map(({ name }) => `${name} has not ended its first walk`))
  yield* Effect.sleep(lookMs)
  const calmFrom = world.now()
  let n = 0
  for (const { key } of [...roads.state.streams.values()]) {
    if (key.aggregate === "Parcel") {
      yield* append(setting, key, `calm-${n}`, Plan.eventsOf(world, `calm-${n++}`, 2, true))
    }
  }
  yield* until(setting, 10, () => missing(setting, consumers, false))
  yield* Effect.sleep(calmMs)
  for (const { at, what } of book.repeats) {
    if (at >= calmFrom) seen.push({ invariant: 10, message: `long after the last fault, ${what} came again` })
  }
  for (const message of unsaid(setting)) seen.push({ invariant: 5, message })
})

/** What the clerk commanded: once for each event it has done, and nothing else. */
const unsaid = ({ book, roads: { state } }: Setting): ReadonlyArray<string> => {
  const counted = new Map<string, number>()
  for (const { causationId, type } of state.log) {
    if (type === "Counted") counted.set(causationId!, (counted.get(causationId!) ?? 0) + 1)
  }
  return state.log.filter(({ type }) => type === "Packed").flatMap((event) => {
    const [count, wanted] = [counted.get(event.eventId) ?? 0, book.hasHandled("clerk", event.eventId) ? 1 : 0]
    return count > 1 || count < wanted ? [`${event.eventId} was counted ${count} times, and handled ${wanted}`] : []
  })
}
