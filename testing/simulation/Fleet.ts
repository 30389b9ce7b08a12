/**
 * The processes of a run: hosts that open the same data, are killed, paused, shut down, and opened again.
 * @module
 */
import { Cause, Context, Effect, Exit, Layer, Logger, Metric, References, Scope, Tracer } from "effect"
import { Actors, type Shape as ActorsShape } from "../../core/Actors.ts"
import type * as App from "../../core/App.ts"
import { EventStore, type Shape as StoreShape, StoreUnavailable } from "../../core/EventStore.ts"
import * as Limits from "../../core/Limits.ts"
import { type Input, PolicyEnforcer } from "../../core/PolicyEnforcer.ts"
import { QueryLimiter, type Shape as LimiterShape } from "../../core/QueryLimiter.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import { type Shape as SnapshotShape, SnapshotStore } from "../../core/SnapshotStore.ts"
import { type Shape as ViolationsShape, Violations } from "../../core/Violations.ts"
import * as Permit from "../../edge/permit.ts"
import { read } from "../../policies/Engine.ts"
import * as Enforcer from "../../policies/Enforcer.ts"
import * as RemoteEngine from "../../policies/RemoteEngine.ts"
import * as ActorHost from "../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import * as Routable from "../../runtime/Routable.ts"
import { Tail } from "../../runtime/Tail.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { type Shape as PastShape, TimeTravel } from "../../runtime/TimeTravel.ts"
import * as Hub from "../../edge/stream/Hub.ts"
import type { Faults } from "./Faults.ts"
import type { Routing } from "./router.ts"
import type { Violation } from "./run.ts"
import * as limiterModel from "./limiterModel.ts"
import * as policyModel from "./policyModel.ts"
import * as registryModel from "./registryModel.ts"
import * as snapshotModel from "./snapshotModel.ts"
import * as storeModel from "./storeModel.ts"
import type { Process } from "./Process.ts"
import type { World } from "./World.ts"

/** A running host. */
export interface Host {
  readonly name: string
  readonly slot: Slot
  readonly process: Process
  readonly context: Context.Context<never>
  readonly actors: ActorsShape
  /** For questions after the past. */
  readonly past: PastShape
  readonly limiter: LimiterShape
  readonly store: StoreShape
  /** Its sockets. */
  readonly hub: Hub.Hub
  /** Asks the policies as the edge does. */
  readonly permit: Permit.Permit
  /** Whether it would send a stored event on. */
  readonly routable: Routable.Routable
  readonly scope: Scope.Closeable
  /** Went without a shutdown in order. */
  wasKilled: boolean
  /** Called once, when the process is killed. */
  readonly onDeath: Set<() => void>
  readonly tracer: Tracer.Tracer | undefined
  /** Calls without an answer yet, by the name of their operation; inside: the policies let them in. */
  readonly inFlight: Map<string, { readonly actor: string; readonly commandId: string; isInside: boolean }>
}

/** A place where a host runs, one after the other. */
export interface Slot {
  readonly name: string
  readonly app: App.App
  host: Host | undefined
  opened: number
}

/** How a host of a run is built; what it gives beside actors (`TimeTravel`, `QueryLimiter`) stands for the usual one. */
export type HostLayer = (
  app: App.App,
) => Layer.Layer<Actors, never, EventStore | Gate | QueryLimiter | SnapshotStore | TickTrigger>
/** How hosts are governed; a planted bug replaces it. */
export type Governance = (
  app: App.App,
) => Layer.Layer<
  CachedRegistry | Gate | PolicyEnforcer,
  never,
  policyModel.PolicyAnswers | SchemaRegistry | Violations
>
/** How the sockets of a host are served; a planted bug replaces it. */
export type Stream = typeof Hub.make
export const productionHost: HostLayer = ActorHost.ActorHost.layer
export const productionGovernance: Governance = (app) =>
  Gate.layer(app).pipe(Layer.provideMerge(enforcer), Layer.provideMerge(CachedRegistry.layer))
/** The enforcer as it is served, over an engine in process or elsewhere. */
export const enforcer: Layer.Layer<PolicyEnforcer, never, policyModel.PolicyAnswers | Violations> = Layer.effect(
  PolicyEnforcer,
  Effect.gen(function* () {
    const { ask, isRemote } = yield* policyModel.PolicyAnswers
    const limits = yield* Limits.Limits
    if (isRemote) return yield* Enforcer.make([RemoteEngine.over(ask, limits)], limits.remoteDecisionMs)
    const decide = (input: Input) => Effect.flatMap(ask(input), (value) => Effect.fromResult(read("simulated", value)))
    return yield* Enforcer.make([{ bundle: "simulated", remembers: true, decide }], limits.decisionMs)
  }),
)

export interface Setting {
  readonly world: World
  readonly faults: Faults
  readonly limits: Limits.Limits
  readonly store: StoreShape
  readonly snapshots: SnapshotShape
  readonly limiter: LimiterShape
  readonly appendsMax: number
  readonly commits: Array<storeModel.Commit>
  readonly snapshotLog: snapshotModel.SnapshotLog
  readonly rulings: Array<limiterModel.Ruling>
  readonly registry: registryModel.Truth
  readonly rules: policyModel.Rules
  readonly violations: ViolationsShape
  readonly routings: Array<Routing>
  /** In some runs. */
  readonly tracer: Tracer.Tracer | undefined
  /** Everything the hosts logged. */
  readonly logs: Array<string>
  /** Every host that was ever opened. */
  readonly opened: Array<Host>
  /** What was seen to be wrong. */
  readonly seen: Array<Violation>
  readonly network: Process
  readonly host: HostLayer
  readonly governance: Governance
  readonly stream: Stream
}

const timerLateMaxMs = 3_000
const tickLateMaxMs = 1_500
/** What late timers may add to a shutdown. */
const drainLateMs = 4_000

/** The places of a run: the first host, and beside it whatever the faults of the run put there. */
export const slots = (faults: Faults, apps: { readonly app: App.App; readonly older: App.App | undefined }) => {
  const place = (name: string, app: App.App): Slot => ({ name, app, host: undefined, opened: 0 })
  return [
    place("main", apps.app),
    ...faults.strikes("second-writer", "world", 1) ? [place("second", apps.app)] : [],
    ...apps.older !== undefined && faults.strikes("older-code", "world", 1) ? [place("older", apps.older)] : [],
  ]
}

/** Opens a new process in `slot`; its host works once this is done. */
export const open = Effect.fnUntraced(function* (setting: Setting, slot: Slot) {
  const { faults, world } = setting
  const name = `${slot.name}-${++slot.opened}`
  const process: Process = world.process(
    name,
    () => faults.strikes("timer-late", name, 0.05) ? faults.amount(timerLateMaxMs) : 0,
  )
  const logger = Logger.make<unknown, void>(({ cause, fiber, message }) => {
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    setting.logs.push(JSON.stringify([message, annotations, cause.reasons.length > 0 ? Cause.pretty(cause) : ""]))
  })
  const context = process.context.pipe(
    Context.add(Limits.Limits, setting.limits),
    Context.add(Logger.CurrentLoggers, new Set([logger])),
    Context.add(Metric.MetricRegistry, new Map()),
    (own) => setting.tracer === undefined ? own : Context.add(own, Tracer.Tracer, setting.tracer),
  ) as Context.Context<never>
  const scope = Scope.makeUnsafe()
  const layer = setting.host(slot.app).pipe(
    Layer.provideMerge(setting.governance(slot.app)),
    Layer.provideMerge(Tail.layer),
    Layer.provideMerge(Layer.provide(TimeTravel.layer(slot.app), unwatchedSnapshots(setting, process))),
    Layer.provideMerge(ports(setting, process)),
  )
  const build = Effect.gen(function* () {
    const built = yield* Layer.buildWithScope(layer, scope)
    const problem = ({ _tag }: { readonly _tag: string }) => JSON.stringify({ title: _tag })
    const permit = Permit.make(slot.app.name, Context.get(built, PolicyEnforcer), setting.limits)
    const options = { app: slot.app, limits: setting.limits, context: Context.merge(context, built), permit, problem }
    return {
      permit,
      actors: Context.get(built, Actors),
      past: Context.get(built, TimeTravel),
      limiter: Context.get(built, QueryLimiter),
      store: Context.get(built, EventStore),
      hub: yield* Effect.provide(setting.stream(options), built),
      routable: yield* Effect.provide(Routable.make, built),
    }
  })
  const services = yield* inProcess(process, context, build)
  slot.host = {
    name,
    slot,
    process,
    context,
    ...services,
    scope,
    tracer: setting.tracer,
    wasKilled: false,
    onDeath: new Set(),
    inFlight: new Map(),
  }
  setting.opened.push(slot.host)
  world.note(name, "opened")
})

/** Runs an effect in a process; whoever waits for it elsewhere waits for ever if the process dies. */
export const inProcess = <A, E>(process: Process, context: Context.Context<never>, effect: Effect.Effect<A, E>) =>
  Effect.callback<A, E>((resume) =>
    process.post(() => Effect.runForkWith(context)(effect).addObserver((exit) => resume(exit)))
  )

const ports = (setting: Setting, process: Process) => {
  const { appendsMax, commits, faults, limiter, limits, network, rulings, snapshotLog, snapshots, store, world } =
    setting
  const { registry, rules, violations } = setting
  const decisionMs = rules.isRemote ? limits.remoteDecisionMs : limits.decisionMs
  const keep: ViolationsShape["keep"] = (some) =>
    Effect.suspend(() =>
      faults.strikes("violations-lost", process.name)
        ? Effect.fail(new StoreUnavailable({ reason: "refused" }))
        : storeModel.call(process, violations.keep(some))
    )
  const trigger = TickTrigger.of({
    schedule: (task) => {
      const late = faults.strikes("tick-late", process.name) ? faults.amount(tickLateMaxMs) : 0
      process.later(late, task)
      if (faults.strikes("tick-twice", process.name)) process.later(late + faults.amount(tickLateMaxMs), task)
    },
  })
  return Layer.mergeAll(
    Layer.succeed(
      EventStore,
      storeModel.make(world, process, network, store, faults, commits, appendsMax, setting.seen),
    ),
    Layer.succeed(Violations, { ...violations, keep }),
    Layer.succeed(
      policyModel.PolicyAnswers,
      policyModel.make(world, process, rules, faults, decisionMs),
    ),
    Layer.succeed(SchemaRegistry, registryModel.make(world, process, registry, faults)),
    Layer.succeed(QueryLimiter, limiterModel.make(world, process, limiter, faults, rulings)),
    Layer.succeed(SnapshotStore, snapshotModel.make(world, process, snapshots, faults, snapshotLog)),
    Layer.succeed(TickTrigger, trigger),
  )
}

/** For questions after the past: they look at no snapshot behind it, so that a bad one there need not be reported. */
const unwatchedSnapshots = ({ faults, snapshots, world }: Setting, process: Process) =>
  Layer.succeed(
    SnapshotStore,
    snapshotModel.make(world, process, snapshots, faults, { saved: [], handedOut: 0, damagedFirst: new Set() }),
  )

/** SIGKILL: nothing of the process runs any more, and its callers hear that the line is dead. */
export const kill = (setting: Setting, slot: Slot): void => {
  const { host } = slot
  if (host === undefined) return
  setting.world.note(host.name, "killed")
  host.wasKilled = true
  gone(slot, host)
}

const gone = (slot: Slot, host: Host): void => {
  slot.host = undefined
  host.process.kill()
  for (const hear of host.onDeath) hear()
}

/** SIGTERM: the host drains in order, at most `drainMs`, and leaves no caller waiting. */
export const shutdown = Effect.fnUntraced(function* (setting: Setting, slot: Slot) {
  const { host } = slot
  if (host === undefined) return
  const { world } = setting
  world.note(host.name, "shuts down")
  const [began, paused] = [world.now(), host.process.pausedMs()]
  yield* Effect.raceFirst(
    inProcess(
      host.process,
      host.context,
      Effect.andThen(Effect.sync(host.hub.drain), Scope.close(host.scope, Exit.void)),
    ),
    // Killed while it drained.
    Effect.callback<void>((resume) => void host.onDeath.add(() => resume(Effect.void))),
  )
  if (slot.host !== host) return
  const took = world.now() - began - (host.process.pausedMs() - paused)
  if (took > setting.limits.drainMs + drainLateMs) {
    setting.seen.push({ invariant: 17, message: `${host.name} took ${took} ms to shut down` })
  }
  // Answers are said; they only have to leave. Who came since then is refused.
  const waiting = [...host.inFlight].flatMap(([name, { isInside }]) => isInside ? [name] : [])
  yield* Effect.sleep(1)
  for (const name of waiting.filter((name) => host.inFlight.has(name))) {
    setting.seen.push({ invariant: 17, message: `${host.name} went and left ${name} waiting` })
  }
  world.note(host.name, "has shut down")
  if (slot.host === host) gone(slot, host)
})
