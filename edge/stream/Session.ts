/**
 * One socket: takes messages in order, keeps its subscriptions going, and sends frames no faster than it may.
 *
 * It knows no WebSocket and no time but Effect's. While its loop rests it is fed by the tail's pages as they come;
 * whatever cannot be sent at once is read from the log later, so that it holds cursors and no queue of frames.
 * @module
 */
import { type Clock, Effect, Result, type Tracer } from "effect"
import { Unavailable } from "../../core/ActorError.ts"
import type { StoredEvent } from "../../core/EventStore.ts"
import type { Rarely } from "../../runtime/Rarely.ts"
import type { Page } from "../../runtime/Tail.ts"
import type { Peer, Socket } from "../../runtime/Socket.ts"
import * as answers from "../answers.ts"
import type { Identity } from "../auth.ts"
import type { Permit } from "../permit.ts"
import type { Failure } from "../refuse.ts"
import { MessageInvalid, TooManySubscriptions } from "../refusals.ts"
import * as Closing from "./Closing.ts"
import * as frames from "./frames.ts"
import { asks, scope } from "./handshake.ts"
import type { Message, Read, Refused } from "./message.ts"
import type { Count } from "./metrics.ts"
import * as position from "./position.ts"
import * as Subscription from "./Subscription.ts"
import { traced } from "./trace.ts"
import * as Window from "./Window.ts"

/** What all sessions of a process share. */
export interface Setting extends Subscription.Reading {
  readonly clock: Clock.Clock
  readonly tracer: Tracer.Tracer | undefined
  readonly read: Read
  readonly permit: Permit
  /** A problem as JSON. */
  readonly problem: (failure: Failure) => string
  readonly rarely: Rarely
  readonly count: Count
}

/** The subscriptions of one principal over all its sockets. */
export interface Quota {
  subscriptions: number
}

/** A page of the tail with the events of one tenant alone. */
export interface TenantPage extends Page {
  /** An event as JSON; made once for all sockets. */
  readonly textOf: (event: StoredEvent) => string
}

export interface Session extends Peer {
  readonly hear: (page: TenantPage) => void
  /** Ends the socket where the token has expired. */
  readonly look: () => void
  readonly end: (close: Closing.Closing) => void
  /** Ends the socket for a defect, and logs it without any of its words. */
  readonly fail: (defect: unknown) => Effect.Effect<void>
  /** Works until it is interrupted. */
  readonly run: Effect.Effect<void>
}

/** A reader that is slow is looked at again so often. */
const bufferPollMs = 20
const retryMs = 100
const retryMaxMs = 2_000
const windowMs = 1_000

export const make = (setting: Setting, identity: Identity, quota: Quota, socket: Socket): Session => {
  const { clock, count, limits, store, tail, tracer } = setting
  const { tenant } = identity
  /** Those served longest ago first. */
  const subscriptions = new Map<string, Subscription.Subscription>()
  const inbox: Array<Result.Result<Message, Refused>> = []
  const sent = Window.make(limits.framesPerSecond, windowMs)
  const heard = Window.make(limits.messagesPerSecond, windowMs)
  let ended = false
  /** Set while the loop rests. */
  let rouse: (() => void) | undefined

  const nowMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const positionOf = (cursor: string | undefined) => position.encode(store.kind, tenant, cursor)

  const over = (code: number) => {
    if (ended) return
    ended = true
    count.closed(code)
    quota.subscriptions -= subscriptions.size
    subscriptions.clear()
  }
  const end: Session["end"] = ({ code, reason }) => {
    if (ended) return
    over(code)
    socket.close(code, reason)
  }
  const isExpired = () => clock.currentTimeMillisUnsafe() >= identity.expiresAt
  const look = () => isExpired() ? end(Closing.expired) : undefined

  /** Sends one frame, which must be due. */
  const emit = (text: string): void => {
    look()
    if (ended) return
    sent.took(nowMs())
    count.sent()
    socket.send(text)
  }
  const isRoom = () => sent.waitMs(nowMs()) === 0 && socket.bufferedBytes() < limits.socketBufferBytes
  const emitEvents = (name: string, batch: Subscription.Batch, textOf: (event: StoredEvent) => string): void => {
    const { events } = batch
    if (events.length > 0) {
      const text = frames.events(name, events.map(textOf), positionOf(batch.cursor()))
      traced(tracer, clock, events, () => emit(text))
    }
    batch.commit()
  }

  /** Waits until a frame may go; a reader that takes nothing for too long is left. */
  const room = Effect.fnUntraced(function* () {
    if (isRoom()) return
    count.delayed()
    let stalledAt: number | undefined
    while (!ended && !isRoom()) {
      const wait = sent.waitMs(nowMs())
      if (wait > 0) yield* Effect.sleep(Math.ceil(wait))
      else {
        stalledAt ??= nowMs()
        if (nowMs() - stalledAt >= limits.socketStallMs) return end(Closing.slow)
        yield* Effect.sleep(bufferPollMs)
      }
    }
  })

  const refused = (name: string | undefined, failure: Failure) => () => frames.problem(name, setting.problem(failure))

  /** Answers with what is to be done in the turn in which the answer goes out. */
  const subscribe = Effect.fnUntraced(
    function* (message: frames.Subscribe) {
      const { after, aggregate, ids, subscription: name, types } = message
      if (subscriptions.has(name)) {
        return refused(name, new MessageInvalid({ pointer: "/subscription", rule: "Expected a name not in use" }))
      }
      yield* setting.permit(asks(aggregate ?? ""), identity, [scope])
      const filter = { name, tenant, aggregate, types: types && new Set(types), limit: limits.eventsPerFrame }
      // The tail runs from here on, and stands no further back than what was stored before this message.
      const start = yield* tail.sync
      let made: () => Subscription.Subscription
      if (ids !== undefined && aggregate !== undefined) {
        const versions = new Map<string, number>()
        const behind = new Map<string, number>()
        for (const [id, version] of Object.entries(ids)) {
          versions.set(id, version ?? (yield* store.head({ tenant, aggregate, id })).version)
          behind.set(id, 0)
        }
        made = () => ({ _tag: "OfIds", ...filter, aggregate, versions, behind, cursor: start })
      } else if (after === undefined) {
        made = () => ({ ...{ _tag: "OfFeed", ...filter, live: true, cursor: tail.cursor() }, ...unsynced })
      } else {
        const cursor = after === "start" ? undefined : yield* position.decode(store.kind, tail, tenant, after)
        // A place where the feed never was is refused now, not met later.
        yield* tail.read(tenant, cursor, 1)
        made = () => ({ ...{ _tag: "OfFeed", ...filter, live: false, cursor }, ...unsynced })
      }
      return () => {
        if (quota.subscriptions >= limits.subscriptionsPerPrincipal) {
          return refused(name, new TooManySubscriptions({ max: limits.subscriptionsPerPrincipal }))()
        }
        const subscription = made()
        subscriptions.set(name, subscription)
        quota.subscriptions++
        return frames.subscribed(name, positionOf(subscription.cursor))
      }
    },
    (effect, { subscription: name }) =>
      Effect.catchTags(effect, {
        BadCursor: () =>
          Effect.succeed(
            refused(name, new MessageInvalid({ pointer: "/after", rule: "Expected a position of this service" })),
          ),
        Forbidden: (error) => Effect.succeed(refused(name, error)),
        PolicyDenied: (error) => Effect.succeed(refused(name, error)),
        PolicyUnavailable: (error) => Effect.succeed(refused(name, error)),
        StoreUnavailable: (error) => Effect.succeed(refused(name, Unavailable.fromStore(error))),
      }),
  )

  const unsubscribe = ({ subscription: name }: frames.Unsubscribe) => () => {
    if (subscriptions.delete(name)) quota.subscriptions--
    return frames.unsubscribed(name)
  }

  const answer = (message: (typeof inbox)[number]): Effect.Effect<() => string> =>
    Result.isFailure(message)
      ? Effect.succeed(refused(message.failure.subscription, message.failure.failure))
      : message.success.op === "subscribe"
      ? subscribe(message.success)
      : Effect.succeed(unsubscribe(message.success))

  /** Reads until the store answers; one that fails for good ends the socket. */
  const next = Effect.fnUntraced(function* (subscription: Subscription.Subscription) {
    const began = nowMs()
    for (let pause = retryMs;; pause = Math.min(pause * 2, retryMaxMs)) {
      const batch = yield* Effect.result(Subscription.read(subscription, setting))
      if (Result.isSuccess(batch)) return batch.success
      if (batch.failure._tag === "BadCursor" || nowMs() - began >= limits.streamFailingMs) {
        end(Closing.failed)
        return yield* Effect.never
      }
      yield* Effect.sleep(pause)
    }
  })

  const behind = () => [...subscriptions.values()].find(Subscription.isBehind)
  const rest = Effect.callback<void>((resume) => {
    if (inbox.length > 0 || behind() !== undefined) return resume(Effect.void)
    rouse = () => {
      rouse = undefined
      resume(Effect.void)
    }
    return Effect.sync(() => void (rouse = undefined))
  })

  const step = Effect.fnUntraced(function* () {
    yield* rest
    // Whoever made the socket ends this loop, once its peer has gone.
    if (ended) return yield* Effect.never
    yield* room()
    const [message] = inbox
    if (message !== undefined) {
      const reply = yield* answer(message)
      inbox.shift()
      if (!ended) emit(reply())
      return
    }
    const subscription = behind()
    if (subscription === undefined || ended) return
    const batch = yield* next(subscription)
    if (ended) return
    emitEvents(subscription.name, batch, answers.located)
    // To the end of the row.
    subscriptions.delete(subscription.name)
    subscriptions.set(subscription.name, subscription)
    // Other sockets have a turn, however much there is to read.
    yield* Effect.yieldNow
  })

  /** This socket alone; its client comes back and resumes. */
  const fail = Effect.fnUntraced(function* (defect: unknown) {
    end(Closing.failed)
    yield* setting.rarely.defect("socket failed", defect)
  })

  return {
    message: (text) => {
      if (ended) return
      const now = nowMs()
      if (heard.waitMs(now) > 0) return end(Closing.flood)
      heard.took(now)
      if (inbox.length >= limits.messagesPerSecond) return end(Closing.overload)
      inbox.push(setting.read(text))
      rouse?.()
    },
    hear: (page) => {
      for (const subscription of subscriptions.values()) {
        const can = () => rouse !== undefined && isRoom()
        const batch = Subscription.offer(subscription, page, can, limits)
        if (batch !== undefined) emitEvents(subscription.name, batch, page.textOf)
        if (Subscription.isBehind(subscription)) rouse?.()
      }
    },
    look,
    end,
    fail,
    closed: over,
    run: Effect.catchDefect(Effect.forever(Effect.suspend(step)), fail),
  }
}

const unsynced = { synced: undefined, wantsSync: false } as const
