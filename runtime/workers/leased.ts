/**
 * Work that one process at a time does, under a lease that is taken for it and given back behind it.
 *
 * Whoever stands still for longer than `leaseMs` may find the lease taken when it wakes: its work is interrupted then, but
 * what it was in the middle of may be done twice.
 * @module
 */
import { Clock, Effect, Option } from "effect"
import type { StoreUnavailable } from "../../core/EventStore.ts"
import type { Lease, Shape } from "../../core/Leases.ts"
import { elapsedMs } from "../Host.ts"

export type Leased = <A, E, R>(
  name: string,
  work: Effect.Effect<A, E, R>,
) => Effect.Effect<Option.Option<A>, E | StoreUnavailable, R>

/** Runs work under leases of `owner`, a name that no other process has; none where another holds it, or it was lost. */
export const make = (leases: Shape, owner: string, leaseMs: number): Leased => {
  /** How leases of others looked, and since when by this process's clock. */
  const seen = new Map<string, { readonly beat: number; readonly fence: number; readonly sinceMs: number }>()

  const take = Effect.fnUntraced(function* (name: string) {
    const found = (yield* leases.list(name)).find((lease) => lease.name === name)
    if (found !== undefined && found.owner !== "" && found.owner !== owner) {
      const now = elapsedMs(yield* Clock.Clock)
      const before = seen.get(name)
      if (before?.fence !== found.fence || before.beat !== found.beat) {
        seen.set(name, { beat: found.beat, fence: found.fence, sinceMs: now })
        return undefined
      }
      if (now - before.sinceMs < leaseMs) return undefined
    }
    seen.delete(name)
    return yield* leases.take(name, owner, found)
  })

  /** Returns once the lease is lost: taken by another, or not kept for as long as others wait. */
  const keep = Effect.fnUntraced(function* (lease: Lease) {
    let keptAt = elapsedMs(yield* Clock.Clock)
    for (;;) {
      yield* Effect.sleep(leaseMs / 3)
      const askedAt = elapsedMs(yield* Clock.Clock)
      const kept = yield* Effect.option(leases.keep(lease))
      if (Option.isSome(kept)) {
        if (kept.value === undefined) return
        keptAt = askedAt
      } else if (elapsedMs(yield* Clock.Clock) - keptAt >= leaseMs * 2 / 3) return
    }
  })

  return (name, work) =>
    Effect.acquireUseRelease(
      take(name),
      (lease) =>
        lease === undefined
          ? Effect.succeedNone
          : Effect.raceFirst(Effect.asSome(work), Effect.as(keep(lease), Option.none())),
      (lease) => lease === undefined ? Effect.void : Effect.ignore(leases.release(lease)),
    )
}
