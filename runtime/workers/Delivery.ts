/**
 * Brings the core events of one stream to a consumer: in the order of their versions, each once it stands behind the one
 * before it, what is missing read from the store, and the mark raised behind each.
 *
 * Whoever delivers has the stream's turn (`Turns.ts`), so that this process does nothing else with it meanwhile.
 * @module
 */
import { Effect } from "effect"
import { type Any, wants } from "../../core/Consumer.ts"
import type { CoreEvent } from "../../core/CoreBus.ts"
import { type Failure, idOf, type Shape as Letters } from "../../core/DeadLetters.ts"
import type { Shape as Store, StoredEvent } from "../../core/EventStore.ts"
import { Limits } from "../../core/Limits.ts"
import type { Mark } from "../../core/Progress.ts"
import type { StreamKey } from "../../core/Stream.ts"
import * as Contract from "../../schemas/Contract.ts"
import type { Attempts, GivenUp, Once, Patience } from "./Attempts.ts"
import * as CatchUp from "./CatchUp.ts"
import type { Count } from "./ConsumerMetrics.ts"
import { keep, traceIdOf } from "./deadLetter.ts"
import type { Drain } from "./Drain.ts"
import type { Marks } from "./Marks.ts"
import { persist } from "./persist.ts"
import { type Manner, mannerOf, type Routes } from "./routes.ts"

/** A stream as it is worked off now. */
export interface Place {
  readonly stream: StreamKey
  mark: Mark
  /** The version of the mark as it is kept: behind that of `mark` where events passed that nobody wants. */
  kept: number
  /** Whether the next event may be begun. */
  readonly isHeld: () => boolean
}

/** Why a stream does not go on: an event was given up, or is newer than this code. */
export type Stop = Failure | "Newer"

export interface Deps {
  readonly consumer: Any
  /**
   * Whether an event of the store was recorded before a consumer from now began. Asked only of what stands in front of all
   * that the consumer has heard of a stream: what the bus brings is never past, whatever a clock has said.
   */
  readonly isPast: (event: StoredEvent) => boolean
  /** Types that are secondary and were core before, as `Routes`. */
  readonly left: () => Routes["left"]
  readonly store: Pick<Store, "read">
  readonly letters: Letters
  readonly marks: Marks
  readonly attempts: Attempts
  readonly drain: Drain
  readonly count: Count
}

export interface Delivery {
  /** Core events as the bus gave them; parks the stream where one is given up. */
  readonly events: (place: Place, events: ReadonlyArray<CoreEvent>) => Effect.Effect<void>
  /**
   * In a stream that a consumer from now has never heard of: goes behind what is older than the consumer, at most behind
   * version `last`, and behind that where the store does not have it.
   */
  readonly begin: (place: Place, last: number) => Effect.Effect<void>
  /**
   * One event of the store, in its order; nothing where it is done, or needs nothing. Parks nothing: of a secondary one that
   * is given up there is a dead letter by itself, and its stream goes on; not with `retry`.
   */
  readonly one: (
    place: Place,
    event: StoredEvent,
    manner: Manner,
    patience: Patience,
  ) => Effect.Effect<Stop | undefined>
  readonly park: (place: Place, stop: Stop) => Effect.Effect<void>
  /** Keeps the mark, where it is not kept yet. */
  readonly settle: (place: Place) => Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* (deps: Deps): Effect.fn.Return<Delivery> {
  const { attempts, consumer, count, drain, isPast, left, letters, marks, store } = deps
  const limits = yield* Limits
  const patience: Patience = { patient: consumer.onError === "retry", waits: true }

  const settle: Delivery["settle"] = (place) =>
    Effect.suspend(() => {
      const { mark } = place
      if (mark.version <= place.kept) return Effect.void
      return Effect.map(marks.raise(place.stream, mark), () => void (place.kept = mark.version))
    })
  const pass = (place: Place, { type, version }: StoredEvent, manner: Manner): void => {
    const isCore = manner === "core" || Contract.routeOf(consumer.contract, type) === "core"
    place.mark = { version, core: isCore ? version : place.mark.core }
  }
  const held = (place: Place): Effect.Effect<void> =>
    Effect.suspend(() => place.isHeld() ? Effect.void : Effect.andThen(Effect.sleep(limits.leaseMs / 12), held(place)))

  const failure = (event: StoredEvent, version: number, { attempts, error, firstAt, lastAt }: GivenUp): Failure => {
    const { aggregate, eventId, id, tenant, traceparent, type } = event
    const stream = { tenant, aggregate, id }
    return {
      ...{ id: idOf(consumer.name, stream), kind: "stream", consumer: consumer.name, stream, version, eventId, type },
      ...{ error, attempts, firstAt, lastAt, traceId: traceIdOf(traceparent) },
    }
  }

  const skipped = ({ aggregate, type, version }: StoredEvent, { attempts, error }: GivenUp) => {
    count.skipped()
    return Effect.logError("a consumer skipped an event").pipe(
      Effect.annotateLogs({ consumer: consumer.name, aggregate, type, version, attempts, error }),
    )
  }

  /** Handles and keeps that it did, which a drain waits for. */
  const handle = (place: Place, event: StoredEvent, manner: Manner) => (number: number): Effect.Effect<Once> =>
    Effect.andThen(
      held(place),
      drain.finish(Effect.tap(attempts.once(event, number), (once) => {
        if (once._tag !== "Done") return Effect.void
        pass(place, event, manner)
        return settle(place)
      })),
    )

  const deliver = Effect.fnUntraced(function* (
    place: Place,
    event: StoredEvent,
    manner: Manner,
    patience: Patience,
  ): Effect.fn.Return<Stop | undefined> {
    if (manner === "pass") {
      pass(place, event, manner)
      return undefined
    }
    const outcome = yield* attempts.run(handle(place, event, manner), patience)
    if (outcome._tag === "Newer") return "Newer"
    if (outcome._tag === "Done") return undefined
    if (consumer.onError === "skip") yield* skipped(event, outcome)
    else if (manner === "core" || consumer.onError === "retry") return failure(event, event.version, outcome)
    else {
      const id = idOf(consumer.name, place.stream, event.eventId)
      yield* persist(keep(letters, { ...failure(event, event.version, outcome), id, kind: "message" }))
    }
    pass(place, event, manner)
    yield* settle(place)
    return undefined
  })

  /** What stands between the mark and `event`, from the store; a store that has none of it is asked a few times. */
  const fill = Effect.fnUntraced(function* (place: Place, event: CoreEvent): Effect.fn.Return<Stop | undefined> {
    while (place.mark.version < event.prevCore) {
      let missing: ReadonlyArray<StoredEvent> = []
      const look = Effect.gen(function* () {
        const limit = Math.min(limits.page, event.prevCore - place.mark.version)
        missing = yield* persist(CatchUp.page(store, place.stream, place.mark.version, limit))
        return missing.length > 0 ? { _tag: "Done" } as const : { _tag: "Failed", error: "Gap" } as const
      })
      const outcome = yield* attempts.run(() => look, patience)
      if (outcome._tag === "GivenUp") {
        if (consumer.onError !== "skip") return failure(event, place.mark.version + 1, outcome)
        yield* skipped(event, outcome)
        place.mark = { version: event.version - 1, core: event.prevCore }
        return undefined
      }
      for (const one of missing) {
        const routes = { left: left(), secondaryBeforeMs: -Infinity }
        const stop = yield* deliver(place, one, mannerOf(consumer, routes, one), patience)
        if (stop !== undefined) return stop
      }
    }
    return undefined
  })

  const begin: Delivery["begin"] = Effect.fnUntraced(function* (place, last) {
    if (place.mark.version > 0 || consumer.from !== "now") return
    const behind = (version: number) => void (place.mark = { version, core: version })
    // Times never fall within a stream.
    const [newest] = yield* persist(CatchUp.page(store, place.stream, last - 1, 1))
    if (newest === undefined || isPast(newest)) return behind(last)
    while (place.mark.version < last) {
      const events = yield* persist(CatchUp.page(store, place.stream, place.mark.version, limits.page))
      const past = events.findLast(isPast)
      if (past !== undefined) behind(past.version)
      if (past === undefined || past !== events.at(-1)) return
    }
  })

  const park: Delivery["park"] = Effect.fnUntraced(function* (place, stop) {
    if (stop === "Newer") return
    yield* settle(place)
    yield* persist(keep(letters, stop))
    marks.forget(place.stream)
  })

  return {
    begin,
    settle,
    park,
    one: deliver,
    events: Effect.fnUntraced(function* (place, events) {
      for (const event of events) {
        if (event.version <= place.mark.version) continue
        if (event.prevCore > place.mark.version) {
          // Before anything is done twice: what is remembered may be behind a walk of another process.
          marks.forget(place.stream)
          const standing = yield* marks.of(place.stream)
          if (standing._tag === "Parked") return
          if (standing.mark.version > place.mark.version) {
            place.mark = standing.mark
            place.kept = standing.mark.version
          }
          yield* begin(place, event.prevCore)
          const stop = yield* fill(place, event)
          if (stop !== undefined) return yield* park(place, stop)
        }
        if (event.version <= place.mark.version) continue
        if (!wants(consumer, event)) {
          place.mark = { version: event.version, core: event.version }
          continue
        }
        // The bus is the ordered path, whatever the route is by now.
        const stop = yield* deliver(place, event, "core", patience)
        if (stop !== undefined) return yield* park(place, stop)
      }
      yield* settle(place)
    }),
  }
})
