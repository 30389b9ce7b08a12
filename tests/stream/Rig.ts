/**
 * Sessions under test without a WebSocket: a hub over a store in memory, virtual time, and sockets that are lists.
 * @module
 */
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import {
  BadCursor,
  EventStore,
  type Shape as Store,
  type StoredEvent,
  StoreUnavailable,
} from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { append, streamOf } from "../../core/laws/fixtures.ts"
import * as Limits from "../../core/Limits.ts"
import type { Peer, Socket } from "../../runtime/Socket.ts"
import { Tail } from "../../runtime/Tail.ts"
import type { Permit } from "../../edge/permit.ts"
import * as Hub from "../../edge/stream/Hub.ts"
import app from "../http/app.ts"
import type { Frame, Item } from "../http/Listener.ts"

/** The other end of a socket. */
export interface Wire {
  readonly frames: Array<Frame>
  /** Virtual milliseconds of each frame. */
  readonly times: Array<number>
  /** Whether the peer takes what it is sent; else it waits in the buffer. */
  taking: boolean
  /** Whether sending throws. */
  broken: boolean
  /** Whether the peer leaves a goodbye without an answer: the socket is ended, and not yet gone. */
  lingering: boolean
  buffered: number
  bufferedMost: number
  code: number | undefined
  readonly say: (message: unknown) => void
  readonly events: (subscription?: string) => ReadonlyArray<Item>
  /** The line is cut. */
  readonly cut: () => void
}

export const far = Number.MAX_SAFE_INTEGER
export const identityOf = (tenant = "t", subject = "s", expiresAt = far) => ({
  ...{ tenant, subject, scopes: ["stream"], expiresAt },
})

/** What befalls the reads of a store, and how many there were. */
export interface Troubled {
  failing: () => boolean
  feeds: number
  /** Milliseconds for which an answer travels. */
  lateMs?: number
  /** Another feed stands in its place: no cursor of before is of it. */
  replaced?: boolean
}

const troubled = (base: Store, trouble: Troubled): Store => {
  let calls = 0
  const or = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      if (trouble.failing()) return Effect.fail(new StoreUnavailable({ reason: "test" }) as never)
      const { lateMs = 0 } = trouble
      // Not all equally long, so that they overtake each other.
      return lateMs === 0 ? effect : Effect.tap(effect, () => Effect.sleep(lateMs * (calls++ % 5)))
    })
  return {
    ...base,
    read: (...args) => or(base.read(...args)),
    head: (stream) => or(base.head(stream)),
    feed: (...args) => (trouble.feeds++, trouble.replaced ? Effect.fail(new BadCursor()) : or(base.feed(...args))),
    feedEnd: or(base.feedEnd),
  }
}

export const layerOf = (some: Partial<Limits.Limits> = {}, trouble: Troubled = { failing: () => false, feeds: 0 }) =>
  Tail.layer.pipe(
    Layer.provideMerge(
      Layer.effect(EventStore, Effect.map(Effect.suspend(EventStoreMemory.make), (base) => troubled(base, trouble))),
    ),
    Layer.provideMerge(Layer.succeed(Limits.Limits, Limits.lowered(some))),
  )

export const open = Effect.gen(function* () {
  const store = yield* EventStore
  const tail = yield* Tail
  const context = yield* Effect.context<EventStore | Tail>()
  const limits = yield* Limits.Limits
  const clock = yield* Effect.clockWith(Effect.succeed)
  const problem = ({ _tag }: { readonly _tag: string }) => JSON.stringify({ _tag })
  /** Allows every subscription until a test says otherwise. */
  const policies: { permit: Permit } = { permit: () => Effect.void }
  const permit: Permit = (...asked) => policies.permit(...asked)
  let hub = yield* Hub.make({ app, limits, context, permit, problem })
  const wires = new Set<Wire>()
  const nowMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

  const connect = (identity = identityOf()): Wire => {
    const granted = hub.admit(identity, "nexus.v1")
    if (granted._tag === "Failure") throw new Error(granted.failure._tag)
    let peer: Peer | undefined
    const wire: Wire = {
      ...{
        frames: [],
        times: [],
        taking: true,
        broken: false,
        lingering: false,
        buffered: 0,
        bufferedMost: 0,
        code: undefined,
      },
      say: (message) => peer?.message(typeof message === "string" ? message : JSON.stringify(message)),
      events: (name = "s") => wire.frames.flatMap((one) => one.subscription === name ? one.events ?? [] : []),
      cut: () => {
        peer?.closed(1006)
        peer = undefined
      },
    }
    const socket: Socket = {
      send: (text) => {
        if (wire.broken) throw new Error("a bug of the adapter")
        wire.frames.push(JSON.parse(text) as Frame)
        wire.times.push(nowMs())
        if (!wire.taking) wire.buffered += text.length
        wire.bufferedMost = Math.max(wire.bufferedMost, wire.buffered)
      },
      bufferedBytes: () => wire.buffered,
      close: (code) => {
        wire.code = code
        if (wire.lingering) return
        peer?.closed(code)
        peer = undefined
      },
    }
    peer = granted.success.open(socket)
    wires.add(wire)
    return wire
  }
  /** All sockets end, and another process serves the same store. */
  const restart = Effect.gen(function* () {
    hub.drain()
    hub = yield* Hub.make({ app, limits, context, permit, problem })
  })

  const versions = new Map<string, number>()
  let commands = 0
  /** Stores events past any host; the tail finds them by looking, unless it is woken. */
  const write = Effect.fnUntraced(function* (id: string, count = 1, tenant = "t", bytes = 0) {
    const stream = streamOf(tenant, id, "Box")
    const key = `${tenant}/${id}`
    const at = versions.get(key) ?? 0
    const one = append(stream, at, `c-${commands++}`, count, { type: "ItemPut" })
    const events = one.events.map((event, i) => ({
      ...event,
      payload: JSON.stringify({ text: `${key} ${at + i + 1}`, more: "x".repeat(bytes) }),
    }))
    yield* store.commit([{ ...one, events }])
    versions.set(key, at + count)
  }, Effect.orDie)
  /** All that was stored, past whatever troubles the store. */
  const log = Effect.fnUntraced(function* (tenant: string) {
    const all: Array<StoredEvent> = []
    for (const key of versions.keys()) {
      const [owner, id] = key.split("/") as [string, string]
      if (owner === tenant) all.push(...yield* store.read(streamOf(tenant, id, "Box"), 0, far))
    }
    return all
  }, Effect.orDie)
  /** Lets time pass in small steps, and whatever is woken come to rest. */
  const pass = Effect.fnUntraced(function* (ms: number) {
    const steps = Math.ceil(Math.min(Math.max(ms / 5, 1), 200))
    for (let n = 0; n < steps; n++) {
      yield* TestClock.adjust(ms / steps)
      for (let turn = 0; turn < 30; turn++) yield* Effect.yieldNow
    }
  })
  return { store, tail, hub, policies, limits, connect, restart, write, log, nowMs, versions, pass, wires }
})
