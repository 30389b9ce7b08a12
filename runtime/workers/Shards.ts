/**
 * Works any log in shards off, together with other processes: each takes its fair share of the shards under leases.
 *
 * No two work on one shard, but for moments in which one does not know yet that it was replaced; parents come to their end
 * before their children. What dies with a process is done again from the last checkpoint, which is never ahead.
 * @module
 */
import { Cause, Clock, Effect, Exit, Fiber, FiberSet, Queue, Random } from "effect"
import { type Lease, Leases, type Shape as LeasesShape } from "../../core/Leases.ts"
import { Limits } from "../../core/Limits.ts"
import type { Shard } from "../../core/ShardLog.ts"
import * as Defect from "../Defect.ts"
import { elapsedMs } from "../Host.ts"
import * as Holding from "./Holding.ts"
import * as ShardReader from "./ShardReader.ts"
import { ended, plan, positionOf, type Seen } from "./shares.ts"

export type { Held } from "./ShardReader.ts"

export interface Options<A> extends ShardReader.Work<A> {
  /** Of this process and this run of it alone. */
  readonly owner: string
}

/**
 * Works for ever, under leases `<name>/shards/<shard>` and `<name>/owners/<owner>`; interrupted, it gives its shards back with
 * what is done of them.
 */
export const run = <A>(options: Options<A>): Effect.Effect<never, never, Leases> =>
  Effect.scoped(Effect.gen(function* () {
    const leases = yield* Leases
    const limits = yield* Limits
    const clock = yield* Clock.Clock
    const { log, name, owner } = options
    const nudges = yield* Queue.sliding<void>(1)
    const watch = observer(clock, limits.leaseMs)
    const presence = yield* present(leases, `${name}/owners/${owner}`, owner, limits.leaseMs / 3)
    // Behind the presence: closed before it.
    const fibers = yield* FiberSet.make<void>()
    const mine = new Map<string, Fiber.Fiber<void>>()
    const nameOf = (shard: string) => `${name}/shards/${shard}`

    /** Takes a shard, and works on it until it ends, is lost or given up. */
    const start = Effect.fnUntraced(function* (shard: string, seen: Lease | undefined) {
      const askedAt = elapsedMs(clock)
      const lease = yield* leases.take(nameOf(shard), owner, seen)
      if (lease === undefined) return
      const reader = ShardReader.make(options, positionOf(lease.checkpoint))
      const holding = yield* Holding.make(leases, lease, askedAt, reader.checkpoint)
      const worked = Effect.raceFirst(
        reader.run({ shard, isHeld: holding.isHeld }),
        Effect.as(holding.keep, "lost" as const),
      )
      const work = worked.pipe(
        Effect.onExit((exit) => {
          if (Exit.isFailure(exit)) return holding.release
          if (exit.value === "ended") return holding.end(ended)
          if (exit.value === "gone") return holding.remove
          return Effect.logInfo("a shard's lease was lost").pipe(Effect.annotateLogs({ name, shard }))
        }),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.andThen(
            Defect.log("the work on a shard broke", Cause.squash(cause)),
            Effect.sleep(limits.leaseMs / 3),
          )
        ),
        Effect.asVoid,
      )
      // Begun at once: what is interrupted before its first step ends without a word, its lease not given back.
      const fiber = yield* FiberSet.run(fibers, work, { startImmediately: true })
      mine.set(shard, fiber)
      // Not by the work itself: it may be over already.
      fiber.addObserver(() => {
        mine.delete(shard)
        Queue.offerUnsafe(nudges, undefined)
      })
    })

    const round = Effect.fnUntraced(function* (listed: ReadonlyArray<Shard>) {
      yield* presence
      const all = yield* leases.list(`${name}/`)
      const seen = watch(all)
      const owners = new Set([owner, ...seen.filter(isOwner(name)).filter(({ isLive }) => isLive).map(ownerOf)])
      const prefix = nameOf("")
      const ofShards = new Map(
        seen.filter(({ lease }) => lease.name.startsWith(prefix)).map((
          one,
        ) => [one.lease.name.slice(prefix.length), one]),
      )
      // A shard that others know and this listing does not may be newer than the listing: it is neither gone nor done with.
      const known = new Set(listed.map(({ id }) => id))
      const shards = [...ofShards.keys()].every((id) => known.has(id)) ? listed : yield* log.shards
      const todo = plan({ owner, owners, shards, leases: ofShards, mine: new Set(mine.keys()) })
      yield* Effect.forEach(todo.giveUp, (shard) => Fiber.interrupt(mine.get(shard)!), { concurrency: "unbounded" })
      for (const shard of todo.take) yield* start(shard, ofShards.get(shard)?.lease)
      const dead = seen.filter(isOwner(name)).filter(({ isLive, lease }) => !isLive && ownerOf({ lease }) !== owner)
      for (const { lease } of [...todo.forget.map((shard) => ofShards.get(shard)!), ...dead]) {
        const taken = yield* leases.take(lease.name, owner, lease)
        if (taken !== undefined) yield* leases.remove(taken)
      }
    })

    let [shards, lookedAt, isFailing] = [[] as ReadonlyArray<Shard>, -Infinity, false]
    while (true) {
      const failed = yield* Effect.gen(function* () {
        if (elapsedMs(clock) - lookedAt >= limits.shardsPollMs) {
          shards = yield* log.shards
          lookedAt = elapsedMs(clock)
        }
        yield* round(shards)
      }).pipe(
        Effect.as(undefined),
        Effect.catch(Effect.succeed),
        Effect.catchDefect((defect) =>
          Effect.as(Defect.log("the look for shards broke", defect), { reason: "a defect" })
        ),
      )
      if (failed !== undefined && !isFailing) {
        yield* Effect.logWarning("shards and leases cannot be asked").pipe(
          Effect.annotateLogs({ name, reason: failed.reason }),
        )
      }
      isFailing = failed !== undefined
      // Others must not think it dead, nor wait long for the shards of one that is; not all at the same moment.
      const restMs = (limits.leaseMs / 3) * (0.7 + 0.3 * (yield* Random.next))
      // A shard that came to its end has children, or others wait for what was given up.
      if ((yield* Effect.timeoutOption(Queue.take(nudges), restMs))._tag === "Some") lookedAt = -Infinity
    }
  }))

const isOwner = (name: string) => ({ lease }: Seen): boolean => lease.name.startsWith(`${name}/owners/`)
const ownerOf = ({ lease }: Pick<Seen, "lease">): string => lease.name.split("/").at(-1)!

/** Says of leases whether they live: held, and changed within `leaseMs` as far as this clock has seen. */
const observer = (clock: Clock.Clock, leaseMs: number) => {
  let known = new Map<string, { readonly state: string; readonly since: number }>()
  return (leases: ReadonlyArray<Lease>): ReadonlyArray<Seen> => {
    const now = elapsedMs(clock)
    const next: typeof known = new Map()
    const seen = leases.map((lease) => {
      const state = `${lease.fence}/${lease.beat}`
      const before = known.get(lease.name)
      const { since } = before?.state === state ? before : { since: now }
      next.set(lease.name, { state, since })
      return { lease, isLive: lease.owner !== "" && now - since < leaseMs }
    })
    known = next
    return seen
  }
}

/** Shows that this process lives, whenever it is run; the sign goes with the scope. */
const present = (leases: LeasesShape, name: string, owner: string, ms: number) => {
  let lease: Lease | undefined
  const show = Effect.gen(function* () {
    if (lease !== undefined) lease = yield* leases.keep(lease)
    if (lease !== undefined) return
    // An answer that was lost, or somebody who thought it dead, may have left the name taken.
    const found = (yield* leases.list(name)).find((one) => one.name === name)
    lease = yield* leases.take(name, owner, found)
  })
  return Effect.as(
    Effect.addFinalizer(() =>
      lease === undefined ? Effect.void : Effect.ignore(Effect.timeoutOption(leases.remove(lease), ms))
    ),
    show,
  )
}
