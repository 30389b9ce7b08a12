/**
 * What an instance was at any version and at any time: folded from the store beside the actors, which never notice.
 *
 * A state at a version is for ever the same. One at a time is, once the stream holds a later event: until then an event
 * of that very time may still come.
 * @module
 */
import { Context, Effect, Layer, Result, Schema } from "effect"
import * as ActorError from "../core/ActorError.ts"
import type { StateAnswer } from "../core/Actors.ts"
import type { App } from "../core/App.ts"
import { EventStore, type Shape as Store, type StoreUnavailable } from "../core/EventStore.ts"
import { Limits } from "../core/Limits.ts"
import { updater } from "../core/metrics.ts"
import type { Shape as Principal } from "../core/Principal.ts"
import { SnapshotStore } from "../core/SnapshotStore.ts"
import { type Head, idPattern, type StreamKey } from "../core/Stream.ts"
import * as Answer from "./Answer.ts"
import * as Metrics from "./HostMetrics.ts"
import * as Kind from "./Kind.ts"
import * as Loader from "./Loader.ts"
import * as Rarely from "./Rarely.ts"

/** A version, or the last event recorded at or before so many milliseconds: of equal ones all are in. */
export type When = { readonly version: number } | { readonly asOf: number }

export interface Past extends StateAnswer<unknown> {
  /** No event that may still come can change it. */
  readonly settled: boolean
}

/** The instance has not come so far: ask for a version up to `headVersion`. */
export class VersionNotFound extends Schema.TaggedError<VersionNotFound>()("VersionNotFound", {
  headVersion: Schema.Int,
}) {}
/** The instance began later, at `firstRecordedAt` (milliseconds): ask for a later time. */
export class BeforeFirstEvent extends Schema.TaggedError<BeforeFirstEvent>()("BeforeFirstEvent", {
  firstRecordedAt: Schema.Int,
}) {}

export type PastError =
  | VersionNotFound
  | BeforeFirstEvent
  | ActorError.UnknownCommand
  | ActorError.InvalidId
  | ActorError.Forbidden
  | ActorError.ActorDefect
  | ActorError.Unavailable
  | ActorError.NewerEvent

export interface Shape {
  /** The state then, in its JSON form; nothing where the stream is empty. Needs the scope `history`. */
  readonly state: (
    principal: Principal,
    aggregate: string,
    id: string,
    when: When,
  ) => Effect.Effect<Past | undefined, PastError>
}

export class TimeTravel extends Context.Service<TimeTravel, Shape>()("nexus/runtime/TimeTravel") {
  /** The past of the instances of `app`. */
  static readonly layer = (app: App): Layer.Layer<TimeTravel, never, EventStore | SnapshotStore> =>
    Layer.effect(TimeTravel, make(app))
}

/**
 * The version of the last event recorded at or before `asOf`; 0 where all are later. Since times never fall within a
 * stream, it is found by halving: reads of one event, about as many as the version has binary digits.
 */
export const versionAsOf = Effect.fnUntraced(function* (store: Store, stream: StreamKey, head: Head, asOf: number) {
  if (head.recordedAt <= asOf) return head.version
  // Always: the event at `low` is in, that at `high` is not.
  let [low, high] = [0, head.version]
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    const [event] = yield* store.read(stream, middle - 1, 1)
    if (event !== undefined && event.recordedAt <= asOf) low = middle
    else high = middle
  }
  return low
})

const make = Effect.fnUntraced(function* (
  app: App,
): Effect.fn.Return<Shape, never, EventStore | SnapshotStore> {
  const store = yield* EventStore
  const update = updater(yield* Effect.context<never>())
  const limits = yield* Limits
  const rarely = Rarely.make(limits)
  const loader = Loader.make(store, yield* SnapshotStore, limits, update, rarely)
  const kinds: Record<string, Kind.Kind> = Object.create(null)
  for (const [name, aggregate] of Object.entries(app.aggregates)) kinds[name] = Kind.make(aggregate)

  const defect = (kind: Kind.Kind, cause: unknown) => {
    update(Metrics.ActorDefects, 1)
    return Effect.andThen(
      rarely.defect("past state failed", cause, { aggregate: kind.name }),
      Effect.fail(new ActorError.ActorDefect()),
    )
  }

  /** The fold up to a version that the stream has. */
  const load = Effect.fnUntraced(function* (kind: Kind.Kind, stream: StreamKey, version: number) {
    const [answer] = yield* loader.load([{ kind, stream, upTo: version }])
    const loaded = Loader.isRest(answer!) ? yield* answer.rest : answer!
    if (Result.isSuccess(loaded)) return loaded.success
    if (loaded.failure._tag === "Broken") return yield* defect(kind, loaded.failure.cause)
    return yield* Loader.refusal(loaded.failure)
  })

  const versionOf = Effect.fnUntraced(function* (stream: StreamKey, head: Head, when: When) {
    if ("version" in when) {
      return when.version <= head.version ? when.version : yield* new VersionNotFound({ headVersion: head.version })
    }
    const version = yield* versionAsOf(store, stream, head, when.asOf)
    if (version > 0) return version
    const [first] = yield* store.read(stream, 0, 1)
    return yield* new BeforeFirstEvent({ firstRecordedAt: first!.recordedAt })
  })

  const past = Effect.fnUntraced(function* (kind: Kind.Kind, stream: StreamKey, when: When) {
    const head = yield* store.head(stream)
    if (head.version === 0) return undefined
    const loaded = yield* load(kind, stream, yield* versionOf(stream, head, when))
    const answer = Answer.state(store.kind, kind, stream, loaded.head, loaded.state)
    if (Result.isFailure(answer)) return yield* defect(kind, answer.failure)
    return { ...answer.success, settled: "version" in when || when.asOf < head.recordedAt }
  })

  return TimeTravel.of({
    state: Effect.fnUntraced(
      function* (principal, aggregate, id, when) {
        const kind = kinds[aggregate]
        if (kind === undefined) return yield* new ActorError.UnknownCommand({ aggregate, command: "" })
        const { scopes, tenant } = principal
        if (!idPattern.test(tenant)) return yield* new ActorError.InvalidId({ part: "tenant" })
        if (!idPattern.test(id)) return yield* new ActorError.InvalidId({ part: "id" })
        if (!scopes.includes("history")) return yield* new ActorError.Forbidden({ scope: "history" })
        return yield* past(kind, { tenant, aggregate, id }, when)
      },
      Effect.catchTag(
        "StoreUnavailable",
        (error: StoreUnavailable) => Effect.fail(ActorError.Unavailable.fromStore(error)),
      ),
    ),
  })
})
