/**
 * Reading by SubscribeToShard, as an option: Kinesis pushes what comes, within 2 MiB a second of this consumer's own.
 *
 * Polling stays the one that knows: of each place it is asked first, and a shard is subscribed to from where it ended. So
 * Trimmed, a missing shard and the end of a closed one are said by it alone; and whatever ends a subscription (its five
 * minutes, a limit, a cut line, another process, a reader that is too slow), the next read polls from the same place.
 * Kinesis gives one subscription of a shard: who stands elsewhere than its reader polls.
 * @module
 */
import { Cause, Clock, Effect, Exit, FiberMap, Latch, Random, type Scope } from "effect"
import type { CoreRecord } from "../../../core/CoreBus.ts"
import { Limits } from "../../../core/Limits.ts"
import type { Batch, Item } from "../../../core/ShardLog.ts"
import { elapsedMs } from "../../Host.ts"
import { type Failed, failedOf, reasonOf } from "../aws/Failed.ts"
import type { Ask } from "./client.ts"
import type { StreamMissing } from "./open.ts"
import * as Position from "./position.ts"
import { batchOf, type Reader, startOf, upTo } from "./read.ts"
import { fanOut } from "./resources.ts"

interface Event {
  readonly batch: Batch<CoreRecord>
  /** Its records, ours or not, and their bytes as they came. */
  readonly records: number
  readonly bytes: number
}

interface Subscription {
  /** Behind what was taken. */
  at: string
  /** When its reader came last. */
  usedMs: number
  /** Its reader waits: another one at its place would take what is meant for that one. */
  isRead: boolean
  isOver: boolean
  /** What nobody took yet. */
  readonly events: Array<Event>
  /** Of the last event, also of one without records, which comes every few seconds. */
  behindMs: number | undefined
  /** Open while there is something to take, or it is over. */
  readonly ready: Latch.Latch
}

interface Retry {
  readonly failures: number
  readonly notBeforeMs: number
}

const sumOf = (events: ReadonlyArray<Event>, of: "records" | "bytes"): number =>
  events.reduce((sum, event) => sum + event[of], 0)

export interface Options {
  /** ARN of the registered consumer. */
  readonly consumer: Effect.Effect<string, Failed | StreamMissing>
  readonly retentionMs: number
}

/** `ask` has connections of its own: a subscription holds one. */
export const make = (ask: Ask, polling: Reader, options: Options): Effect.Effect<Reader, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const { answerBytes, shardPollMs, shardWindow } = yield* Limits
    const subscriptions = new Map<string, Subscription>()
    const retries = new Map<string, Retry>()
    const closed = new Set<string>()
    const fibers = yield* FiberMap.make<string>()
    let came = Latch.makeUnsafe(false)

    const tell = (one: Subscription) => {
      one.ready.openUnsafe()
      came.openUnsafe()
      came = Latch.makeUnsafe(false)
    }
    const end = (id: string) => {
      subscriptions.delete(id)
      return FiberMap.remove(fibers, id)
    }

    /** Until no more comes, with why: all ends are one, but to the log. */
    const pump = (id: string, one: Subscription): Effect.Effect<string> => {
      const controller = new AbortController()
      return Effect.gen(function* () {
        const ConsumerARN = yield* options.consumer
        const { ShardIteratorType: Type, StartingSequenceNumber: SequenceNumber, Timestamp } = startOf(one.at)
        const what = { ConsumerARN, ShardId: id, StartingPosition: { Type, SequenceNumber, Timestamp } }
        const { EventStream } = yield* ask((client, { abortSignal }) =>
          client.subscribeToShard(what, { abortSignal: AbortSignal.any([abortSignal, controller.signal]) })
        )
        if (EventStream === undefined) return "no events"
        const events = EventStream[Symbol.asyncIterator]()
        const next = Effect.timeoutOrElse(Effect.tryPromise({ try: () => events.next(), catch: failedOf }), {
          duration: fanOut.silentMs,
          orElse: (): Effect.Effect<never, Failed> => Effect.fail(failedOf({ name: "Silence" })),
        })
        for (let place = one.at;;) {
          const { done, value } = yield* next
          if (done === true) return "ended"
          const event = value.SubscribeToShardEvent
          if (event === undefined) continue
          const { ChildShards = [], ContinuationSequenceNumber, MillisBehindLatest: behindMs, Records = [] } = event
          if (elapsedMs(clock) - one.usedMs > fanOut.unusedMs) return "not read"
          const batch = yield* batchOf(id, place, Records, { behindMs, isEnd: false })
          const bytes = Records.reduce((sum, { Data }) => sum + (Data?.length ?? 0), 0)
          const came = { batch, bytes, records: Records.length }
          const all = [came, ...one.events]
          const isFull = sumOf(all, "records") > shardWindow || sumOf(all, "bytes") > answerBytes
          if (isFull && one.events.length > 0) return "not read fast enough"
          one.behindMs = behindMs
          if (batch.next !== place) {
            one.events.push(came)
            tell(one)
          }
          place = batch.next
          if (ContinuationSequenceNumber === undefined || ChildShards.length > 0) return "the shard's end"
        }
      }).pipe(
        Effect.catch((error) => Effect.succeed(error._tag === "Failed" ? reasonOf(error) : error.message)),
        Effect.ensuring(Effect.sync(() => controller.abort())),
      )
    }

    /** One that lasted counts for no failure; those that end each other do, or processes would do so for ever. */
    const subscribe = Effect.fnUntraced(function* (id: string, { behindMs, next }: Batch<CoreRecord>) {
      const openedMs = elapsedMs(clock)
      const known = subscriptions.get(id)
      if (known !== undefined && !known.isOver && openedMs - known.usedMs < fanOut.unusedMs) return
      const { failures, notBeforeMs } = retries.get(id) ?? { failures: 0, notBeforeMs: 0 }
      // Polling alone knows whether all that stands behind so old a place is there.
      const isOld = Position.isForgotten(Position.parse(next).ms, clock.currentTimeMillisUnsafe(), options.retentionMs)
      if (openedMs < notBeforeMs || isOld || closed.has(id)) return
      yield* end(id)
      const state = { at: next, usedMs: openedMs, isRead: false, isOver: false, events: [], behindMs }
      const one: Subscription = { ...state, ready: Latch.makeUnsafe(false) }
      subscriptions.set(id, one)
      retries.set(id, { failures, notBeforeMs: openedMs + fanOut.pauseMs })
      const over = Effect.fnUntraced(function* (exit: Exit.Exit<string>) {
        one.isOver = true
        tell(one)
        if (subscriptions.get(id) !== one) return
        const endedMs = elapsedMs(clock)
        const now = endedMs - openedMs >= fanOut.lastingMs ? 0 : failures + 1
        const most = Math.min(fanOut.pauseMaxMs, fanOut.pauseMs * 2 ** now)
        const notBeforeMs = now === 0 ? endedMs : openedMs + fanOut.pauseMs + (yield* Random.next) * most
        retries.set(id, { failures: now, notBeforeMs })
        if (now === 0 || (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))) return
        yield* Effect.logInfo("a shard is polled for now: its subscription ended").pipe(
          Effect.annotateLogs({ shard: id, reason: Exit.isSuccess(exit) ? exit.value : Cause.pretty(exit.cause) }),
        )
      })
      yield* FiberMap.run(fibers, id, Effect.ignoreCause(Effect.onExit(pump(id, one), over)))
    })

    /** What was pushed, up to `limit`; nothing for a while gives an empty batch, and the end no batch. */
    const take = Effect.fnUntraced(function* (one: Subscription, limit: number) {
      const nowMs = elapsedMs(clock)
      const waitMs = Math.max(0, Math.min(shardPollMs, one.usedMs + shardPollMs - nowMs))
      one.usedMs = nowMs
      one.isRead = true
      yield* Effect.ensuring(
        Effect.timeoutOption(one.ready.await, waitMs),
        Effect.sync(() => one.isRead = false),
      )
      one.usedMs = elapsedMs(clock)
      const items: Array<Item<CoreRecord>> = []
      let { at: next, behindMs } = one
      if (one.events.length === 0 && one.isOver) return undefined
      while (one.events.length > 0 && items.length < limit) {
        const event = one.events.shift()!
        const part = upTo(event.batch, limit - items.length)
        items.push(...part.items)
        ;({ behindMs, next } = part)
        if (part === event.batch) continue
        one.events.unshift({ ...event, batch: { ...event.batch, items: event.batch.items.slice(part.items.length) } })
      }
      one.at = next
      if (one.events.length === 0 && !one.isOver) one.ready.closeUnsafe()
      return { items, next, isEnd: false, behindMs } satisfies Batch<CoreRecord>
    })

    const read: Reader["read"] = Effect.fnUntraced(function* (id, after, limit) {
      const one = subscriptions.get(id)
      if (one !== undefined && one.at === after && !one.isRead) {
        const nowMs = yield* Clock.currentTimeMillis
        const isOld = Position.isForgotten(Position.parse(after).ms, nowMs, options.retentionMs)
        const batch = isOld ? undefined : yield* take(one, limit)
        if (batch !== undefined) return batch
        if (subscriptions.get(id) === one) yield* end(id)
      }
      const batch = yield* polling.read(id, after, limit)
      if (!batch.isEnd) yield* subscribe(id, batch)
      return batch
    })

    return {
      read,
      wait: (ms) =>
        Effect.suspend(() =>
          [...subscriptions.values()].some(({ events }) => events.length > 0)
            ? Effect.yieldNow
            : Effect.asVoid(Effect.timeoutOption(came.await, ms))
        ),
      // A closed shard is read to its end by polling: the local engine does not say that nothing more comes.
      keep: Effect.fnUntraced(function* (shards) {
        yield* polling.keep(shards)
        for (const [id, isOpen] of shards) if (!isOpen) closed.add(id)
        for (const id of [...closed, ...retries.keys()]) {
          if (!shards.has(id)) {
            closed.delete(id)
            retries.delete(id)
          }
        }
        const nowMs = elapsedMs(clock)
        for (const [id, { isOver, usedMs }] of subscriptions) {
          if (shards.get(id) !== true || (isOver && nowMs - usedMs > fanOut.unusedMs)) yield* end(id)
        }
      }),
    }
  })
