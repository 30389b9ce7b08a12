/**
 * What the parts of a host share: its ports, its actors, and how an actor is taken up again.
 * @module
 */
import type { Clock, Effect, Tracer } from "effect"
import type * as EventStore from "../core/EventStore.ts"
import type { Limits } from "../core/Limits.ts"
import type { Update } from "../core/metrics.ts"
import { type Actor, noTasks } from "./Actor.ts"
import type * as Gate from "./Gate.ts"
import type { Loader } from "./Loader.ts"
import type { Rarely } from "./Rarely.ts"
import type { Roster } from "./Roster.ts"
import type { Snapshots } from "./Snapshots.ts"
import type { Supervision } from "./Supervision.ts"

export interface Host {
  readonly store: EventStore.Shape
  readonly gate: Gate.Shape
  readonly limits: Limits
  readonly roster: Roster
  readonly supervision: Supervision
  readonly loader: Loader
  readonly snapshots: Snapshots
  readonly update: Update
  readonly rarely: Rarely
  /** Called when events were stored; costs nothing while nobody follows the feed. */
  readonly wake: () => void
  readonly clock: Clock.Clock
  /** Absent: nobody looks at spans, and none is made here. */
  readonly tracer: Tracer.Tracer | undefined
  /** A number in [0, 1). */
  readonly random: () => number
  readonly sha256: (text: string) => string
  readonly writerId: string
  /** Runs an effect on a fiber of its own, for as long as the host lives. */
  readonly run: (effect: Effect.Effect<void>) => void
  /** Actors that wait for a tick: with work, held by nobody, mailbox not empty; each stands here once. */
  readonly ready: Array<Actor>
  /** Answers that are due; `Settle.flush` says them. */
  readonly outbox: Array<() => void>
  /** Makes sure that a tick comes, if any actor is ready. */
  readonly schedule: () => void
}

/** Gives a held actor back: to the next tick if anything waits, else to rest. */
export const release = (host: Host, actor: Actor): void => {
  const { work } = actor
  if (work === undefined) return
  work.holder = undefined
  work.running = noTasks
  if (work.mailbox.length === 0) return host.roster.rest(actor)
  host.ready.push(actor)
  host.schedule()
}

/** Milliseconds that only pass: deadlines, idle times and cool-downs must not follow a clock that is set back. */
export const elapsedMs = (clock: Clock.Clock): number => Math.floor(Number(clock.monotonicTimeNanosUnsafe()) / 1e6)
export const nowMs = (host: Host): number => elapsedMs(host.clock)
/** Milliseconds since 1970, for what is told or stored. */
export const wallMs = (host: Host): number => host.clock.currentTimeMillisUnsafe()
