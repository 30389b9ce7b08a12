/**
 * Hosts over one shared memory store, with a hand on every call to the store: two hosts are two processes on one file.
 * @module
 */
import { Context, Effect, Layer, Logger, Metric, References, type Scope } from "effect"
import { Actors, type CommandRequest, type Shape as ActorsShape } from "../../core/Actors.ts"
import type { App } from "../../core/App.ts"
import { EventStore, type Shape as Store } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { type Limits, Limits as LimitsRef, lowered } from "../../core/Limits.ts"
import { type Shape as Snapshots, SnapshotStore } from "../../core/SnapshotStore.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import { ActorHost, type Shape as HostShape } from "../../runtime/ActorHost.ts"
import { Gate, type Shape as GateShape } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import * as Counters from "./Counter.ts"

/** One test as data, so that every runtime can run it: a virtual clock and a scope come from the runner. */
export interface Case {
  readonly name: string
  readonly run: () => Effect.Effect<void, unknown, Scope.Scope>
}
export const collect = (cases: Array<Case>) => (name: string, run: Case["run"]): void => void cases.push({ name, run })

/** The trigger of every host of the rig; a runner puts its platform's own here. */
export const Trigger: Context.Reference<Layer.Layer<TickTrigger>> = Context.Reference("nexus/tests/Trigger", {
  defaultValue: () => TickTrigger.layerImmediate,
})

/** What the test may put between host and store. */
export interface Hooks {
  commit: (commit: Store["commit"]) => Store["commit"]
  /** `begun` is heeded by hosts that are made later. */
  read: (store: Store) => Partial<Store>
  /** Of a store whose generated ids leave no receipt; set before the host is made. */
  generatedKey: Store["generatedKey"]
  /** Of a store that is given less at once; set before the host is made. */
  appendMax: Partial<Store["appendMax"]>
  /** Lets everything through until a test says otherwise. */
  gate: GateShape
}

export interface Rig {
  readonly events: EventStoreMemory.State
  readonly snapshots: SnapshotStoreMemory.State
  readonly store: Store
  readonly snapshotStore: Snapshots
  readonly hooks: Hooks
  /** Lines that were logged, as text. */
  readonly logs: Array<string>
  /** One more host on the same data. */
  readonly host: (some?: Partial<Limits>, app?: App) => Effect.Effect<Running, never, Scope.Scope>
}
export interface Running extends ActorsShape, HostShape {
  /** Sends `Add` and such as alice. */
  readonly tell: (
    id: string,
    command: string,
    payload: unknown,
    more?: Partial<CommandRequest>,
  ) => ReturnType<ActorsShape["send"]>
  /** A metric's count, of this host alone. */
  readonly count: (metric: Metric.Counter<number>) => number
}

const open: GateShape = { look: () => true, learn: () => Effect.succeed(() => true) }

export const make: Effect.Effect<Rig> = Effect.gen(function* () {
  const trigger = yield* Trigger
  const events = EventStoreMemory.emptyState()
  const snapshots: SnapshotStoreMemory.State = new Map()
  const store = yield* EventStoreMemory.make(events)
  const snapshotStore = yield* SnapshotStoreMemory.make(snapshots)
  const hooks: Hooks = {
    commit: (commit) => commit,
    read: () => ({}),
    generatedKey: undefined,
    appendMax: {},
    gate: open,
  }
  const logs: Array<string> = []
  const logger = Logger.layer([Logger.make(({ message, fiber }) => {
    logs.push(JSON.stringify([message, fiber.getRef(References.CurrentLogAnnotations)]))
  })])
  const hooked = Layer.sync(EventStore, () => hookedStore(hooks.read(store).begun))
  const hookedStore = (begun: Store["begun"]): Store => ({
    ...store,
    ...hooks.generatedKey === undefined ? {} : { generatedKey: hooks.generatedKey },
    appendMax: { ...store.appendMax, ...hooks.appendMax },
    commit: (group) => hooks.commit(store.commit)(group),
    readEach: (requests, limit) => (hooks.read(store).readEach ?? store.readEach)(requests, limit),
    ...begun === undefined ? {} : { begun },
    read: (stream, after, limit) => (hooks.read(store).read ?? store.read)(stream, after, limit),
    receipt: (stream, commandId) => (hooks.read(store).receipt ?? store.receipt)(stream, commandId),
  })
  const hookedGate = Layer.succeed(Gate, {
    look: (ask) => hooks.gate.look(ask),
    learn: (asks) => hooks.gate.learn(asks),
  })
  const host: Rig["host"] = Effect.fnUntraced(function* (some = {}, app = Counters.app) {
    const registry: Metric.MetricRegistry = new Map()
    const context = yield* Layer.build(
      ActorHost.layer(app).pipe(
        Layer.provide(Layer.mergeAll(hooked, hookedGate, Layer.succeed(SnapshotStore, snapshotStore), trigger)),
        Layer.provide(Layer.mergeAll(
          Layer.succeed(LimitsRef, lowered(some)),
          Layer.succeed(Metric.MetricRegistry, registry),
          logger,
        )),
        Layer.fresh,
      ),
    )
    const actors = Context.get(context, Actors)
    return {
      ...actors,
      ...Context.get(context, ActorHost),
      tell: (id, command, payload, more) =>
        actors.send({ principal: Counters.alice, aggregate: "Counter", id, command, payload, ...more }),
      count: (metric) => metric.valueUnsafe(Context.make(Metric.MetricRegistry, registry)).count,
    }
  })
  return { events, snapshots, store, snapshotStore, hooks, logs, host }
})

/** Lets real ticks pass; virtual clocks stand still meanwhile. */
export const settle: Effect.Effect<void> = Effect.promise(async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
})
