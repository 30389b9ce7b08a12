/**
 * What a planted bug is: a known mistake, put into a layer around a port of a test, that the simulation must find.
 * @module
 */
import { Context, Effect, Layer } from "effect"
import type * as EventStoreMemory from "../../../core/EventStoreMemory.ts"
import { EventStore, type Shape as Store } from "../../../core/EventStore.ts"
import { emptyState, make as makeEvents } from "../../../core/EventStoreMemory.ts"
import { make as makeSnapshots } from "../../../core/SnapshotStoreMemory.ts"
import { type Shape as Snapshots, SnapshotStore } from "../../../core/SnapshotStore.ts"
import { type Governance, type HostLayer, productionHost, type Stream } from "../../../testing/simulation/Fleet.ts"
import { memoryStores, type Stores } from "../../../testing/simulation/run.ts"

export interface Planted {
  readonly name: string
  /** The promises that it breaks: finding any of them is finding it. */
  readonly breaks: ReadonlyArray<number>
  readonly stores: Stores
  readonly host: HostLayer
  /** How hosts are governed, where that is the mistake. */
  readonly governance?: Governance
  /** How sockets are served, where that is the mistake. */
  readonly stream?: Stream
}

/** A mistake of the store itself: below the faults, seen by every process alike. */
export const inStore = (
  name: string,
  breaks: ReadonlyArray<number>,
  wrap: (store: Store, state: EventStoreMemory.State) => Store,
): Planted => ({
  name,
  breaks,
  host: productionHost,
  stores: Layer.effectContext(Effect.gen(function* () {
    const state = emptyState()
    const events = wrap(yield* makeEvents(state), state)
    return Context.make(EventStore, events).pipe(Context.add(SnapshotStore, yield* makeSnapshots()))
  })),
})

/** A mistake of one process: between its host and the ports. */
export const inHost = (
  name: string,
  breaks: ReadonlyArray<number>,
  wrap: (host: ReturnType<HostLayer>) => ReturnType<HostLayer>,
): Planted => ({
  name,
  breaks,
  host: (app) => wrap(productionHost(app)),
  stores: memoryStores,
})

/** A host whose event store is another one. */
export const withStore = (wrap: (store: Store) => Store) => (host: ReturnType<HostLayer>): ReturnType<HostLayer> =>
  Layer.provide(host, Layer.effect(EventStore, Effect.map(Effect.service(EventStore), wrap)))

/** A host whose snapshot store is another one. */
export const withSnapshots =
  (wrap: (store: Snapshots) => Snapshots) => (host: ReturnType<HostLayer>): ReturnType<HostLayer> =>
    Layer.provide(host, Layer.effect(SnapshotStore, Effect.map(Effect.service(SnapshotStore), wrap)))
