/**
 * The core path of one consumer in this process: keys in parallel, one event of a key at a time.
 *
 * The bus, the walk through the store and redrives take turns at a stream. What another process does with it at the same
 * time (it lost its lease and has not noticed) makes an event come twice, never out of order: marks only rise.
 * @module
 */
import { Effect } from "effect"
import type { CoreEvent, CoreRecord } from "../../core/CoreBus.ts"
import type { StreamHead } from "../../core/ChangeFeed.ts"
import { wants } from "../../core/Consumer.ts"
import { Limits } from "../../core/Limits.ts"
import { idOf } from "../../core/DeadLetters.ts"
import type { Item } from "../../core/ShardLog.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import type { StoreUnavailable } from "../../core/EventStore.ts"
import * as Defect from "../Defect.ts"
import type { Patience } from "./Attempts.ts"
import { backoff } from "./backoff.ts"
import * as CatchUp from "./CatchUp.ts"
import * as Delivery from "./Delivery.ts"
import { persist } from "./persist.ts"
import { mannerOf, type Routes } from "./routes.ts"
import type { Redone } from "./Redrive.ts"
import type { Held } from "./ShardReader.ts"
import * as Turns from "./Turns.ts"

export interface CoreConsumer {
  /** As `ShardReader.Work` wants it. */
  readonly work: (held: Held, items: ReadonlyArray<Item<CoreRecord>>, taken: () => void) => Effect.Effect<void>
  /**
   * Works a stream off up to its head as it was listed; `isHeld` as of `Held`. Secondary events of the past are handled too,
   * as `routes` says; later ones come through the queue. Says no where the stream must wait: an event needs newer code, or
   * failed as often as others are given up and never is, the store breaks on it, or the bus is at it.
   */
  readonly walk: (head: StreamHead, routes: Routes, isHeld: () => boolean) => Effect.Effect<boolean>
  /**
   * As `Redrive.Redo` wants it: the event that the stream is parked at, whatever its route is by now, and what stands behind
   * it as in the walk, which stopped there.
   */
  readonly redo: (stream: StreamKey, routes: Routes) => Effect.Effect<Redone>
  /** As `Redrive.Redo` wants it. */
  readonly discard: (stream: StreamKey, version: number, routes: Routes) => Effect.Effect<boolean, StoreUnavailable>
}

export const make = Effect.fnUntraced(function* (deps: Delivery.Deps): Effect.fn.Return<CoreConsumer> {
  const { consumer, letters, marks, store } = deps
  const limits = yield* Limits
  const delivery = yield* Delivery.make(deps)
  const turns = Turns.make()
  const shards = new WeakSet<Held>()

  const placeAt = (stream: StreamKey, mark: Delivery.Place["mark"], isHeld: () => boolean): Delivery.Place => ({
    ...{ stream, mark, kept: mark.version, isHeld },
  })

  /** No where it breaks: at a hole in the store, or a bug, this stream waits for a person, and holds no other up. */
  const whole = (stream: StreamKey, work: Effect.Effect<boolean>): Effect.Effect<boolean> =>
    Effect.catchDefect(work, (defect) => {
      marks.forget(stream)
      const about = { consumer: consumer.name, stream: keyOf(stream) }
      return Effect.as(Defect.log("a stream of a consumer broke", defect, about), false)
    })
  const untilWhole = (stream: StreamKey, work: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.gen(function* () {
      const isWhole = whole(stream, Effect.as(work, true))
      for (let failures = 1; !(yield* isWhole); failures++) {
        yield* backoff(failures, limits.handlerBackoffMs, limits.handlerBackoffMaxMs)
      }
    })

  const bring = (stream: StreamKey, events: ReadonlyArray<CoreEvent>, isHeld: () => boolean) =>
    Effect.gen(function* () {
      const standing = yield* marks.of(stream)
      // The redrive reads them from the store.
      if (standing._tag === "Parked") return
      yield* delivery.events(placeAt(stream, standing.mark, isHeld), events)
    })

  const work: CoreConsumer["work"] = (held, items, taken) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        if (!shards.has(held)) {
          // Somebody else may have had the shard since this process had it last.
          shards.add(held)
          marks.forgetAll()
        }
        const groups = new Map<string, { readonly stream: StreamKey; readonly events: Array<CoreEvent> }>()
        for (const { value: { events, stream } } of items) {
          if (stream.aggregate !== consumer.contract.aggregate) continue
          const key = keyOf(stream)
          const group = groups.get(key) ?? { stream, events: [] }
          groups.set(key, group)
          group.events.push(...events)
        }
        // Taken before anything runs: calls come in the order of the shard.
        const own = [...groups].map(([key, group]) => ({ ...group, turn: turns.take(key) }))
        taken()
        const all = Effect.forEach(
          own,
          ({ events, stream, turn }) =>
            Effect.ensuring(
              Effect.andThen(turn.comes, untilWhole(stream, bring(stream, events, held.isHeld))),
              Effect.sync(turn.end),
            ),
          { concurrency: "unbounded", discard: true },
        )
        return Effect.ensuring(
          restore(Effect.andThen(marks.ready(own.map(({ stream }) => stream)), all)),
          Effect.sync(() => own.forEach(({ turn }) => turn.end())),
        )
      })
    )

  const hasty: Patience = { patient: false, waits: false }

  const walk: CoreConsumer["walk"] = ({ stream, version }, routes, isHeld) => {
    const work = whole(
      stream,
      Effect.gen(function* () {
        const standing = yield* marks.of(stream)
        if (standing._tag === "Parked" || standing.mark.version >= version) return true
        // What is remembered may be of a time when this process had the shard of the stream.
        const place = placeAt(stream, yield* marks.kept(stream), isHeld)
        yield* delivery.begin(place, version)
        // Nothing to remember of a stream that is older than the consumer.
        if (place.mark.version >= version) return true
        while (place.mark.version < version) {
          const events = yield* persist(CatchUp.page(store, stream, place.mark.version, limits.page))
          for (const event of events) {
            const stop = yield* delivery.one(place, event, mannerOf(consumer, routes, event), hasty)
            if (stop === undefined) continue
            if (stop !== "Newer" && consumer.onError !== "retry") {
              return yield* Effect.as(delivery.park(place, stop), true)
            }
            yield* delivery.settle(place)
            return false
          }
          if (events.length === 0) break
        }
        yield* delivery.settle(place)
        return true
      }),
    )
    return Effect.flatMap(
      turns.soon(keyOf(stream), limits.leaseMs)(work),
      (isDone) =>
        isDone === undefined
          ? Effect.map(marks.kept(stream), (kept) => kept.version >= version)
          : Effect.succeed(isDone),
    )
  }

  const redo: CoreConsumer["redo"] = (stream, routes) =>
    turns.within(keyOf(stream))(
      Effect.gen(function* (): Effect.fn.Return<Redone> {
        const place = placeAt(stream, yield* marks.kept(stream), () => true)
        const row = yield* Effect.result(letters.get(stream.tenant, idOf(consumer.name, stream)))
        if (row._tag === "Failure") return { _tag: "Later", reason: row.failure.reason }
        const parkedAt = row.success?.version
        for (;;) {
          const read = yield* Effect.result(CatchUp.page(store, stream, place.mark.version, limits.page))
          if (read._tag === "Failure") return { _tag: "Later", reason: read.failure.reason }
          for (const event of read.success) {
            if (event.version === parkedAt && !wants(consumer, event)) {
              const about = { consumer: consumer.name, stream: keyOf(stream), version: parkedAt, type: event.type }
              yield* Effect.annotateLogs(Effect.logWarning("a parked event is wanted no more, and passed by"), about)
            }
            const stop = yield* delivery.one(place, event, mannerOf(consumer, routes, event, parkedAt), hasty)
            if (stop === undefined) continue
            yield* delivery.settle(place)
            return stop === "Newer" ? { _tag: "Later", reason: "NewerEvent" } : { _tag: "Failed", letter: stop }
          }
          yield* delivery.settle(place)
          if (read.success.length < limits.page) return { _tag: "Done" }
        }
      }).pipe(Effect.ensuring(Effect.sync(() => marks.forget(stream)))),
    )

  const discard: CoreConsumer["discard"] = (stream, version, routes) =>
    turns.within(keyOf(stream))(
      Effect.gen(function* () {
        const place = placeAt(stream, yield* marks.kept(stream), () => true)
        // A redrive was faster.
        if (place.mark.version >= version) return false
        // The bus leaves secondary events out, so the mark may stand further in front.
        while (place.mark.version < version - 1) {
          const limit = Math.min(limits.page, version - 1 - place.mark.version)
          const between = (yield* store.read(stream, place.mark.version, limit)).filter((one) => one.version < version)
          for (const event of between) {
            const manner = mannerOf(consumer, routes, event, version)
            if ((yield* delivery.one(place, event, manner, hasty)) === undefined) continue
            yield* delivery.settle(place)
            return false
          }
          if (between.length === 0) break
        }
        // Only what came on the ordered path is waited for; the store need not have it.
        yield* marks.raise(stream, { version, core: version })
        return true
      }).pipe(Effect.ensuring(Effect.sync(() => marks.forget(stream)))),
    )

  return { work, walk, redo, discard }
})
