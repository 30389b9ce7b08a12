/**
 * The snapshot store in memory, and the specification of every other one.
 * @module
 */
import { Effect, Layer } from "effect"
import { Limits } from "./Limits.ts"
import { type Shape, type Snapshot, SnapshotStore } from "./SnapshotStore.ts"
import { keyOf } from "./Stream.ts"

/** The kept snapshots by stream, in the order in which they are loaded. */
export type State = Map<string, ReadonlyArray<Snapshot>>

/** A store over `state`. */
export const make = (state: State = new Map()): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), ({ snapshotsKept }) =>
    SnapshotStore.of({
      loadEach: (streams) => Effect.sync(() => streams.map((stream) => state.get(keyOf(stream)) ?? [])),
      save: (snapshot) =>
        Effect.sync(() => {
          const others = (state.get(keyOf(snapshot.stream)) ?? [])
            .filter(({ key, version }) => key !== snapshot.key || version !== snapshot.version)
          const sorted = [...others, snapshot]
            .sort((a, b) => b.version - a.version || (a.key < b.key ? -1 : 1))
          const seen = new Map<string, number>()
          state.set(
            keyOf(snapshot.stream),
            sorted.filter(({ key }) => {
              const rank = (seen.get(key) ?? 0) + 1
              seen.set(key, rank)
              return rank <= (key === snapshot.key ? snapshotsKept : 1)
            }),
          )
        }),
      forget: ({ checksum, key, stream, version }) =>
        Effect.sync(() => {
          const kept = state.get(keyOf(stream)) ?? []
          const isIt = (one: Snapshot) => one.key === key && one.version === version && one.checksum === checksum
          if (kept.some(isIt)) state.set(keyOf(stream), kept.filter((one) => !isIt(one)))
        }),
    }))

/** A store over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<SnapshotStore> => Layer.effect(SnapshotStore, make(state))

/** An empty store of its own. */
export const layer: Layer.Layer<SnapshotStore> = Layer.effect(SnapshotStore, Effect.suspend(() => make()))
