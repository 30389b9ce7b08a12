/**
 * Writes down what came onto the buses and what handlers did, and says at every moment what is wrong with it: order on the
 * bus, events that fit no schema, marks and checkpoints that are ahead of what was done, a shard taken up in front of its parent's end.
 * @module
 */
import type { App } from "../../../core/App.ts"
import { type About, type Any, wants } from "../../../core/Consumer.ts"
import type { CoreEvent } from "../../../core/CoreBus.ts"
import { idOf, router } from "../../../core/DeadLetters.ts"
import type { StoredEvent } from "../../../core/EventStore.ts"
import * as EventWire from "../../../core/EventWire.ts"
import { type Mark, start } from "../../../core/Progress.ts"
import { receivesMax } from "../../../core/Queue.ts"
import { keyOf } from "../../../core/Stream.ts"
import { ended, positionOf } from "../../../runtime/workers/shares.ts"
import { interestsOf } from "../../../runtime/workers/SecondaryConsumer.ts"
import type { Violation } from "../run.ts"
import type { World } from "../World.ts"
import type { Roads } from "./Roads.ts"
import type { Spoils } from "./spoils.ts"

/** The same done again. */
export interface Repeat {
  readonly at: number
  readonly what: string
}

export interface Book {
  /** Takes in what stands on the buses; call it before anything is forgotten there. */
  readonly look: () => void
  readonly begins: (who: string, about: About, of: string) => void
  readonly did: (who: string, about: About) => void
  /** An operator had the event given up; it may still be handled where somebody was faster. */
  readonly discards: (consumer: string, event: StoredEvent) => void
  /** An event was given up by an operator, or a poisoned one by a consumer that skips. */
  readonly isGivenUp: (consumer: string, event: StoredEvent) => boolean
  /** Called behind each write. */
  readonly marked: (consumer: string) => void
  readonly kept: (lease: string) => void
  readonly took: (lease: string) => void
  /** Whether a consumer, or the router, has done all it must of a stream up to a version. */
  readonly isDone: (consumer: string, stream: string, version: number) => boolean
  readonly hasHandled: (consumer: string, eventId: string) => boolean
  readonly repeats: ReadonlyArray<Repeat>
  /** Versions on the bus by stream, first occurrences in their order. */
  readonly firsts: ReadonlyMap<string, ReadonlyArray<CoreEvent>>
}

export interface Rules {
  readonly consumers: ReadonlyMap<string, Any>
  readonly app: App
  /** Those whose queues are there before anything is stored. */
  readonly deployed: ReadonlySet<string>
  readonly isPoison: (consumer: string, eventId: string) => boolean
  /** It fits no schema: no handler is ever called with it. */
  readonly isSpoilt: (eventId: string) => boolean
  readonly spoils: Pick<Spoils, "misfits" | "texts">
  /** Whether its schema is registered now; what is registered stays so. */
  readonly isRegistered: (event: StoredEvent) => boolean
}

export const make = (
  world: World,
  roads: Roads,
  { app, consumers, deployed, isPoison, isRegistered, isSpoilt, spoils }: Rules,
  seen: Array<Violation>,
): Book => {
  const { bus, feed, leases, letters, marks, queues, state } = roads
  const firsts = new Map<string, Array<CoreEvent>>()
  const texts = new Map<string, string>()
  const messages = new Map<string, number>()
  const sent = new Set<string>()
  const [begun, done] = [new Map<string, number>(), new Map<string, number>()]
  /** Handled at their last receive; those before may have died with whoever received. */
  const lastTries = new Set<string>()
  const discarded = new Set<string>()
  const pointers = new Map<string, number>()
  const highest = new Map<string, Mark>()
  const checked = new Map<string, number>()
  const repeats: Array<Repeat> = []
  let taken = 0

  const wrong = (invariant: number, message: string) => {
    if (seen.length < 20) seen.push({ invariant, message: `${message} at ${world.now()}` })
  }
  const isCore = ({ aggregate, type }: Pick<StoredEvent, "aggregate" | "type">): boolean =>
    app.aggregates[aggregate]?.contract.events[type]?.route !== "secondary"
  const interested = new Map<string, ReadonlyArray<string>>()
  for (const consumer of consumers.values()) {
    for (const { type } of deployed.has(consumer.name) ? interestsOf(consumer) : []) {
      interested.set(type, [...interested.get(type) ?? [], consumer.name])
    }
  }

  /** Both buses take only what a registered schema allows. */
  const admit = (event: StoredEvent, where: string): void => {
    const what = `${keyOf(event)} ${event.version} is on ${where}`
    if (isSpoilt(event.eventId)) wrong(15, `${what}, and fits no schema`)
    if (!isRegistered(event)) wrong(15, `${what}, and its schema is not registered`)
  }

  const put = (event: CoreEvent, no: number): void => {
    const stream = keyOf(event)
    const key = `${stream} ${event.version}`
    const bytes = `${event.prevCore} ${EventWire.encode(event)}`
    const before = texts.get(key)
    if (before !== undefined) {
      repeats.push({ at: world.now(), what: `${key} on the bus` })
      if (before !== bytes) wrong(9, `record ${no} repeats ${key} with other bytes`)
      return
    }
    texts.set(key, bytes)
    admit(event, "the bus")
    const own = firsts.get(stream) ?? []
    firsts.set(stream, own)
    const events = state.streams.get(stream)?.events ?? []
    const stored = events[event.version - 1]
    const { prevCore, ...rest } = event
    if (stored === undefined || EventWire.encode(stored) !== EventWire.encode(rest)) {
      wrong(9, `${key} stands on the bus and not so in the store`)
    }
    const last = events.findLast((one) => one.version < event.version && isCore(one))?.version ?? 0
    if ((own.at(-1)?.version ?? 0) !== last) wrong(9, `${key} came onto the bus before ${last}, or behind a later one`)
    if (prevCore !== last) wrong(9, `${key} says that ${prevCore} is before it, and ${last} is`)
    own.push(event)
  }

  const look = (): void => {
    if (bus.last > taken) {
      const fresh = [...bus.shards.values()].flatMap(({ items }) => items.filter(({ no }) => no > taken))
      taken = bus.last
      for (const { no, record } of fresh.sort((a, b) => a.no - b.no)) record.events.forEach((event) => put(event, no))
    }
    for (const [consumer, { queue }] of queues) {
      if (queue.made === messages.get(consumer)) continue
      for (const { body, id } of queue.messages.values()) {
        if (Number(id.slice("message-".length)) <= (messages.get(consumer) ?? 0)) continue
        const event = spoils.texts.has(body) ? spoils.texts.get(body) : EventWire.decode(body)
        if (event === undefined) continue
        // A walk reads the store, past the router: what it gave up comes to the queue by a redrive.
        if (!begun.has(`${consumer} ${event.eventId}`)) admit(event, `the queue of ${consumer}`)
        sent.add(`${consumer} ${event.eventId}`)
      }
      messages.set(consumer, queue.made)
    }
  }

  const isGivenUp: Book["isGivenUp"] = (consumer, { eventId }) =>
    discarded.has(`${consumer} ${eventId}`) || consumers.get(consumer)?.onError === "skip" &&
      (isSpoilt(eventId) || spoils.misfits.has(`${consumer} ${eventId}`) || (isPoison(consumer, eventId) &&
        ((begun.get(`${consumer} ${eventId}`) ?? 0) > 5 || lastTries.has(`${consumer} ${eventId}`))))
  const isDoneOne = (consumer: string, stream: string, event: StoredEvent): boolean => {
    if (consumer === router) {
      return isCore(event)
        ? texts.has(`${stream} ${event.version}`)
        : (interested.get(event.type) ?? []).every((one) => sent.has(`${one} ${event.eventId}`))
    }
    const of = consumers.get(consumer)
    return of === undefined || !isCore(event) || !wants(of, event) || done.has(`${consumer} ${event.eventId}`) ||
      isGivenUp(consumer, event)
  }
  const isDone: Book["isDone"] = (consumer, stream, version) => {
    const key = `${consumer} ${stream}`
    const events = state.streams.get(stream)?.events ?? []
    let at = pointers.get(key) ?? 0
    while (at < Math.min(version, events.length) && isDoneOne(consumer, stream, events[at]!)) at++
    pointers.set(key, at)
    return at >= version
  }
  const isParked = (consumer: string, event: StoredEvent): boolean => letters.has(idOf(consumer, event))

  /** Items in front of a checkpoint, those that were looked at before left out. */
  const settled = function* (consumer: string, shard: string, checkpoint: string): Generator<StoredEvent> {
    const key = `${consumer}/${shard}`
    const before = checked.get(key) ?? 0
    const position = positionOf(checkpoint)
    if (consumer === router) {
      const log = feed.log.shards.get(shard)
      if (log === undefined) return
      const upTo = checkpoint === ended ? log.trimmed + log.items.length : Number(position)
      for (let at = Math.max(before, log.trimmed); at < upTo; at++) yield log.items[at - log.trimmed]!
      checked.set(key, Math.max(before, upTo))
      return
    }
    if (checkpoint !== ended && position?.startsWith("#") !== true) return
    const upTo = checkpoint === ended ? Infinity : Number(position!.slice(1))
    for (const { no, record } of bus.shards.get(shard)?.items ?? []) {
      if (no > before && no <= upTo) yield* record.events
    }
    checked.set(key, Math.max(before, upTo))
  }

  return {
    ...{ look, isGivenUp, isDone, repeats, firsts },
    discards: (consumer, { eventId }) => void discarded.add(`${consumer} ${eventId}`),
    hasHandled: (consumer, eventId) => done.has(`${consumer} ${eventId}`),
    begins: (who, about, of) => {
      const key = `${about.consumer} ${about.eventId}`
      const isWanted = wants(consumers.get(about.consumer)!, about)
      if (!isWanted || of !== about.eventId) {
        wrong(15, `${about.consumer} is handed ${about.eventId}, which is not as stored`)
      }
      begun.set(key, (begun.get(key) ?? 0) + 1)
      world.note(who, `${about.consumer} handles ${keyOf(about)} ${about.version}`)
      if (!isCore(about)) {
        for (const { body, receives } of queues.get(about.consumer)?.queue.messages.values() ?? []) {
          if (receives >= receivesMax && EventWire.decode(body)?.eventId === about.eventId) lastTries.add(key)
        }
        return
      }
      if (!isDone(about.consumer, keyOf(about), about.version - 1)) {
        wrong(
          10,
          `${who}: ${about.consumer} is handed ${keyOf(about)} ${about.version} before it has done all in front`,
        )
      }
    },
    did: (who, { consumer, eventId, version, ...stream }) => {
      const key = `${consumer} ${eventId}`
      if (done.has(key)) repeats.push({ at: world.now(), what: `${keyOf(stream)} ${version} by ${consumer} in ${who}` })
      done.set(key, (done.get(key) ?? 0) + 1)
    },
    marked: (consumer) => {
      look()
      for (const [stream, mark] of marks.get(consumer) ?? []) {
        const key = `${consumer} ${stream}`
        const before = highest.get(key) ?? start
        if (mark.version === before.version) continue
        if (mark.version < before.version) wrong(8, `the mark of ${key} fell from ${before.version} to ${mark.version}`)
        else highest.set(key, mark)
        if (!isDone(consumer, stream, mark.version)) {
          wrong(8, `the mark of ${key} is at ${mark.version}, not all is done`)
        }
      }
    },
    kept: (name) => {
      const [consumer, kind, shard] = name.split("/")
      const checkpoint = leases.get(name)?.checkpoint
      if (kind !== "shards" || checkpoint === undefined) return
      const of = consumers.get(consumer!)
      for (const event of settled(consumer!, shard!, checkpoint)) {
        if (of !== undefined && of.contract.aggregate !== event.aggregate) continue
        const mark = marks.get(consumer!)?.get(keyOf(event)) ?? start
        if (mark.version >= event.version || isParked(consumer!, event)) continue
        wrong(8, `the checkpoint of ${name} is ahead of ${keyOf(event)} ${event.version}`)
      }
    },
    took: (name) => {
      const [consumer, kind, shard] = name.split("/")
      if (kind !== "shards") return
      const parents = consumer === router ? feed.log.shards.get(shard!)?.parents : bus.shards.get(shard!)?.shard.parents
      for (const parent of parents ?? []) {
        const exists = consumer === router ? feed.log.shards.has(parent) : bus.shards.has(parent)
        if (!exists || leases.get(`${consumer}/shards/${parent}`)?.checkpoint === ended) continue
        wrong(9, `${name} is taken up before its parent ${parent} has come to its end`)
      }
    },
  }
}
