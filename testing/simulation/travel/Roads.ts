/**
 * What all processes of a run share: the store, its change feed, the buses, queues, leases, marks and dead letters.
 * @module
 */
import { Effect } from "effect"
import * as ChangeFeedMemory from "../../../core/ChangeFeedMemory.ts"
import * as CoreBusMemory from "../../../core/CoreBusMemory.ts"
import type * as DeadLettersMemory from "../../../core/DeadLettersMemory.ts"
import type { Shape as Store } from "../../../core/EventStore.ts"
import * as EventStoreMemory from "../../../core/EventStoreMemory.ts"
import type * as LeasesMemory from "../../../core/LeasesMemory.ts"
import type * as ProgressMemory from "../../../core/ProgressMemory.ts"
import * as QueueMemory from "../../../core/QueueMemory.ts"
import * as SecondaryBusMemory from "../../../core/SecondaryBusMemory.ts"

export interface Roads {
  readonly state: EventStoreMemory.State
  readonly store: Store
  readonly feed: ChangeFeedMemory.State
  readonly bus: CoreBusMemory.State
  readonly queues: SecondaryBusMemory.State
  readonly commands: QueueMemory.State
  readonly leases: LeasesMemory.State
  readonly marks: ProgressMemory.State
  readonly letters: DeadLettersMemory.State
  /** By stream, when its first event was stored: virtual milliseconds, whatever its writer's clock says. */
  readonly begun: Map<string, number>
}

/** Nothing has happened yet. */
export const make = Effect.fnUntraced(function* (shards: { readonly feed: number; readonly bus: number }) {
  const state = EventStoreMemory.emptyState()
  const roads: Roads = {
    ...{ state, store: yield* EventStoreMemory.make(state) },
    ...{ feed: ChangeFeedMemory.emptyState(shards.feed), bus: CoreBusMemory.emptyState(shards.bus) },
    ...{ queues: new Map(), commands: QueueMemory.emptyState(), leases: new Map(), marks: new Map() },
    ...{ letters: new Map(), begun: new Map() },
  }
  return roads
})
