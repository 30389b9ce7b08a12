/**
 * Where a consumer begins on the ordered bus, decided once by whichever process comes first; and when it walks through all
 * streams of the store: where it starts at the beginning, and to make good what a trimmed bus has forgotten.
 * @module
 */
import { Clock, Effect, Option, Schema } from "effect"
import type { Any } from "../../core/Consumer.ts"
import type { Shape as CoreBus } from "../../core/CoreBus.ts"
import { type Lease, Leases, type Shape as LeasesShape } from "../../core/Leases.ts"
import { Limits } from "../../core/Limits.ts"
import type { Batch } from "../../core/ShardLog.ts"
import { elapsedMs } from "../Host.ts"
import * as Holding from "./Holding.ts"
import { persist } from "./persist.ts"
import { learn, type Routes } from "./routes.ts"
import * as Walk from "./Walk.ts"

/** Kept as the checkpoint of a lease. */
const Started = Schema.Struct({
  /** Milliseconds: of the first start, as the process that was first read its clock. */
  sinceMs: Schema.Finite,
  /** For shards that nothing else is known of: far enough back for whatever clock. */
  position: Schema.String,
  /** By shard: behind what stood there when a consumer from now began. */
  ends: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** As `routes.Known`: of the contract as it was found last. */
  core: Schema.optionalKey(Schema.Array(Schema.String)),
  left: Schema.optionalKey(Schema.Record(Schema.String, Schema.Finite)),
  /** Up to where the walk has come, and whether it is over. */
  cursor: Schema.optionalKey(Schema.String),
  isOver: Schema.Boolean,
})
export type Started = typeof Started.Type
/** Where a shard is begun. */
export const positionIn = ({ ends, position }: Started, shard: string): string => ends?.[shard] ?? position
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Started))
/** What the checkpoint of the lease `<consumer>/start` says; nothing where the consumer has not begun. */
export const read = (checkpoint: string | undefined): Started | undefined => Option.getOrUndefined(decode(checkpoint))

export interface Deps extends Walk.Deps {
  readonly owner: string
  readonly leases: LeasesShape
  readonly bus: Pick<CoreBus, "positionAt" | "read" | "shards">
  /** A listing of streams lacks none that was begun before then; nothing to wait for where the consumer has no queue. */
  readonly settleMs: number
}

/** Secondary events of the past come by the walk. Clocks differ, and what is stored shows a moment later. */
const routesOf = ({ from }: Any, { left = {}, sinceMs }: Started, { clocksMs, reconcileMs }: Limits): Routes => ({
  ...{ left, secondaryBeforeMs: from === "beginning" ? sinceMs + clocksMs + reconcileMs : -Infinity },
})

/** For redrives of what the walk had to leave, and what they would do; nothing where the consumer has not begun. */
export const routes = Effect.fnUntraced(function* ({ consumer, leases }: Pick<Deps, "consumer" | "leases">) {
  const [name, limits] = [`${consumer.name}/start`, yield* Limits]
  const started = read((yield* leases.list(name)).find((lease) => lease.name === name)?.checkpoint)
  return started && routesOf(consumer, started, limits)
})

/** AWS takes no call from a clock that is wrong by five minutes, and the embedded bus needs no clock to be read to its end. */
const lookBackMs = 6 * 60_000

/** Whether a consumer of this name ever began on this store. */
export const hasBegun = Effect.fnUntraced(function* (consumer: string) {
  const name = `${consumer}/start`
  return (yield* (yield* Leases).list(name)).some((lease) => lease.name === name)
})

/** Behind all that stands on the bus now, as the bus itself says it; a shard that is gone has no end. */
const endsOf = Effect.fnUntraced(function* (bus: Deps["bus"], nowMs: number) {
  const { shardPage } = yield* Limits
  const ends: Record<string, string> = {}
  const look = Effect.fnUntraced(function* (shard: string) {
    let after: string | undefined = bus.positionAt(nowMs - lookBackMs)
    for (;;) {
      const asked = bus.read(shard, after, shardPage)
      const batch: Batch<unknown> | undefined = yield* persist(
        Effect.catchTag(asked, "Trimmed", () => Effect.succeed(undefined)),
      )
      if (batch === undefined && after === undefined) return
      after = batch?.next
      if (batch === undefined) continue
      ends[shard] = batch.next
      if (batch.isEnd || (batch.items.length < shardPage && (batch.behindMs ?? 0) === 0)) return
    }
  })
  yield* Effect.forEach(yield* persist(bus.shards), ({ id }) => look(id), { concurrency: "unbounded", discard: true })
  return ends
})

/** Where the bus is followed from, once everything in front of that is done: by this process or by another. */
export const run = Effect.fnUntraced(function* (deps: Deps): Effect.fn.Return<Started> {
  const { bus, consumer, leases, owner } = deps
  const limits = yield* Limits
  const clock = yield* Clock.Clock
  const name = `${consumer.name}/start`
  let seen: { readonly state: string; readonly since: number } | undefined

  /** Nothing while another process holds it and lives. */
  const take = Effect.fnUntraced(function* (found: Lease | undefined) {
    if (found !== undefined && found.owner !== "" && found.owner !== owner) {
      const state = `${found.fence}/${found.beat}`
      if (seen?.state !== state) seen = { state, since: elapsedMs(clock) }
      if (elapsedMs(clock) - seen.since < limits.leaseMs) return undefined
    }
    return yield* persist(leases.take(name, owner, found))
  })

  const workOff = Effect.fnUntraced(function* (lease: Lease, askedAt: number) {
    const now = yield* Clock.currentTimeMillis
    const isBeginning = consumer.from === "beginning"
    // The clock of the bus is another one, and the listing of streams may miss those of the last moments.
    const position = bus.positionAt(now - limits.clocksMs - limits.reconcileMs)
    const found: Started = read(lease.checkpoint) ??
      { sinceMs: now, position, isOver: !isBeginning, ...isBeginning ? {} : { ends: yield* endsOf(bus, now) } }
    let started = learn(found, consumer, now)
    const holding = yield* Holding.make(leases, lease, askedAt, () => JSON.stringify(started))
    // The first to say so decides, before anybody acts on it.
    if (lease.checkpoint === undefined) yield* Effect.ignore(leases.keep(lease, JSON.stringify(started)))
    // What was routed before there was a queue has to be listed: only the walk brings the secondary events among it.
    const listed = started.cursor === undefined ? Effect.sleep(deps.settleMs) : Effect.void
    const walked = Walk.make(deps, () => routesOf(consumer, started, limits), listed).run(
      holding.isHeld,
      started.cursor,
      (cursor) => void (started = { ...started, cursor }),
    )
    const isDone = started.isOver || (yield* Effect.raceFirst(
      Effect.as(walked, true),
      Effect.as(holding.keep, false),
    ).pipe(Effect.onInterrupt(() => holding.release)))
    if (!isDone) return undefined
    const { cursor: _, ...rest } = started
    started = { ...rest, isOver: true }
    yield* holding.end(JSON.stringify(started))
    return started
  })

  while (true) {
    const found = (yield* persist(leases.list(name))).find((lease) => lease.name === name)
    const started = read(found?.checkpoint)
    if (started?.isOver === true && learn(started, consumer, 0) === started) return started
    const askedAt = elapsedMs(clock)
    const lease = yield* take(found)
    // What another process has decided is read, not assumed: also what this one wrote and then lost.
    if (lease !== undefined) yield* workOff(lease, askedAt)
    else yield* Effect.sleep(limits.leaseMs / 12)
  }
})

/**
 * Makes good what the bus has forgotten before it was read: brings every stream up to its head, however quiet it is since.
 * Streams that are only a little behind are left to the bus for a while; what another process does at the same time with a
 * stream makes its events come twice. Shards that lose their history together share a walk, and hear of its end once no stream
 * waits any more: only their checkpoints say that it is owed.
 */
export const mender = (deps: Deps, left: () => Routes["left"]) => {
  const before = Effect.gen(function* () {
    yield* Effect.logWarning("a consumer looks through all streams").pipe(
      Effect.annotateLogs({ consumer: deps.consumer.name }),
    )
    const { leaseMs } = yield* Limits
    yield* Effect.sleep(leaseMs)
  })
  return Walk.make(deps, () => ({ left: left(), secondaryBeforeMs: -Infinity }), before).run
}
