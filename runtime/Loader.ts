/**
 * Folds a stream into a state: from the newest good snapshot, or from the beginning.
 *
 * A snapshot counts only if the stream really holds the event it was made after; anything else is ignored and reported.
 * One of our own code that no load can ever use is forgotten too: kept, the good ones of lower versions would not stay.
 * @module
 */
import { Effect, Result } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { Shape as Store, StoredEvent, StoreUnavailable } from "../core/EventStore.ts"
import { tombstone } from "../core/EventStore.ts"
import type { Limits } from "../core/Limits.ts"
import type { Update } from "../core/metrics.ts"
import type { Shape as Snapshots, Snapshot } from "../core/SnapshotStore.ts"
import { empty, type Head, type StreamKey } from "../core/Stream.ts"
import type { UnknownEvent } from "../schemas/Wire.ts"
import * as Metrics from "./HostMetrics.ts"
import type { Kind } from "./Kind.ts"
import type { Rarely } from "./Rarely.ts"
import * as SnapshotCodec from "./SnapshotCodec.ts"

export interface Loaded {
  readonly state: unknown
  readonly head: Head
  readonly eventId: string
  readonly snapshotVersion: number
  readonly snapshotAt: number
  readonly bytesSince: number
}

/** Why an actor cannot be had: newer code wrote its stream, or its events or its `evolve` are broken. */
export type LoadFailure = UnknownEvent | { readonly _tag: "Broken"; readonly cause: unknown; readonly version: number }

/** What its callers are told. */
export const refusal = (failure: LoadFailure): ActorError.NewerEvent | ActorError.ActorDefect =>
  failure._tag === "UnknownEvent"
    ? new ActorError.NewerEvent({ retryAfterSeconds: 5, eventType: failure.type, schemaVersion: failure.schemaVersion })
    : new ActorError.ActorDefect()

export interface Request {
  readonly kind: Kind
  readonly stream: StreamKey
  /** Where the fold ends; absent: at the stream's end. */
  readonly upTo?: number
}
type Report = (stream: StreamKey, snapshot: Snapshot, fault: SnapshotCodec.Fault) => Effect.Effect<void>

/** Counts and logs a snapshot that is ignored. */
const reporter = (update: Update, rarely: Rarely): Report => (stream, snapshot, fault) =>
  Effect.suspend(() => {
    update(Metrics.SnapshotFailures, 1)
    const { aggregate } = stream
    const about = { aggregate, version: snapshot.version, fault }
    const line = Effect.annotateLogs(Effect.logWarning("snapshot ignored"), about)
    return rarely.say(`snapshot ignored ${aggregate} ${fault}`, line)
  })

/** A fold under way. */
interface Fold extends Required<Request> {
  state: unknown
  head: Head
  eventId: string
  snapshot: Snapshot | undefined
  /** Those that come into question where this one proves useless. */
  older: ReadonlyArray<Snapshot>
  snapshotAt: number
  bytesSince: number
}
type Step = Result.Result<void, LoadFailure>

const begin = (request: Request): Fold => ({
  kind: request.kind,
  stream: request.stream,
  upTo: request.upTo ?? Infinity,
  state: request.kind.initial,
  head: empty,
  eventId: "",
  snapshot: undefined,
  older: [],
  snapshotAt: Infinity,
  bytesSince: 0,
})

/** The first snapshot of ours that is whole and not behind the end of the fold. */
const choose = Effect.fnUntraced(function* (
  fold: Fold,
  snapshots: ReadonlyArray<Snapshot>,
  report: Report,
  drop: Report,
) {
  for (const [i, snapshot] of snapshots.entries()) {
    if (snapshot.version > fold.upTo) continue
    const state = SnapshotCodec.decode(fold.kind, fold.stream, snapshot)
    if (Result.isFailure(state)) {
      // A foreign one may be of use to another release.
      yield* (state.failure === "foreign" ? report : drop)(fold.stream, snapshot, state.failure)
      continue
    }
    fold.older = snapshots.slice(i + 1)
    fold.state = state.success
    fold.head = { version: snapshot.version, recordedAt: snapshot.recordedAt, closed: false }
    fold.eventId = snapshot.eventId
    fold.snapshot = snapshot
    fold.snapshotAt = snapshot.recordedAt
    return
  }
})

/** A snapshot's own last event is read again: it proves that the snapshot belongs to this history. */
const after = (fold: Fold): number => fold.snapshot === undefined ? fold.head.version : fold.head.version - 1

const fold = (self: Fold, events: ReadonlyArray<StoredEvent>): Step => {
  const { evolve } = self.kind
  const head = { ...self.head }
  self.head = head
  for (const event of events) {
    if (event.version <= head.version) continue
    if (event.version > self.upTo) break
    if (event.version !== head.version + 1) {
      return Result.fail({ _tag: "Broken", cause: gap, version: event.version })
    }
    head.version = event.version
    head.recordedAt = event.recordedAt
    head.closed = event.type === tombstone.type
    self.eventId = event.eventId
    // Times never decrease in a stream: this keeps the snapshot's, or the first event's.
    self.snapshotAt = Math.min(self.snapshotAt, event.recordedAt)
    if (head.closed) continue
    const decoded = self.kind.decodeEvent(event)
    if (Result.isFailure(decoded)) {
      return Result.fail(
        decoded.failure._tag === "UnknownEvent"
          ? decoded.failure
          : { _tag: "Broken", cause: decoded.failure, version: event.version },
      )
    }
    try {
      self.state = evolve[decoded.success._tag]!(self.state, decoded.success)
    } catch (cause) {
      return Result.fail({ _tag: "Broken", cause, version: event.version })
    }
    self.bytesSince += event.payload.length
  }
  return Result.succeed(undefined)
}
const gap = Object.assign(new Error("VersionGap"), { name: "VersionGap" })

const done = (self: Fold): Loaded => ({
  state: self.state,
  head: self.head,
  eventId: self.eventId,
  snapshotVersion: self.snapshot?.version ?? 0,
  snapshotAt: self.snapshotAt,
  bytesSince: self.bytesSince,
})

export interface Loader {
  /**
   * Loads a group. Streams that end within a page are answered at once; the others come as `rest`, effects of their own,
   * so that a long history keeps no short one waiting.
   */
  readonly load: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Answer>, StoreUnavailable>
}
export type Answer = Result.Result<Loaded, LoadFailure> | { readonly rest: Rest }
export type Rest = Effect.Effect<Result.Result<Loaded, LoadFailure>, StoreUnavailable>

export const make = (store: Store, snapshots: Snapshots, limits: Limits, update: Update, rarely: Rarely): Loader => {
  const report = reporter(update, rarely)
  const isDone = (self: Fold, events: ReadonlyArray<StoredEvent>): boolean =>
    events.length < limits.loadPage || self.head.version >= self.upTo

  const pages = Effect.fnUntraced(function* (self: Fold) {
    while (true) {
      // Gives the loop back between pages, so that a long history starves no timer.
      yield* Effect.yieldNow
      const events = yield* store.read(self.stream, self.head.version, limits.loadPage)
      const step = fold(self, events)
      if (Result.isFailure(step)) return Result.fail(step.failure)
      if (isDone(self, events)) return Result.succeed(done(self))
    }
  })

  const drop: Report = (stream, snapshot, fault) =>
    Effect.andThen(report(stream, snapshot, fault), Effect.ignore(snapshots.forget(snapshot))).pipe(
      Effect.catchDefect((defect) => rarely.defect("a snapshot broke", defect)),
    )

  /** The first page tells what the snapshot is worth; without it the fold begins with the next one, or at version 0. */
  const first = Effect.fnUntraced(function* (
    self: Fold,
    events: ReadonlyArray<StoredEvent>,
  ): Effect.fn.Return<Answer, StoreUnavailable> {
    if (self.snapshot !== undefined) {
      const own = events[0]
      if (own === undefined || own.version !== self.snapshot.version || own.eventId !== self.snapshot.eventId) {
        yield* drop(self.stream, self.snapshot, own === undefined ? "newer" : "foreign")
        return { rest: anew(self) }
      }
    }
    const step = fold(self, events)
    if (Result.isFailure(step)) return Result.fail(step.failure)
    return isDone(self, events) ? Result.succeed(done(self)) : { rest: pages(self) }
  })

  const anew = Effect.fnUntraced(function* (useless: Fold) {
    const self = begin(useless)
    yield* choose(self, useless.older, report, drop)
    const answer = yield* first(self, yield* store.read(self.stream, after(self), limits.loadPage))
    return isRest(answer) ? yield* answer.rest : answer
  })

  const loadEach = Effect.fnUntraced(function* (requests: ReadonlyArray<Request>) {
    const folds = requests.map(begin)
    // Snapshots are a cache: one that cannot be read is one that is not there.
    const kept = yield* Effect.catch(
      snapshots.loadEach(requests.map((request) => request.stream)),
      () => Effect.succeed(undefined),
    )
    if (kept !== undefined) {
      for (let i = 0; i < folds.length; i++) if (kept[i]!.length > 0) yield* choose(folds[i]!, kept[i]!, report, drop)
    }
    const firsts = yield* store.readEach(
      folds.map((self) => ({ stream: self.stream, after: after(self) })),
      limits.loadPage,
    )
    const answers: Array<Answer> = []
    for (let i = 0; i < folds.length; i++) {
      const events = firsts[i]!
      // The common case, a new stream, costs no effect of its own.
      answers.push(
        events.length === 0 && folds[i]!.snapshot === undefined
          ? Result.succeed(done(folds[i]!))
          : yield* first(folds[i]!, events),
      )
    }
    return answers
  })

  const { begun } = store
  if (begun === undefined) return { load: loadEach }
  return {
    load: Effect.fnUntraced(function* (requests) {
      const isBegun = yield* begun(requests.map(({ stream }) => stream))
      const some = requests.filter((_, i) => isBegun[i])
      const loaded = some.length === 0 ? [] : yield* loadEach(some)
      let next = 0
      return requests.map((request, i): Answer => isBegun[i] ? loaded[next++]! : Result.succeed(done(begin(request))))
    }),
  }
}

/** Whether an answer of the loader is still under way. */
export const isRest = (answer: Answer): answer is { readonly rest: Rest } => "rest" in answer
