/**
 * The router: every event that was stored goes on its bus, the core events of each stream in order, whatever the feed
 * loses, repeats or disorders, and however often routers die.
 *
 * Any number of processes share the work. What is sent twice is the same bytes; a mark is raised behind what was sent, and
 * the feed's checkpoint moves behind the marks.
 * @module
 */
import { Clock, Context, Effect, Layer, Metric, Random } from "effect"
import type { App } from "../../core/App.ts"
import { ChangeFeed } from "../../core/ChangeFeed.ts"
import { CoreBus } from "../../core/CoreBus.ts"
import { DeadLetters, router } from "../../core/DeadLetters.ts"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import * as Ids from "../../core/Ids.ts"
import type { Leases } from "../../core/Leases.ts"
import { Limits } from "../../core/Limits.ts"
import type { PolicyEnforcer } from "../../core/PolicyEnforcer.ts"
import { Progress } from "../../core/Progress.ts"
import type { SecondaryBus } from "../../core/SecondaryBus.ts"
import * as Contract from "../../schemas/Contract.ts"
import type { Route } from "../../schemas/Event.ts"
import type { CachedRegistry } from "../CachedRegistry.ts"
import * as Defect from "../Defect.ts"
import { elapsedMs } from "../Host.ts"
import * as Lanes from "./Lanes.ts"
import * as Marks from "./Marks.ts"
import * as Publishable from "./Publishable.ts"
import * as Reconciler from "./Reconciler.ts"
import type { Redo } from "./Redrive.ts"
import * as Metrics from "./RouterMetrics.ts"
import * as Sender from "./Sender.ts"
import * as Shards from "./Shards.ts"

export type Needs =
  | CachedRegistry
  | ChangeFeed
  | CoreBus
  | DeadLetters
  | EventStore
  | Leases
  | PolicyEnforcer
  | Progress
  | SecondaryBus

export interface Shape {
  /** For the redrive of streams that the router has parked. */
  readonly redo: Redo
}

export class Router extends Context.Service<Router, Shape>()("nexus/runtime/workers/Router") {
  /** Routes in the background for the layer's life. */
  static readonly layer = (app: App): Layer.Layer<Router, never, Needs> => Layer.effect(Router, make(app))
}

/** By the contract. What it does not know waits for a router that does (`Publishable.ts`). */
const routesOf = (app: App) => ({ aggregate, type }: StoredEvent): Route =>
  Contract.routeOf(app.aggregates[aggregate]?.contract, type)

const make = Effect.fnUntraced(function* (app: App) {
  const [feed, progress, limits, clock] = [yield* ChangeFeed, yield* Progress, yield* Limits, yield* Clock.Clock]
  const [store, letters, core, random] = [yield* EventStore, yield* DeadLetters, yield* CoreBus, yield* Random.Random]
  const marks = yield* Marks.make(router, progress, letters)
  const lanes = yield* Lanes.make({
    ...{ store, letters, marks, recordMax: core.recordMax, routeOf: routesOf(app) },
    sender: yield* Sender.make,
    publishable: yield* Publishable.make(app),
  })

  /** Shards of this process, with when and how far behind each was read last. */
  const reads = new Map<Shards.Held, { readonly at: number; readonly behindMs: number }>()
  const isHeld = () => [...reads.keys()].some((held) => held.isHeld())
  const any: Shards.Held = { shard: "reconciler", isHeld }
  const reconciler = yield* Reconciler.make(
    feed,
    progress,
    ({ stream, version }, onWait) => lanes.follow(any, stream, version, onWait),
    isHeld,
  )

  const work = Shards.run<StoredEvent>({
    name: router,
    owner: Ids.uuidV7(clock.currentTimeMillisUnsafe(), () => random.nextDoubleUnsafe()),
    log: feed,
    from: () => Effect.succeed(undefined),
    // Lanes put the events of a stream in order.
    work: (held, items, taken) => Effect.suspend(() => (taken(), lanes.route(held, items.map(({ value }) => value)))),
    onTrimmed: () => reconciler.all,
    bytesOf: ({ payload }) => payload.length,
    onRead: (held, { behindMs }) => {
      // Others may have worked on its streams before.
      if (!reads.has(held)) marks.forgetAll()
      reads.set(held, { at: elapsedMs(clock), behindMs: behindMs ?? 0 })
    },
  })

  /** What breaks once is tried in the next round. */
  const logged = Effect.catchDefect((defect: unknown) => Defect.log("the reconciler broke", defect))
  const reconcile = Effect.gen(function* () {
    while (!isHeld()) yield* Effect.sleep(limits.sweepMs)
    // It ends only once the buses and the store take all that is behind.
    yield* Effect.forkChild(logged(reconciler.all))
    while (true) {
      yield* Effect.sleep(limits.reconcileMs)
      if (isHeld()) yield* logged(reconciler.some)
    }
  })

  const measure = Effect.gen(function* () {
    const now = elapsedMs(clock)
    const oldest = lanes.oldestAt()
    let lag = oldest === undefined ? 0 : Math.max(0, clock.currentTimeMillisUnsafe() - oldest)
    for (const [held, { at, behindMs }] of reads) {
      if (!held.isHeld() && now - at > limits.leaseMs) reads.delete(held)
      // Shards are read several times a second: one that was not cannot be.
      else lag = Math.max(lag, behindMs + (now - at > limits.sweepMs * 2 ? now - at : 0))
    }
    yield* Metric.update(Metrics.FeedLag, lag)
  })

  yield* Effect.forkScoped(work)
  yield* Effect.forkScoped(reconcile)
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(measure, Effect.sleep(limits.sweepMs))))
  return Router.of({ redo: { stream: lanes.redo, message: () => Effect.succeed(false) } })
})
