/**
 * The processes of a run: some route, some consume, some do both; they are killed, paused, shut down, and opened again.
 * @module
 */
import { Context, Effect, Exit, Layer, Logger, Metric, References, Scope } from "effect"
import type { App } from "../../../core/App.ts"
import { ChangeFeed } from "../../../core/ChangeFeed.ts"
import { CommandBus } from "../../../core/CommandBus.ts"
import type { About } from "../../../core/Consumer.ts"
import { CoreBus } from "../../../core/CoreBus.ts"
import { DeadLetters, router as routerName } from "../../../core/DeadLetters.ts"
import { EventStore } from "../../../core/EventStore.ts"
import { Leases } from "../../../core/Leases.ts"
import * as Limits from "../../../core/Limits.ts"
import * as PolicyEnforcerMemory from "../../../core/PolicyEnforcerMemory.ts"
import { Progress } from "../../../core/Progress.ts"
import { SchemaRegistry } from "../../../core/SchemaRegistry.ts"
import { SecondaryBus } from "../../../core/SecondaryBus.ts"
import * as SnapshotStoreMemory from "../../../core/SnapshotStoreMemory.ts"
import * as ActorHost from "../../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../../runtime/CachedRegistry.ts"
import { Gate } from "../../../runtime/Gate.ts"
import { Tail } from "../../../runtime/Tail.ts"
import { TickTrigger } from "../../../runtime/TickTrigger.ts"
import * as CommandWorker from "../../../runtime/workers/CommandWorker.ts"
import { Consumers } from "../../../runtime/workers/Consumers.ts"
import * as DeadLetterQueue from "../../../runtime/workers/DeadLetterQueue.ts"
import * as Redrive from "../../../runtime/workers/Redrive.ts"
import { Router } from "../../../runtime/workers/Router.ts"
import { inProcess } from "../Fleet.ts"
import type { Process } from "../Process.ts"
import * as registryModel from "../registryModel.ts"
import * as domain from "./domain.ts"
import * as Ports from "./ports.ts"

/** What a process does. */
export type Role = "router" | "consumers" | "all"

/** What a planted bug may replace. */
export interface Hands {
  /** Between the workers of a process and the ports. */
  readonly ports: (ports: Ports.Ports) => Ports.Ports
  /** The application as the workers see it. */
  readonly app: (app: App) => App
  readonly redo: (redo: Redrive.Redo) => Redrive.Redo
  readonly registry: (registry: CachedRegistry["Service"]) => CachedRegistry["Service"]
}
export const ownHands: Hands = {
  ports: (ports) => ports,
  app: (app) => app,
  redo: (redo) => redo,
  registry: (registry) => registry,
}

export interface Setting extends Ports.Setting {
  readonly limits: Limits.Limits
  readonly registry: registryModel.Truth
  readonly hands: Hands
  readonly logs: Array<string>
  readonly mended: {
    /** Nobody fails any more on what was poison. */
    isSo: boolean
    readonly isPoison: (consumer: string, eventId: string) => boolean
    /** When a consumer began to look through all streams last: what it does may come from the bus, too. */
    walkedAt: number
  }
}

/** A place where processes run, one after the other. */
export interface Slot {
  readonly name: string
  readonly role: Role
  live:
    | {
      readonly process: Process
      readonly context: Context.Context<never>
      readonly scope: Scope.Closeable
      readonly isNewer: boolean
    }
    | undefined
  opened: number
}

const timerLateMaxMs = 2_000
const slowMaxMs = 45_000

/** What handlers of this process do: they fail, take long, and are written down. */
const handlerOf = ({ book, faults, mended }: Setting, { name }: Process): domain.Handle =>
  Effect.fnUntraced(function* (of: string, about: About) {
    book.begins(name, about, of)
    if (faults.strikes("handler-slow", name, 0.05)) yield* Effect.sleep(faults.amount(slowMaxMs))
    if (!mended.isSo && mended.isPoison(about.consumer, about.eventId)) return yield* Effect.fail("poison")
    if (faults.strikes("handler-fails", name, 0.1)) return yield* Effect.fail("by chance")
    book.did(name, about)
  })

const hourMs = 3_600_000
/** A clock jumps, to at most an hour from that of the engines. */
export const jump = ({ faults, network, world }: Setting, process: Process): void => {
  const random = world.random(`clock of ${process.name} at ${world.now()}`)
  const off = () => process.wallMs() - network.wallMs()
  if (faults.strikes("clock-back", process.name)) process.jump(-random.below(hourMs + off() + 1))
  if (faults.strikes("clock-forward", process.name)) process.jump(random.below(hourMs - off() + 1))
}

/** Opens a process in `slot`; its workers run once this is done. */
export const open = Effect.fnUntraced(function* (setting: Setting, slot: Slot, isNewer: boolean) {
  const { faults, hands, limits, logs, mended, registry, world } = setting
  const name = `${slot.name}-${++slot.opened}`
  const process: Process = world.process(
    name,
    () => faults.strikes("timer-late", name, 0.02) ? faults.amount(timerLateMaxMs) : 0,
  )
  jump(setting, process)
  const app = hands.app(domain.appOf(handlerOf(setting, process), isNewer))
  const own = hands.ports(yield* Ports.make(setting, process))
  const logger = Logger.make<unknown, void>(({ fiber, message }) => {
    const line = JSON.stringify([message, fiber.getRef(References.CurrentLogAnnotations)])
    if (line.includes("looks through all streams")) mended.walkedAt = world.now()
    logs.push(line)
  })
  const context = process.context.pipe(
    Context.add(Limits.Limits, limits),
    Context.add(Logger.CurrentLoggers, new Set([logger])),
    Context.add(Metric.MetricRegistry, new Map()),
  ) as Context.Context<never>
  const trigger = TickTrigger.of({ schedule: (task) => process.later(0, task) })
  const ports = Layer.mergeAll(
    Layer.succeed(EventStore, own.store),
    Layer.succeed(ChangeFeed, own.feed),
    Layer.succeed(CoreBus, own.core),
    Layer.succeed(SecondaryBus, own.secondary),
    Layer.succeed(Leases, own.leases),
    Layer.succeed(Progress, own.progress),
    Layer.succeed(DeadLetters, own.letters),
  )
  const known = Layer.effect(CachedRegistry, Effect.map(Effect.service(CachedRegistry), hands.registry)).pipe(
    Layer.provide(CachedRegistry.layer),
    Layer.provide(Layer.succeed(SchemaRegistry, registryModel.make(world, process, registry, faults))),
  )
  const redosOf = (all: Redrive.Redos): Redrive.Redos => new Map([...all].map(([key, redo]) => [key, hands.redo(redo)]))
  const routing = Redrive.layer(
    Effect.map(Effect.service(Router), ({ redo }) => redosOf(new Map([[routerName, redo]]))),
  ).pipe(Layer.provide(Router.layer(app)), Layer.provide([known, PolicyEnforcerMemory.layerDeniesNothingForTests]))
  const actors = ActorHost.ActorHost.layer(app).pipe(
    Layer.provide([Gate.layerOpen, SnapshotStoreMemory.layer, Tail.layer, Layer.succeed(TickTrigger, trigger)]),
  )
  const consuming = Layer.mergeAll(
    Redrive.layer(Effect.map(Effect.service(Consumers), ({ redos }) => redosOf(redos))).pipe(
      Layer.provide(Consumers.layer(app)),
    ),
    DeadLetterQueue.layer(app),
    CommandWorker.layer(Effect.succeed(own.commands)),
  ).pipe(Layer.provide(CommandBus.layerQueue(own.commands)), Layer.provide(actors))
  const layer = slot.role === "router"
    ? routing
    : slot.role === "consumers"
    ? consuming
    : Layer.mergeAll(routing, consuming)
  const scope = Scope.makeUnsafe()
  slot.live = { process, context, scope, isNewer }
  world.note(name, "opens")
  yield* inProcess(process, context, Layer.buildWithScope(Layer.provide(layer, ports), scope))
})

/** SIGKILL. */
export const kill = ({ world }: Setting, slot: Slot): void => {
  if (slot.live === undefined) return
  world.note(slot.live.process.name, "killed")
  slot.live.process.kill()
  slot.live = undefined
}

/** SIGTERM: what was begun ends, leases and messages are given back. */
export const shutdown = Effect.fnUntraced(function* ({ limits, world }: Setting, slot: Slot) {
  const { live } = slot
  if (live === undefined) return
  const { context, process, scope } = live
  world.note(process.name, "shuts down")
  // One that is in the middle of a long call is killed in the end, as its supervisor would.
  yield* Effect.timeoutOption(inProcess(process, context, Scope.close(scope, Exit.void)), limits.drainMs * 3)
  process.kill()
  if (slot.live === live) slot.live = undefined
})
