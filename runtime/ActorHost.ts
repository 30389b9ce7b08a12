/**
 * Runs an application's actors in this process: the default placement of `Actors`.
 *
 * Correctness never rests on an actor being alone: whoever else writes, the store fences. A host that is gone has lost
 * nothing but time.
 * @module
 */
import { Clock, Context, Effect, FiberSet, Layer, Option, Random, type Scope, Tracer } from "effect"
import * as ActorError from "../core/ActorError.ts"
import { Actors, type CommandRequest, type Shape as ActorsShape } from "../core/Actors.ts"
import type { App } from "../core/App.ts"
import { EventStore } from "../core/EventStore.ts"
import * as Fingerprint from "../core/Fingerprint.ts"
import * as Ids from "../core/Ids.ts"
import { Limits } from "../core/Limits.ts"
import { updater } from "../core/metrics.ts"
import { mayCommand, type Shape as Principal } from "../core/Principal.ts"
import { SnapshotStore } from "../core/SnapshotStore.ts"
import { idPattern } from "../core/Stream.ts"
import * as Wire from "../schemas/Wire.ts"
import type { Actor, CommandAnswer, ReadAnswer, Task } from "./Actor.ts"
import * as Answer from "./Answer.ts"
import { Gate } from "./Gate.ts"
import { elapsedMs, type Host, nowMs, wallMs } from "./Host.ts"
import * as Metrics from "./HostMetrics.ts"
import * as Kind from "./Kind.ts"
import * as Loader from "./Loader.ts"
import * as Rarely from "./Rarely.ts"
import * as Roster from "./Roster.ts"
import * as Settle from "./Settle.ts"
import * as Snapshots from "./Snapshots.ts"
import * as Supervision from "./Supervision.ts"
import { sweep } from "./Sweep.ts"
import * as Tick from "./Tick.ts"
import { Tail } from "./Tail.ts"
import { TickTrigger } from "./TickTrigger.ts"

export interface Shape {
  /**
   * Refuses what comes from now on with `ShuttingDown` and waits until all that was taken is answered, at most
   * `Limits.drainMs`; then answers the rest. Idempotent. The layer does it when its scope closes.
   */
  readonly drain: Effect.Effect<void>
  /** Actors in memory, and those of them with work. */
  readonly stats: () => { readonly live: number; readonly working: number }
}

export class ActorHost extends Context.Service<ActorHost, Shape>()("nexus/runtime/ActorHost") {
  /** The actors of `app` in this process. */
  static readonly layer = (
    app: App,
  ): Layer.Layer<Actors | ActorHost, never, EventStore | Gate | SnapshotStore | TickTrigger> =>
    Layer.effectContext(Effect.map(
      make(app),
      ({ actors, host }) => Context.make(Actors, actors).pipe(Context.add(ActorHost, host)),
    ))
}

const make = Effect.fnUntraced(function* (
  app: App,
): Effect.fn.Return<
  { readonly actors: ActorsShape; readonly host: Shape },
  never,
  EventStore | Gate | SnapshotStore | TickTrigger | Scope.Scope
> {
  const host = yield* assemble
  const kinds: Record<string, Kind.Kind> = Object.create(null)
  for (const [name, aggregate] of Object.entries(app.aggregates)) kinds[name] = Kind.make(aggregate)

  let draining = false
  const drain = yield* Effect.cached(Effect.gen(function* () {
    draining = true
    const idle = Effect.callback<void>((resume) => host.roster.whenIdle(() => resume(Effect.void)))
    yield* Effect.timeoutOption(idle, host.limits.drainMs)
    const error = new ActorError.ShuttingDown({ retryAfterSeconds: 1 })
    for (const actor of host.roster.working) {
      // What a tick has taken may be stored already.
      for (const task of actor.work!.running) if (task._tag === "Command") task.unknown = true
      for (const task of actor.work!.running) Settle.fail(host, task, error)
      Settle.failAll(host, actor, error)
    }
    Settle.flush(host)
  }))
  const swept = Effect.catchDefect(sweep(host), (defect) => host.rarely.defect("a sweep broke", defect))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(host.limits.sweepMs), swept)))
  // Runs before the sweep ends: deadlines hold while it drains.
  yield* Effect.addFinalizer(() => drain)

  const enter = (principal: Principal, kind: Kind.Kind, id: string, now: number): Actor | ActorError.ActorError => {
    if (draining) return new ActorError.ShuttingDown({ retryAfterSeconds: 1 })
    const key = `${principal.tenant}/${kind.name}/${id}`
    const blockedMs = host.supervision.blockedMs(key, now)
    if (blockedMs > 0) return new ActorError.ActorUnavailable({ retryAfterSeconds: Math.ceil(blockedMs / 1000) })
    const actor = host.roster.get(key, kind, now)
    if (actor === undefined) return new ActorError.Unavailable({ retryAfterSeconds: 1, reason: "actors" })
    const waiting = actor.work === undefined ? 0 : actor.work.mailbox.length + actor.work.running.length
    return waiting >= host.limits.mailbox ? new ActorError.MailboxFull({ retryAfterSeconds: 1 }) : actor
  }

  const post = (actor: Actor, tenant: string, id: string, task: Task): void => {
    const work = host.roster.work(actor, { tenant, aggregate: actor.kind.name, id })
    if (work.holder === undefined && work.mailbox.length === 0) host.ready.push(actor)
    work.mailbox.push(task)
    host.schedule()
  }

  const send: ActorsShape["send"] = (request) =>
    Effect.withFiber((fiber): CommandAnswer => {
      const { commandId, principal } = request
      const kind = kinds[request.aggregate]
      const command = kind?.command(request.command)
      if (kind === undefined || command === undefined) {
        return Effect.fail(new ActorError.UnknownCommand({ aggregate: request.aggregate, command: request.command }))
      }
      const bad = badId(principal.tenant, request.id, commandId)
      if (bad !== undefined) return Effect.fail(new ActorError.InvalidId({ part: bad }))
      if (!mayCommand(principal, kind.name)) {
        return Effect.fail(new ActorError.Forbidden({ scope: `commands:${kind.name}` }))
      }
      const decoded = Wire.guard(() => Wire.decodeCommand(command, request.payload))
      if (decoded._tag === "Failure") {
        return undecoded(host, request, decoded.failure)
      }
      return Effect.callback((resume) => {
        const now = nowMs(host)
        // In one step with the post: a fiber may yield between two effects, and the place may be gone by then.
        const actor = enter(principal, kind, request.id, now)
        if ("_tag" in actor) return resume(Effect.fail(actor))
        post(actor, principal.tenant, request.id, {
          _tag: "Command",
          request,
          commandId: commandId ?? Ids.uuidV7(wallMs(host), host.random),
          command: decoded.success,
          tried: 0,
          fingerprint: "",
          span: Context.getOrUndefined(fiber.context, Tracer.ParentSpan),
          decided: undefined,
          now: 0,
          deadline: now + host.limits.requestTimeoutMs,
          attempts: 0,
          answered: false,
          again: false,
          unknown: false,
          resume,
        })
      })
    })

  const state: ActorsShape["state"] = (principal, aggregate, id) =>
    Effect.suspend((): ReadAnswer => {
      const kind = kinds[aggregate]
      if (kind === undefined) return Effect.fail(new ActorError.UnknownCommand({ aggregate, command: "" }))
      const bad = badId(principal.tenant, id, undefined)
      if (bad !== undefined) return Effect.fail(new ActorError.InvalidId({ part: bad }))
      if (!principal.scopes.includes("read")) return Effect.fail(new ActorError.Forbidden({ scope: "read" }))
      return Effect.callback((resume) => {
        const now = nowMs(host)
        const actor = enter(principal, kind, id, now)
        if ("_tag" in actor) return resume(Effect.fail(actor))
        const deadline = now + host.limits.requestTimeoutMs
        post(actor, principal.tenant, id, {
          _tag: "Read",
          deadline,
          attempts: 0,
          answered: false,
          again: false,
          unknown: false,
          resume,
        })
      })
    })

  const stats = () => ({ live: host.roster.size(), working: host.roster.working.size })
  return { actors: Actors.of({ send, state }), host: ActorHost.of({ drain, stats }) }
})

const badId = (tenant: string, id: string, commandId: string | undefined): string | undefined =>
  !idPattern.test(tenant)
    ? "tenant"
    : !idPattern.test(id)
    ? "id"
    : commandId !== undefined && !idPattern.test(commandId)
    ? "commandId"
    : undefined

/** A repeat is answered by its receipt even if the schema has become stricter since, or its code fails. */
const undecoded = (host: Host, request: CommandRequest, failure: Wire.Invalid | Wire.Thrown): CommandAnswer => {
  const error = failure._tag === "Invalid"
    ? new ActorError.CommandInvalid({ issues: failure.issues })
    : new ActorError.ActorDefect()
  if (failure._tag === "Thrown") {
    host.update(Metrics.ActorDefects, 1)
    const about = { aggregate: request.aggregate, command: request.command }
    host.run(host.rarely.defect("command cannot be read", failure, about))
  }
  const { aggregate, command, commandId, id, payload, principal: { tenant } } = request
  if (commandId === undefined) return Effect.fail(error)
  const stream = { tenant, aggregate, id }
  return host.store.receipt(stream, commandId).pipe(
    Effect.mapError(ActorError.Unavailable.fromStore),
    Effect.flatMap((receipt) => {
      if (receipt === undefined) return Effect.fail(error)
      const fingerprint = Fingerprint.make(aggregate, id, command, payload, host.sha256)
      return Answer.fromReceipt(host.store.kind, stream, fingerprint, receipt)
    }),
  )
}

/** The host's parts, wired to the services around it. */
const assemble = Effect.gen(function* () {
  const store = yield* EventStore
  const gate = yield* Gate
  const snapshotStore = yield* SnapshotStore
  const trigger = yield* TickTrigger
  const limits = yield* Limits
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const tracer = Context.getOrUndefined(yield* Effect.context<never>(), Tracer.Tracer)
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const update = updater(yield* Effect.context<never>())
  // A host that nobody follows tells nobody.
  const tail = Option.getOrUndefined(yield* Effect.serviceOption(Tail))
  const startMs = elapsedMs(clock)

  const rarely = Rarely.make(limits)
  const snapshots = yield* Snapshots.make(snapshotStore, limits, update, rarely)

  let scheduled = false
  let ticks = 0
  const tick = () => {
    scheduled = false
    ticks++
    run(Effect.ensuring(
      Tick.run(host),
      Effect.sync(() => {
        ticks--
        host.schedule()
      }),
    ))
    // What one tick had no room for need not wait for its end.
    host.schedule()
  }
  const host: Host = {
    store,
    gate,
    limits,
    roster: Roster.make(limits, startMs, (actor) => snapshots.evaluate(actor, clock.currentTimeMillisUnsafe())),
    supervision: Supervision.make(limits),
    loader: Loader.make(store, snapshotStore, limits, update, rarely),
    snapshots,
    update,
    rarely,
    wake: tail === undefined ? () => {} : tail.wake,
    clock,
    tracer,
    random: () => random.nextDoubleUnsafe(),
    sha256: yield* Fingerprint.Sha256,
    writerId: Ids.uuidV7(clock.currentTimeMillisUnsafe(), () => random.nextDoubleUnsafe()),
    run,
    ready: [],
    outbox: [],
    schedule: () => {
      if (scheduled || host.ready.length === 0 || ticks >= limits.ticks) return
      scheduled = true
      trigger.schedule(tick)
    },
  }
  return host
})
