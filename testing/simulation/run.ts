/**
 * One seed from beginning to end: processes open, clients ask, faults strike and end, everything settles, and what was
 * told and stored is handed to the checks.
 * @module
 */
import { Cause, Context, Effect, Exit, Fiber, Layer, Metric, Option, Scope } from "effect"
import type * as App from "../../core/App.ts"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as Limits from "../../core/Limits.ts"
import { QueryLimiter } from "../../core/QueryLimiter.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import type { Revision } from "../../core/SchemaRegistry.ts"
import { SnapshotStore } from "../../core/SnapshotStore.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import { type Violation as Kept, Violations } from "../../core/Violations.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { chaos } from "./chaos.ts"
import * as Clients from "./clients.ts"
import { conclude } from "./conclude.ts"
import * as Faults from "./Faults.ts"
import * as Fleet from "./Fleet.ts"
import type { Attempt, Operation } from "./History.ts"
import * as Subscribers from "./Subscribers.ts"
import { emptyTape, type Tape } from "./observe.ts"
import * as Plan from "./plan.ts"
import type { Ruling } from "./limiterModel.ts"
import * as policyModel from "./policyModel.ts"
import * as registryModel from "./registryModel.ts"
import type { Inquiry, Question } from "./Question.ts"
import * as Readers from "./readers.ts"
import * as Router from "./router.ts"
import type { SnapshotLog } from "./snapshotModel.ts"
import type { Commit } from "./storeModel.ts"
import * as Tracer from "./tracer.ts"
import type { Workload } from "./workload.ts"
import * as World from "./World.ts"

/** Opened anew for each seed; one that does not open ends the simulation. A limiter among them is used too. */
export type Stores = Layer.Layer<EventStore | SnapshotStore, unknown>

export interface Violation {
  /** As numbered in the list of invariants. */
  readonly invariant: number
  readonly message: string
}

/** What all seeds of a simulation share. */
export interface Scenario {
  readonly app: App.App
  readonly older: App.App | undefined
  /** What a deployment of these releases registers, by subject. */
  readonly declared: ReadonlyMap<string, ReadonlyArray<Revision>>
  readonly workload: Workload
  readonly size: Plan.Size
  readonly limits: Partial<Limits.Limits>
  readonly stores: Stores
  readonly host: Fleet.HostLayer
  readonly governance: Fleet.Governance
  readonly stream: Fleet.Stream
  /** What user code was seen doing, in the run under way. */
  readonly tape: { current: Tape }
}

/** What is taken out of a run to make it smaller. */
export interface Cut {
  readonly faults: ReadonlySet<Faults.Kind>
  readonly operations: ReadonlySet<number>
}
export const noCut: Cut = { faults: new Set(), operations: new Set() }

/** A host that ran, and what it counted. */
export interface HostFacts {
  readonly name: string
  readonly app: App.App
  readonly wasKilled: boolean
  readonly counters: ReadonlyMap<string, number>
  /** All its metrics, as text. */
  readonly metrics: string
}

/** Everything that the checks look at. */
export interface Run {
  readonly world: World.World
  readonly faults: Faults.Faults
  readonly scenario: Scenario
  readonly limits: Limits.Limits
  readonly plan: Plan.Plan
  /** Appends that a group of this run could hold. */
  readonly appendsMax: number
  readonly tape: Tape
  readonly attempts: ReadonlyArray<Attempt>
  readonly inquiries: ReadonlyArray<Inquiry>
  readonly rulings: ReadonlyArray<Ruling>
  readonly subscribers: ReadonlyArray<Subscribers.Subscriber>
  readonly commits: ReadonlyArray<Commit>
  readonly spans: ReadonlyArray<Tracer.Spoken>
  readonly rules: policyModel.Rules
  /** What each tenant is shown in the end of what the policies refused. */
  readonly violations: ReadonlyMap<string, ReadonlyArray<Kept>>
  readonly readings: ReadonlyArray<registryModel.Reading>
  /** The step at which a subject was registered, where that was in the middle of the run. */
  readonly registeredAt: ReadonlyMap<string, number>
  readonly routings: ReadonlyArray<Router.Routing>
  readonly snapshotLog: SnapshotLog
  readonly logs: ReadonlyArray<string>
  readonly hosts: ReadonlyArray<HostFacts>
  /** The log in the end, by stream, read page by page. */
  readonly streams: ReadonlyMap<string, ReadonlyArray<StoredEvent>>
  /** The same through the feed. */
  readonly feed: ReadonlyArray<StoredEvent>
  /** What was seen to be wrong while it ran. */
  readonly seen: ReadonlyArray<Violation>
  /** False where the run was broken off, so that the log is not known. */
  readonly complete: boolean
}

export const memoryStores: Stores = Layer.mergeAll(
  EventStoreMemory.layer,
  QueryLimiterMemory.layer,
  SnapshotStoreMemory.layer,
)

/** A window that slides many times in a run. */
const questionLimits = { queries: 3, queryWindowMs: 3_000 }
/** What was read of the registry lives through a part of a run. */
const registryLimits = { registryCacheMs: 20_000, registryRetryMs: 2_000 }
/** Less than a burst. */
const mailboxLimits = { mailbox: 16 }
const smallLimits = { mailbox: 4, actors: 2, idleMaxMs: 1_500, snapshotQueue: 1, loadPage: 2, attempts: 2, ticks: 2 }
const smallAppends = 3
/** A run holds a handful of events: only under these do frames wait, split and fall behind. */
const streamLimits = {
  framesPerSecond: 3,
  eventsPerFrame: 2,
  tailPage: 3,
  socketBufferBytes: 500,
  socketStallMs: 5_000,
}
const tracedChance = 0.1
/** A run lasts for many minutes that cost nothing, unless somebody looks ten times a second. */
const slowTail = { tailPollMs: 4_000 }
/** Steps and processes of a run that was cut short still say what was seen until then. */
const nothing = { streams: new Map(), feed: [], violations: new Map(), complete: false }

/** Runs a seed of a scenario. The result depends on both and on the cut alone. */
export const run = async (scenario: Scenario, seed: number, cut: Cut = noCut): Promise<Run> => {
  const world = World.make(seed)
  const faults = Faults.make(world, cut.faults)
  const plan = Plan.make(world, faults, scenario.workload, scenario.size, cut.operations)
  const small = faults.strikes("small-limits", "world", 1)
  const limits = {
    ...Limits.lowered({
      ...questionLimits,
      ...streamLimits,
      ...registryLimits,
      ...mailboxLimits,
      ...scenario.limits,
      ...small ? smallLimits : {},
    }),
    ...slowTail,
  }
  const network = world.process("network")
  // Elsewhere, so that two stores which behave alike leave the same trace.
  const workshop = World.make(seed)
  const scope = Scope.makeUnsafe()
  const seen: Array<Violation> = []
  const spans: Array<Tracer.Spoken> = []
  const tape = emptyTape()
  scenario.tape.current = tape

  const stores = Effect.provideService(Layer.buildWithScope(scenario.stores, scope), Limits.Limits, limits)
  const ports = Exit.match(await workshop.run(workshop.process("stores"), stores), {
    onSuccess: (context) => context,
    onFailure: (cause) => {
      throw new Error(`the store does not open: ${Cause.pretty(cause)}`)
    },
  })
  const setting: Fleet.Setting = {
    ...{ world, faults, limits, network, seen, commits: [], rulings: [], routings: [], logs: [], opened: [] },
    tracer: world.random("tracer").chance(tracedChance) ? Tracer.make(spans) : undefined,
    rules: policyModel.begin(world),
    registry: registryModel.begin(faults, scenario.declared),
    ...{ host: scenario.host, governance: scenario.governance, stream: scenario.stream },
    snapshotLog: { saved: [], handedOut: 0, damagedFirst: new Set() },
    store: Context.get(ports, EventStore),
    snapshots: Context.get(ports, SnapshotStore),
    limiter: await limiterOf(ports, limits),
    violations: Context.getOrUndefined(ports as Context.Context<never>, Violations) ??
      (await Effect.runPromise(ViolationsMemory.make())),
    appendsMax: small ? smallAppends : Number.MAX_SAFE_INTEGER,
  }
  const slots = Fleet.slots(faults, scenario)
  const clients = Clients.make(world, faults, setting.rules, slots)
  const readers = Readers.make(setting, clients.process, slots)
  const subscribers = Subscribers.make(world, faults, clients.process, slots, plan)
  watchMailboxes(setting, slots)

  const main = Effect.gen(function* () {
    for (const slot of slots) yield* Fleet.open(setting, slot)
    const listening = yield* Effect.forkChild(subscribers.run)
    yield* Effect.forkChild(Router.run(setting, slots))
    const chaotic = yield* Effect.forkChild(chaos(setting, slots, plan.streams))
    const perform = (operations: ReadonlyArray<Operation>) =>
      Effect.forEach(operations, clients.perform, { discard: true })
    const ask = (questions: ReadonlyArray<Question>) => Effect.forEach(questions, readers.ask, { discard: true })
    const asking = yield* Effect.forkChild(Effect.forEach(plan.readers, ask, { concurrency: "unbounded" }))
    yield* Effect.forEach(plan.clients, perform, { concurrency: "unbounded", discard: true })
    yield* Fiber.join(asking)
    faults.end()
    // What it has begun (a shutdown, a restart) it brings to an end.
    yield* Fiber.join(chaotic)
    return yield* conclude(setting, slots, clients, plan.streams, subscribers.all, Fiber.interrupt(listening))
  })
  const end = await finish(world.run(clients.process, main), seen)
  await workshop.run(workshop.process("stores"), Scope.close(scope, Exit.void))
  return {
    ...{ world, faults, scenario, limits, plan, tape, seen },
    ...{
      appendsMax: setting.appendsMax,
      commits: setting.commits,
      logs: setting.logs,
      spans,
      rules: setting.rules,
      readings: setting.registry.readings,
      registeredAt: setting.registry.since,
      routings: setting.routings,
      snapshotLog: setting.snapshotLog,
    },
    attempts: clients.attempts,
    inquiries: readers.inquiries,
    rulings: setting.rulings,
    subscribers: subscribers.all,
    hosts: setting.opened.map((host) => ({
      ...{
        name: host.name,
        app: host.slot.app,
        wasKilled: host.wasKilled,
        counters: countersOf(host),
        metrics: metricsOf(host),
      },
    })),
    ...end ?? nothing,
  }
}

/** That of the stores, or one in memory where they have none. */
const limiterOf = (ports: Context.Context<EventStore | SnapshotStore>, limits: Limits.Limits) =>
  Option.match(Context.getOption(ports as Context.Context<never>, QueryLimiter), {
    onSome: (limiter) => Promise.resolve(limiter),
    onNone: () => Effect.runPromise(Effect.provideService(QueryLimiterMemory.make(), Limits.Limits, limits)),
  })

/** A run that does not end, or that throws, is a finding like any other. */
const finish = async <A>(running: Promise<Exit.Exit<A>>, seen: Array<Violation>): Promise<A | undefined> => {
  try {
    const exit = await running
    if (Exit.isSuccess(exit)) return exit.value
    seen.push({ invariant: 17, message: `the run broke: ${Cause.pretty(exit.cause)}` })
  } catch (error) {
    seen.push({ invariant: 17, message: `${error}` })
  }
  return undefined
}

/** Whenever nothing can run, no actor may have more callers than its mailbox and the turn under way can hold. */
const watchMailboxes = ({ limits, seen, world }: Fleet.Setting, slots: ReadonlyArray<Fleet.Slot>): void =>
  world.onSettled(() => {
    for (const { host } of slots) {
      if (host === undefined || host.inFlight.size <= limits.mailbox || host.process.isPaused()) continue
      const waiting = new Map<string, Set<string>>()
      for (const { actor, commandId, isInside } of host.inFlight.values()) {
        if (!isInside) continue
        waiting.set(actor, (waiting.get(actor) ?? new Set()).add(commandId))
      }
      for (const [actor, ids] of waiting) {
        if (ids.size <= limits.mailbox) continue
        seen.push({
          invariant: 16,
          message: `${ids.size} commands wait in ${host.name} for ${actor} at ${world.now()}: ${[...ids].join(", ")}`,
        })
      }
    }
  })

const metricsOf = ({ context }: Fleet.Host): string =>
  Metric.snapshotUnsafe(context).map(({ attributes, id }) => `${id} ${JSON.stringify(attributes ?? {})}`).join("\n")

const countersOf = ({ context }: Fleet.Host): ReadonlyMap<string, number> =>
  new Map(
    Metric.snapshotUnsafe(context).flatMap((metric) =>
      metric.type === "Counter" ? [[metric.id, Number(metric.state.count)] as const] : []
    ),
  )
