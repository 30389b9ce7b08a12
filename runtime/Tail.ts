/**
 * Follows the end of what is stored, once for all in this process who want to hear of new events: here by the feed of a
 * store with one order; `BusTail.ts` does it where there is none.
 *
 * It reads nothing while nobody listens. Events come late or twice to nobody: every page follows the one before.
 * @module
 */
import { Cause, Context, Effect, FiberSet, Layer, Option, type Scope } from "effect"
import * as Cursor from "../core/Cursor.ts"
import {
  BadCursor,
  EventStore,
  type Shape as Store,
  type StoredEvent,
  type StoreUnavailable,
} from "../core/EventStore.ts"
import { Limits } from "../core/Limits.ts"
import type { Position } from "../core/Position.ts"

/** What came behind the page before; `events` of all tenants, at most `Limits.tailPage`. */
export interface Page {
  readonly events: ReadonlyArray<StoredEvent>
  /** The feed's cursor in front of the page, and behind it. */
  readonly before: string | undefined
  readonly cursor: string | undefined
  /** The feed is another one than before, and the page is empty: whoever relied on the order has to start again. */
  readonly broken: boolean
}

/** Events behind a cursor, as a subscription reads them that has fallen behind. */
export interface Read {
  /** Maybe of other tenants, too. */
  readonly items: ReadonlyArray<StoredEvent>
  readonly cursor: string | undefined
  /** Nothing stood behind the items when they were read. */
  readonly isEnd: boolean
}

export interface Shape {
  /** Events were stored by this process. Those of others are found by looking. */
  readonly wake: () => void
  /** Has `hear` called, which must not throw, whenever this process stored something, until the scope closes. */
  readonly onWake: (hear: () => void) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Hands every page from now on to `hear`, which must not throw, until the scope closes. Who wants to hear of which
   * tenants is asked time and again; other tenants' events may be left out.
   */
  readonly listen: (
    hear: (page: Page) => void,
    tenants: () => Iterable<string>,
  ) => Effect.Effect<void, never, Scope.Scope>
  /** Where the tail stands: whatever is in front of it was handed out. */
  readonly cursor: () => string | undefined
  /**
   * Waits until everything that was stored before has been handed out, and answers where the tail stood then. Only for
   * listeners; waits as long as the store cannot be read.
   */
  readonly sync: Effect.Effect<string | undefined>
  /** Up to `limit` events behind a cursor, from the first where there is none; those of a tenant among them. */
  readonly read: (
    tenant: string,
    cursor: string | undefined,
    limit: number,
  ) => Effect.Effect<Read, StoreUnavailable | BadCursor>
  /** The cursor behind what a position of a command or state names, or earlier. */
  readonly placeOf: (position: Position) => Effect.Effect<string | undefined, StoreUnavailable | BadCursor>
}

/** `read` where the feed has one order. */
export const readFeed = (store: Pick<Store, "feed">): Shape["read"] => (_, cursor, limit) =>
  Effect.map(store.feed(cursor, limit), (page) => ({ ...page, isEnd: page.items.length < limit }))

export class Tail extends Context.Service<Tail, Shape>()("nexus/runtime/Tail") {
  static readonly layer: Layer.Layer<Tail, never, EventStore> = Layer.effect(
    Tail,
    Effect.suspend(() => make),
  )
}

const make = Effect.gen(function* () {
  const store = yield* EventStore
  const limits = yield* Limits
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const listeners = new Set<(page: Page) => void>()
  const wakers = new Set<() => void>()
  let waiting: Array<(cursor: string | undefined) => void> = []
  let cursor: string | undefined
  let [running, woken] = [false, false]
  let rouse: (() => void) | undefined

  const wake = () => {
    woken = true
    rouse?.()
    for (const hear of wakers) hear()
  }
  const tell = (page: Page) => {
    cursor = page.cursor
    for (const hear of listeners) hear(page)
  }

  /** Until somebody wakes it, or it is time to look. */
  const rest = Effect.callback<void>((resume) => {
    if (woken || waiting.length > 0) return resume(Effect.void)
    rouse = () => resume(Effect.void)
    return Effect.sync(() => void (rouse = undefined))
  }).pipe(Effect.timeoutOption(limits.tailPollMs))

  const follow = Effect.gen(function* () {
    cursor = yield* end(store, limits.tailPollMs)
    while (listeners.size > 0) {
      // Whoever asks from here on is not answered by this read.
      const asked = waiting
      waiting = []
      woken = false
      const before = cursor
      // All sockets hang on this loop: a store that breaks is asked again like one that fails.
      const page = yield* Effect.exit(store.feed(before, limits.tailPage))
      if (page._tag === "Failure") {
        waiting = asked.concat(waiting)
        if (Option.getOrUndefined(Cause.findErrorOption(page.cause))?._tag === "BadCursor") {
          yield* Effect.logError("the feed is another one than before")
          const start = yield* end(store, limits.tailPollMs)
          tell({ events: [], before, cursor: start, broken: true })
        } else yield* Effect.sleep(limits.tailPollMs)
        continue
      }
      const { items } = page.value
      if (items.length > 0) tell({ events: items, before, cursor: page.value.cursor, broken: false })
      if (items.length < limits.tailPage) { for (const answer of asked) answer(cursor) }
      else waiting = asked.concat(waiting)
      if (items.length === limits.tailPage) {
        yield* Effect.yieldNow
        continue
      }
      // Commits that follow close on each other share a read.
      if (items.length > 0) yield* Effect.sleep(limits.tailPauseMs)
      yield* rest
    }
    running = false
  })

  const start = () => {
    if (running) return
    running = true
    run(follow)
  }

  return Tail.of({
    wake,
    onWake: (hear) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          const waker = () => hear()
          wakers.add(waker)
          return waker
        }),
        (waker) => Effect.sync(() => wakers.delete(waker)),
      )),
    cursor: () => cursor,
    listen: (hear) =>
      Effect.suspend(() => {
        // One of its own, so that whoever listens twice stops once.
        const listener = (page: Page) => hear(page)
        return Effect.acquireRelease(
          Effect.sync(() => {
            listeners.add(listener)
            start()
          }),
          () =>
            Effect.sync(() => {
              listeners.delete(listener)
              wake()
            }),
        )
      }),
    sync: Effect.callback((resume) => {
      const answer = (at: string | undefined) => resume(Effect.succeed(at))
      waiting.push(answer)
      rouse?.()
      return Effect.sync(() => void (waiting = waiting.filter((one) => one !== answer)))
    }),
    read: readFeed(store),
    placeOf: ({ offset }) =>
      offset === undefined ? Effect.fail(new BadCursor()) : Effect.succeed(Cursor.feedAt(store.kind, offset)),
  })
})

/** Where the feed ends, asked until the store says so. */
const end = (store: Store, pauseMs: number): Effect.Effect<string | undefined> =>
  Effect.catchCause(
    store.feedEnd,
    () => Effect.andThen(Effect.sleep(pauseMs), Effect.suspend(() => end(store, pauseMs))),
  )
