/**
 * Leases in memory, and the specification of every other keeper of them.
 * @module
 */
import { Effect, Layer } from "effect"
import { StoreUnavailable } from "./EventStore.ts"
import { type Lease, Leases, type Shape } from "./Leases.ts"
import { Limits } from "./Limits.ts"

/** By name. */
export type State = Map<string, Lease>

const byName = (a: Lease, b: Lease): number => a.name < b.name ? -1 : 1

/** A keeper over `state`. */
export const make = (state: State = new Map()): Effect.Effect<Shape> =>
  Effect.map(Effect.service(Limits), (limits) => {
    /** The lease as it is now, if `lease` is still held. */
    const held = ({ fence, name, owner }: Lease): Lease | undefined => {
      const now = state.get(name)
      return now?.fence === fence && now.owner === owner ? now : undefined
    }
    const put = (lease: Lease): Lease => (state.set(lease.name, lease), lease)
    return Leases.of({
      list: (prefix) =>
        Effect.suspend(() => {
          const found = [...state.values()].filter(({ name }) => name.startsWith(prefix)).sort(byName)
          return found.length > limits.leases
            ? Effect.fail(new StoreUnavailable({ reason: "too-many-leases" }))
            : Effect.succeed(found)
        }),
      take: (name, owner, seen) =>
        Effect.sync(() => {
          const now = state.get(name)
          if (now?.fence !== seen?.fence || now?.beat !== seen?.beat) return undefined
          return put(
            now === undefined
              ? { name, owner, fence: 1, beat: 0, checkpoint: undefined }
              : { ...now, owner, fence: now.fence + 1 },
          )
        }),
      keep: (lease, checkpoint) =>
        Effect.sync(() => {
          const now = held(lease)
          return now && put({ ...now, beat: now.beat + 1, checkpoint: checkpoint ?? now.checkpoint })
        }),
      release: (lease) =>
        Effect.sync(() => {
          const now = held(lease)
          if (now !== undefined) put({ ...now, owner: "" })
        }),
      remove: (lease) =>
        Effect.sync(() => {
          if (held(lease) !== undefined) state.delete(lease.name)
        }),
    })
  })

/** A keeper over `state`, so that a test can crash it and open the same data again. */
export const layerOf = (state: State): Layer.Layer<Leases> => Layer.effect(Leases, make(state))

/** A keeper of its own that holds none. */
export const layer: Layer.Layer<Leases> = Layer.effect(Leases, Effect.suspend(() => make()))
