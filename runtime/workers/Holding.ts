/**
 * A lease while this process holds it: kept by its beat, believed in for less time than others wait before they take it.
 * @module
 */
import { Clock, Effect, Option } from "effect"
import type { Lease, Shape as Leases } from "../../core/Leases.ts"
import { Limits } from "../../core/Limits.ts"
import { elapsedMs } from "../Host.ts"

export interface Holding {
  /** Whether something new may still be begun. What takes no longer than a third of `Limits.leaseMs` then ends in time. */
  readonly isHeld: () => boolean
  /** Keeps the lease again and again; returns once it is lost. */
  readonly keep: Effect.Effect<void>
  /** Writes a last checkpoint, unless the lease is lost before that is done; then gives it back. */
  readonly end: (checkpoint: string) => Effect.Effect<void>
  /** Gives it back as it stands. One try of each call: a lease that was not given back is taken later. */
  readonly release: Effect.Effect<void>
  /** Forgets it. */
  readonly remove: Effect.Effect<void>
}

/** Holds `taken`, which was asked for at `askedAt` (`elapsedMs`); `checkpoint` is what stands behind all that is done. */
export const make = Effect.fnUntraced(function* (
  leases: Leases,
  taken: Lease,
  askedAt: number,
  checkpoint: () => string | undefined,
): Effect.fn.Return<Holding> {
  const clock = yield* Clock.Clock
  const { leaseMs } = yield* Limits
  let [lease, keptAt, isLost, isOver] = [taken, askedAt, false, false]
  /** From here on others may have it at any time. */
  const over = <A>(effect: Effect.Effect<A>) =>
    Effect.suspend(() => {
      isOver = true
      return isLost ? Effect.void : effect
    })

  /** With what is written by the time it goes. A call that fails or hangs says nothing: it may have kept the lease. */
  const keepOnce = (written: () => string | undefined) =>
    Effect.suspend(() => {
      const began = elapsedMs(clock)
      return leases.keep(lease, written()).pipe(
        Effect.timeoutOption(leaseMs / 3),
        Effect.option,
        Effect.map((answer) => Option.flatten(answer)),
        Effect.map((answer) => {
          if (Option.isNone(answer)) {
            if (elapsedMs(clock) >= keptAt + leaseMs) isLost = true
            return false
          }
          if (answer.value === undefined) isLost = true
          else {
            lease = answer.value
            keptAt = began
          }
          return !isLost
        }),
      )
    })

  const keep = Effect.gen(function* () {
    while (!isLost) {
      const kept = yield* Effect.andThen(Effect.sleep(leaseMs / 3), keepOnce(checkpoint))
      // Tried again soon, as long as nobody else can have taken it.
      for (let again = kept; !again && !isLost;) {
        again = yield* Effect.andThen(Effect.sleep(leaseMs / 12), keepOnce(checkpoint))
      }
    }
  })
  const once = (call: Effect.Effect<void, unknown>) => Effect.ignore(Effect.timeoutOption(call, leaseMs / 3))
  const giveBack = over(Effect.suspend(() => once(leases.release(lease))))

  return {
    isHeld: () => !isLost && !isOver && elapsedMs(clock) < keptAt + (leaseMs * 2) / 3,
    keep,
    end: Effect.fnUntraced(function* (last) {
      while (!isLost && !(yield* keepOnce(() => last))) yield* Effect.sleep(leaseMs / 12)
      yield* giveBack
    }),
    release: Effect.andThen(over(keepOnce(checkpoint)), giveBack),
    remove: over(Effect.suspend(() => once(leases.remove(lease)))),
  }
})
