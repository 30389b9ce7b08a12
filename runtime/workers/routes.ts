/**
 * What a consumer does with an event that it reads from the store: nobody has stored by which path it was sent, or will be.
 *
 * Its type's route of today tells it, but for what is older than that: events of the past, for which no queue was there, and
 * those of types that went by the ordered path once.
 * @module
 */
import { type Any, wants } from "../../core/Consumer.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import * as Contract from "../../schemas/Contract.ts"

/** When the routes of a contract became what they are. */
export interface Routes {
  /** Secondary events recorded before then come by no queue; milliseconds. */
  readonly secondaryBeforeMs: number
  /** Types that are secondary and were core before; when a process found that first, in milliseconds. */
  readonly left: Readonly<Record<string, number>>
}

/** In its order, and what fails stops the stream; by itself, beside the order; or not at all, for its queue has it. */
export type Manner = "core" | "secondary" | "pass"

/**
 * How long behind the change of a route both count: processes of older code may still send by the old one, and clocks differ.
 * What is recorded meanwhile may come twice.
 */
const bothMs = 24 * 3_600_000

/** `parkedAt`: the version in front of which the stream is parked; what stands there was begun, so it is done. */
export const mannerOf = (consumer: Any, routes: Routes, event: StoredEvent, parkedAt?: number): Manner => {
  if (!wants(consumer, event)) return "pass"
  const { recordedAt, type, version } = event
  if (version === parkedAt || Contract.routeOf(consumer.contract, type) === "core") return "core"
  const leftAt = routes.left[type]
  if (leftAt !== undefined && recordedAt < leftAt + bothMs) return "core"
  // In front of where it is parked the queue, or the walk, has done them.
  return recordedAt < routes.secondaryBeforeMs && version > (parkedAt ?? 0) ? "secondary" : "pass"
}

/** What a consumer keeps of the routes that it found. */
export interface Known {
  /** Types of the ordered path, also of other releases. */
  readonly core?: ReadonlyArray<string>
  readonly left?: Readonly<Record<string, number>>
}

/** Takes in the routes of today; the same value where they are known. */
export const learn = <K extends Known>(known: K, { contract }: Any, nowMs: number): K => {
  const { core = [], left = {} } = known
  const types = Object.keys(contract.events)
  const isCore = (type: string) => Contract.routeOf(contract, type) === "core"
  const gone = core.filter((type) => !isCore(type))
  const come = types.filter((type) => isCore(type) && !core.includes(type))
  if (known.core !== undefined && gone.length + come.length === 0) return known
  const since = Object.fromEntries(gone.map((type) => [type, nowMs]))
  return { ...known, core: [...core.filter(isCore), ...come], left: { ...left, ...since } }
}
