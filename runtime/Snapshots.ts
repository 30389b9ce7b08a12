/**
 * Stores snapshots behind the answers: looked at right after an append and when an actor leaves memory, written by one
 * fiber of its own.
 *
 * A snapshot costs a write of its own, so the writer pauses between rounds, and of an actor that is due again meanwhile
 * only the newest state is written: a hot actor is snapshot a few times a second, however fast it is.
 * @module
 */
import { Clock, Effect, Queue, Result, type Scope } from "effect"
import type { Limits } from "../core/Limits.ts"
import type { Update } from "../core/metrics.ts"
import { isDue } from "../core/Snapshot.ts"
import type { Shape as SnapshotStore } from "../core/SnapshotStore.ts"
import { streamOf } from "../core/Stream.ts"
import type { Actor } from "./Actor.ts"
import * as Metrics from "./HostMetrics.ts"
import type { Rarely } from "./Rarely.ts"
import * as SnapshotCodec from "./SnapshotCodec.ts"

interface Due {
  readonly actor: Actor
  readonly state: unknown
  readonly version: number
  readonly recordedAt: number
  readonly eventId: string
  readonly before: Pick<Actor, "snapshotVersion" | "snapshotAt">
}

export interface Snapshots {
  /** Looks at the actor's rule and, where a snapshot is due, queues it; never waits. `nowMs` is since 1970. */
  readonly evaluate: (actor: Actor, nowMs: number) => void
}

export const make = Effect.fnUntraced(function* (
  store: SnapshotStore,
  limits: Limits,
  update: Update,
  rarely: Rarely,
): Effect.fn.Return<Snapshots, never, Scope.Scope> {
  const due = new Map<Actor, Due>()
  const wake = yield* Queue.sliding<void>(1)

  const write = Effect.fnUntraced(function* (due: Due) {
    const { actor } = due
    const clock = yield* Clock.Clock
    const began = clock.currentTimeMillisUnsafe()
    const { eventId, recordedAt, state, version } = due
    const stored = yield* Effect.suspend(() => {
      const snapshot = SnapshotCodec.encode(
        actor.kind,
        { stream: streamOf(actor.key), version, eventId, recordedAt },
        state,
      )
      if (Result.isSuccess(snapshot)) return Effect.succeed(snapshot.success)
      const { failure } = snapshot
      return failure._tag === "Thrown" ? Effect.die(failure) : Effect.fail({ reason: "the state breaks its schema" })
    }).pipe(
      Effect.flatMap(store.save),
      // Of a store, or of the code of a schema: all other snapshots go on.
      Effect.catchDefect((defect) =>
        Effect.andThen(rarely.defect("a snapshot broke", defect), Effect.fail({ reason: "defect" }))
      ),
      Effect.result,
    )
    if (Result.isSuccess(stored)) {
      update(Metrics.SnapshotsCreated, 1)
      update(Metrics.SnapshotLatency, clock.currentTimeMillisUnsafe() - began)
      return
    }
    update(Metrics.SnapshotFailures, 1)
    // The next append looks again.
    if (actor.snapshotVersion === version) Object.assign(actor, due.before)
    const about = { aggregate: actor.kind.name, reason: stored.failure.reason }
    const line = Effect.annotateLogs(Effect.logWarning("snapshot not stored"), about)
    yield* rarely.say(`snapshot not stored ${about.aggregate} ${about.reason}`, line)
  })
  const round = Effect.gen(function* () {
    yield* Queue.take(wake)
    const now = [...due.values()]
    due.clear()
    for (const one of now) yield* write(one)
    yield* Effect.sleep(limits.snapshotPauseMs)
  })
  yield* Effect.forkScoped(Effect.forever(round))

  return {
    evaluate: (actor, nowMs) => {
      const { head, snapshotVersion } = actor
      // An end of a stream is no state: a snapshot of it would hide that the stream is closed.
      if (head.closed) return
      actor.snapshotAt = Math.min(actor.snapshotAt, head.recordedAt)
      const { snapshotAt } = actor
      if (!isDue(actor.kind.snapshot, head.version - snapshotVersion, actor.bytesSince, nowMs - snapshotAt)) return
      if (due.size >= limits.snapshotQueue && !due.has(actor)) return update(Metrics.SnapshotFailures, 1)
      due.set(actor, {
        actor,
        state: actor.state,
        version: head.version,
        recordedAt: head.recordedAt,
        eventId: actor.eventId,
        before: { snapshotVersion, snapshotAt },
      })
      Queue.offerUnsafe(wake, undefined)
      actor.snapshotVersion = head.version
      actor.snapshotAt = head.recordedAt
      actor.bytesSince = 0
    },
  }
})
