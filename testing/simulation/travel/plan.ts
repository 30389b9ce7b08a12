/**
 * What is stored while events travel, drawn before a run begins: data, so that a failing run can be cut down.
 * @module
 */
import type { NewEvent } from "../../../core/EventStore.ts"
import type { StreamKey } from "../../../core/Stream.ts"
import type { Faults } from "../Faults.ts"
import type { World } from "../World.ts"
import { fromNow, isSecondary } from "./domain.ts"

export interface Writing {
  readonly n: number
  readonly atMs: number
  readonly stream: StreamKey
  readonly events: ReadonlyArray<NewEvent>
}

export interface Plan {
  readonly writings: ReadonlyArray<Writing>
  /** `consumer eventId`: it fails on it until it is mended. */
  readonly poison: ReadonlySet<string>
  /** Events that fit no schema. */
  readonly spoilt: ReadonlySet<string>
}

export const writingsMax = 24
const lastMs = 45_000
const [tenants, ids, eventsMax] = [["tenant-1", "tenant-2"], ["a", "b", "c"], 4]
const fragile = ["clerk", "gossip", "joiner", "seller", fromNow]
/** From here on the newer release is what is opened, and writes. */
export const newerFromMs = 20_000

/** What some writer appends, one command. */
export const eventsOf = (world: World, name: string, count: number, isNewer: boolean) => {
  const random = world.random(name)
  return Array.from({ length: count }, (_, i): NewEvent => {
    const eventId = `${name}.${i}`
    const roll = random.next()
    const last = isNewer && roll > 0.9 ? "Sold" : "Waved"
    const type = roll < 0.35 ? "Packed" : roll < 0.65 ? "Moved" : roll < 0.75 ? "Lent" : last
    return { eventId, type, schemaVersion: 1, payload: JSON.stringify({ of: eventId }) }
  })
}

export const make = (world: World, faults: Faults, without: ReadonlySet<number>): Plan => {
  const random = world.random("travel plan")
  const [poison, spoilt] = [new Set<string>(), new Set<string>()]
  const writings = Array.from({ length: writingsMax }, (_, n): Writing => {
    const stream = { tenant: random.pick(tenants), aggregate: "Parcel", id: random.pick(ids) }
    const [count, atMs] = [1 + random.below(eventsMax), random.below(lastMs)]
    const events = eventsOf(world, `w-${n}`, count, atMs >= newerFromMs).map((event) => {
      for (const consumer of fragile) {
        if (faults.strikes("poison", "plan", 0.06)) poison.add(`${consumer} ${event.eventId}`)
      }
      if (!faults.strikes("spoilt", "plan", 0.03) || isSecondary(event.type)) return event
      spoilt.add(event.eventId)
      return { ...event, payload: "{}" }
    })
    return { n, atMs, stream, events }
  })
  return {
    ...{ poison, spoilt },
    writings: writings.filter(({ n }) => !without.has(n)).sort((a, b) => a.atMs - b.atMs || a.n - b.n),
  }
}
