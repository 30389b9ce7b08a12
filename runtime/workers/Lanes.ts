/**
 * One lane for each stream with something to be routed: its events go in the order of their versions, one record under way
 * at a time, whatever the order in which the feed brings them.
 *
 * A lane that waits holds no other up. It lives while somebody waits for it who still may: what is lost with a lease is
 * begun anew by whoever holds it next, from the mark.
 * @module
 */
import { Array as Arrays, Clock, Deferred, Effect, Exit, FiberSet, type Scope, Semaphore } from "effect"
import { type Failure, idOf, router, type Shape as Letters } from "../../core/DeadLetters.ts"
import type { Shape as Store, StoredEvent } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import { updater } from "../../core/metrics.ts"
import type { Mark } from "../../core/Progress.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import type { Route } from "../../schemas/Event.ts"
import * as Defect from "../Defect.ts"
import { backoff } from "./backoff.ts"
import * as CatchUp from "./CatchUp.ts"
import { keep, traceIdOf } from "./deadLetter.ts"
import type { Marks } from "./Marks.ts"
import { persist } from "./persist.ts"
import type { Publishable } from "./Publishable.ts"
import type { Redone } from "./Redrive.ts"
import * as Metrics from "./RouterMetrics.ts"
import type { Sender } from "./Sender.ts"
import type { Held } from "./ShardReader.ts"
import * as Dispatch from "./Dispatch.ts"
import * as Step from "./Step.ts"

export interface Lanes {
  /** Done once all of these are routed, or their stream is parked, and that is kept. */
  readonly route: (held: Held, events: ReadonlyArray<StoredEvent>) => Effect.Effect<void>
  /**
   * The same for a stream up to a version; what no one has brought is read from the store. `onWait` is told, again and
   * again, that the stream can go no further for now for a reason of its own; not where a bus or the store is at fault.
   */
  readonly follow: (held: Held, stream: StreamKey, version: number, onWait: () => void) => Effect.Effect<void>
  /** Routes a stream up to its head, also a parked one, and parks nothing. */
  readonly redo: (stream: StreamKey) => Effect.Effect<Redone>
  /** The time of the oldest event that waits; nothing while none does. */
  readonly oldestAt: () => number | undefined
}

export interface Parts {
  readonly store: Pick<Store, "read">
  readonly letters: Pick<Letters, "put">
  readonly marks: Marks
  readonly sender: Sender
  readonly publishable: Publishable
  readonly routeOf: (event: StoredEvent) => Route
  readonly recordMax: Parameters<typeof Step.make>[4]
}

interface Waiter {
  readonly version: number
  readonly held: Held
  readonly onWait: () => void
  readonly done: Deferred.Deferred<void>
}

interface Lane {
  readonly stream: StreamKey
  /** What the feed has brought and is not routed, by version. */
  readonly fed: Map<number, StoredEvent>
  waiters: Array<Waiter>
  /** As far as this lane has come. */
  version: number
}

/** Why a lane does not go on behind a step. */
type Halt = Dispatch.Refused | { readonly _tag: "Later" | "StoreUnavailable"; readonly reason: string }

export const make = Effect.fnUntraced(function* (
  { letters, marks, publishable, recordMax, routeOf, sender, store }: Parts,
): Effect.fn.Return<Lanes, never, Scope.Scope> {
  const limits = yield* Limits
  const context = yield* Effect.context<never>()
  const count = updater(context)
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const permits = yield* Semaphore.make(limits.lanes)
  const lanes = new Map<string, Lane>()
  const later = (reason: string): Halt => ({ _tag: "Later", reason })

  /** Checks events that follow `mark`, and makes the first step of those in front of one that must not or cannot go. */
  const prepare = Effect.fnUntraced(function* (
    stream: StreamKey,
    mark: Mark,
    events: ReadonlyArray<StoredEvent>,
    never: Dispatch.Refused | undefined,
  ) {
    let [good, halt]: [number, Halt | undefined] = [0, undefined]
    for (const event of events) {
      if (event.version === never?.event.version) {
        halt = never
        break
      }
      const verdict = yield* publishable(event)
      if (verdict._tag === "No") {
        count(Metrics.RoutingErrors, 1)
        if (verdict.isInvalid) count(Metrics.ValidationFailures, 1)
        halt = { _tag: "Refused", event, error: verdict.error }
      } else if (verdict._tag === "Later") halt = later(verdict.reason)
      if (halt !== undefined) break
      good++
    }
    const step = Step.make(stream, mark, events.slice(0, good), routeOf, recordMax)
    return { step, halt: step.events.length === good ? halt : undefined }
  })

  const routed = Effect.fnUntraced(function* (stream: StreamKey, { events, mark, record }: Step.Step) {
    yield* marks.raise(stream, mark)
    const now = yield* Clock.currentTimeMillis
    const core = record?.events.length ?? 0
    count(Metrics.TotalEvents, events.length)
    if (core > 0) count(Metrics.CoreEvents, core)
    if (core < events.length) count(Metrics.SecondaryEvents, events.length - core)
    for (const { recordedAt } of events) count(Metrics.RoutingLatency, Math.max(0, now - recordedAt))
  })

  const letterOf = (stream: StreamKey, event: StoredEvent, error: string, now: number): Failure => ({
    ...{ id: idOf(router, stream), kind: "stream", consumer: router, stream, version: event.version, error },
    ...{ eventId: event.eventId, type: event.type, attempts: 1, firstAt: now, lastAt: now },
    traceId: traceIdOf(event.traceparent),
  })

  /** What stands behind version `after` without a hole: from the feed, or else from the store. */
  const next = Effect.fnUntraced(function* (lane: Lane, after: number) {
    const fed: Array<StoredEvent> = []
    for (let event = lane.fed.get(after + 1); event !== undefined && fed.length < recordMax.events;) {
      fed.push(event)
      event = lane.fed.get(event.version + 1)
    }
    if (fed.length > 0) return fed
    const read = yield* CatchUp.page(store, lane.stream, after, recordMax.events)
    count(Metrics.Gaps, read.filter(({ version }) => !lane.fed.has(version)).length)
    return read
  })

  /** Answers whoever waited for no more than this; whether anybody is left. The last one closes the lane at once. */
  const settle = (lane: Lane, version: number): boolean => {
    for (const fed of lane.fed.keys()) if (fed <= version) lane.fed.delete(fed)
    lane.version = Math.max(lane.version, version)
    const waiters = lane.waiters
    lane.waiters = waiters.filter((waiter) => waiter.version > version)
    for (const waiter of waiters) if (waiter.version <= version) Deferred.doneUnsafe(waiter.done, Exit.void)
    if (lane.waiters.length === 0) lanes.delete(keyOf(lane.stream))
    return lane.waiters.length > 0
  }

  const work = Effect.fnUntraced(function* (lane: Lane) {
    const { stream } = lane
    const mayGo = () => lane.waiters.some(({ held }) => held.isHeld())
    let standing = yield* marks.of(stream)
    // What the feed did not bring may have been routed since by the reconciler of another process.
    if (standing._tag === "Live" && lane.fed.size > 0 && !lane.fed.has(standing.mark.version + 1)) {
      standing = yield* Effect.suspend(() => (marks.forget(stream), marks.of(stream)))
    }
    if (standing._tag === "Parked") return void settle(lane, Infinity)
    let { mark } = standing
    let failures = 0
    // The buses have said so: the events before it go by themselves, and then the stream is parked.
    let never: Dispatch.Refused | undefined
    const rest = Effect.suspend(() => backoff(++failures, limits.routeBackoffMs, limits.routeBackoffMaxMs))

    while (settle(lane, mark.version)) {
      const turn = yield* permits.withPermits(1)(
        Effect.flatMap(next(lane, mark.version), (events) => prepare(stream, mark, events, never)),
      ).pipe(
        Effect.catchTag(
          "StoreUnavailable",
          ({ _tag, reason }) => Effect.succeed({ step: undefined, halt: { _tag, reason } }),
        ),
        // A hole in the store, or a bug: this stream waits for a person, and holds no other up.
        Effect.catchDefect((defect) =>
          Effect.as(
            Defect.log("routing a stream broke", defect, { stream: keyOf(stream) }),
            { step: undefined, halt: later("a defect: the log names it") },
          )
        ),
      )
      const { halt, step } = turn
      if (step !== undefined && step.events.length > 0) {
        let left = yield* permits.withPermits(1)(Dispatch.send(sender, step, mayGo))
        while (!left.isDone && left.never === undefined) {
          yield* rest
          if (!settle(lane, mark.version)) return
          left = yield* permits.withPermits(1)(Dispatch.send(sender, left, mayGo))
        }
        if (left.never !== undefined) {
          never = left.never
          continue
        }
        yield* routed(stream, step)
        mark = step.mark
        failures = 0
      }
      if (halt?._tag === "Refused") {
        const now = yield* Clock.currentTimeMillis
        yield* persist(keep(letters, letterOf(stream, halt.event, halt.error, now)))
        marks.forget(stream)
        return void settle(lane, Infinity)
      }
      // Somebody waits for a version that neither feed nor store have shown yet.
      const isEmpty = step !== undefined && step.events.length === 0
      if (halt !== undefined || isEmpty) {
        if (failures === 0) {
          const reason = halt?.reason ?? "the store does not show the event yet"
          yield* Effect.logWarning("a stream waits to be routed").pipe(
            Effect.annotateLogs({ stream: keyOf(stream), version: mark.version + 1, reason }),
          )
        }
        if (halt !== undefined) count(Metrics.RoutingErrors, 1)
        if (halt?._tag !== "StoreUnavailable") { for (const { onWait } of [...lane.waiters]) onWait() }
        yield* rest
      }
    }
  })

  /** Whoever waits for a lane that broke breaks with it. */
  const guarded = (lane: Lane): Effect.Effect<void> =>
    Effect.onExit(work(lane), (exit) =>
      Effect.sync(() => {
        if (lanes.get(keyOf(lane.stream)) === lane) lanes.delete(keyOf(lane.stream))
        const broken = Exit.isFailure(exit) ? exit : Exit.die(new Error("a lane ended before its time"))
        for (const { done } of lane.waiters.splice(0)) Deferred.doneUnsafe(done, broken)
      }))

  const wait = (stream: StreamKey, events: ReadonlyArray<StoredEvent>, asked: Omit<Waiter, "done">) =>
    Effect.suspend(() => {
      const key = keyOf(stream)
      const found = lanes.get(key)
      const lane: Lane = found ?? { stream, fed: new Map(), waiters: [], version: 0 }
      for (const event of events) if (event.version > lane.version) lane.fed.set(event.version, event)
      const waiter: Waiter = { ...asked, done: Deferred.makeUnsafe() }
      lane.waiters.push(waiter)
      if (found === undefined) {
        lanes.set(key, lane)
        run(guarded(lane))
      }
      return Effect.onInterrupt(
        Deferred.await(waiter.done),
        () => Effect.sync(() => void (lane.waiters = lane.waiters.filter((one) => one !== waiter))),
      )
    })

  const redo = Effect.fnUntraced(function* (stream: StreamKey): Effect.fn.Return<Redone> {
    let mark = yield* marks.kept(stream)
    let never: Dispatch.Refused | undefined
    while (true) {
      const page = yield* Effect.option(CatchUp.page(store, stream, mark.version, recordMax.events))
      if (page._tag === "None") return { _tag: "Later", reason: "the store cannot be read" }
      if (page.value.length === 0) break
      const { halt, step } = yield* prepare(stream, mark, page.value, never)
      if (step.events.length > 0) {
        const left = yield* Dispatch.send(sender, step, () => true)
        if (left.never !== undefined) {
          never = left.never
          continue
        }
        if (!left.isDone) return { _tag: "Later", reason: "a bus did not take it" }
        yield* routed(stream, step)
        mark = step.mark
      }
      if (halt?._tag === "Later") return { _tag: "Later", reason: halt.reason }
      if (halt?._tag === "Refused") {
        const now = yield* Clock.currentTimeMillis
        return { _tag: "Failed", letter: letterOf(stream, halt.event, halt.error, now) }
      }
    }
    marks.forget(stream)
    return { _tag: "Done" }
  })

  return {
    route: Effect.fnUntraced(function* (held, events) {
      const all = Object.values(Arrays.groupBy(events, keyOf)).map((own) => {
        const { aggregate, id, tenant } = own[0]
        return { own, stream: { tenant, aggregate, id }, version: Math.max(...own.map(({ version }) => version)) }
      })
      yield* marks.ready(all.map(({ stream }) => stream))
      yield* Effect.forEach(all, ({ own, stream, version }) => wait(stream, own, { held, version, onWait: () => {} }), {
        concurrency: "unbounded",
        discard: true,
      })
    }),
    follow: (held, stream, version, onWait) => wait(stream, [], { held, version, onWait }),
    redo,
    oldestAt: () => {
      let oldest: number | undefined
      for (const { fed } of lanes.values()) {
        for (const { recordedAt } of fed.values()) {
          if (oldest === undefined || recordedAt < oldest) oldest = recordedAt
          break
        }
      }
      return oldest
    },
  }
})
