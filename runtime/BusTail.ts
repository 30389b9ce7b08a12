/**
 * The tail where the store has no single order: core events as the bus brings them, all others by time from the store.
 *
 * The bus is what makes it quick, the listing by time what makes it whole: every event of a watched tenant is handed out
 * `settleMs` and a sweep after it was stored at the latest. A place in it is a time: resuming there repeats some events
 * and misses none. Each process reads all shards for itself, without leases, while somebody listens.
 * @module
 */
import { Effect, FiberSet, Layer, Random, Result } from "effect"
import { CoreBus, type CoreEvent } from "../core/CoreBus.ts"
import * as Cursor from "../core/Cursor.ts"
import { BadCursor, EventStore, type StoredEvent } from "../core/EventStore.ts"
import { Limits } from "../core/Limits.ts"
import * as Recent from "./Recent.ts"
import { type Page, type Read, Tail } from "./Tail.ts"

/**
 * A place: what was recorded before `time` has been given. Then, of the phase: where the feed is read that began at that
 * time, how far the listing by time was read, or behind which entry of what this process has handed out lately.
 */
type At = readonly [time: number, phase: "feed" | "time" | "recent", inner: string]
const phases: ReadonlyArray<string> = ["feed", "time", "recent"]
const begin = ""
/** Where a closed shard stands once it was read to its end. */
const ended = "ended"

export const layer: Layer.Layer<Tail, never, EventStore | CoreBus> = Layer.effect(
  Tail,
  Effect.gen(function* () {
    const [store, bus, limits] = [yield* EventStore, yield* CoreBus, yield* Limits]
    const run = yield* FiberSet.makeRuntime<never, void, never>()
    const settleMs = Math.max(store.settleMs ?? 0, limits.settleMs)
    const clock = yield* Effect.clockWith(Effect.succeed)
    const nowMs = () => Math.floor(clock.currentTimeMillisUnsafe())
    const named = [store.kind, "tail"]
    // Numbers of entries mean something to this tail alone.
    const own = `${Math.floor((yield* Random.next) * 2 ** 40).toString(36)}-`
    const encode = (...at: At) => Cursor.encode(named, at)

    interface Listener {
      readonly hear: (page: Page) => void
      readonly tenants: () => Iterable<string>
    }
    const listeners = new Set<Listener>()
    const wakers = new Set<() => void>()
    /** Since when each tenant is watched, and up to when all of its events were handed out. */
    const watched = new Map<string, { readonly sinceMs: number; sweptMs: number }>()
    const recent = Recent.make({ ms: limits.recentMs, events: limits.recentEvents, units: limits.recentBytes })
    const places = new Map<string, string>()
    let waiting: Array<(cursor: string | undefined) => void> = []
    let [sweptAt, running] = [0, false]
    let rouse: (() => void) | undefined

    /** All before it was handed out, of every watched tenant. */
    const reachedMs = () => Math.min(nowMs(), ...[...watched.values()].map(({ sweptMs }) => sweptMs))
    const cursorAt = (no: number) => encode(reachedMs(), "recent", `${own}${no}`)
    const cursor = () => cursorAt(recent.last())

    const tell = (events: ReadonlyArray<StoredEvent>): void => {
      const first = recent.last()
      const fresh = recent.add(events, nowMs())
      for (let from = 0; from < fresh.length; from += limits.tailPage) {
        const some = fresh.slice(from, from + limits.tailPage)
        const [before, cursor] = [cursorAt(first + from), cursorAt(first + from + some.length)]
        for (const { hear } of [...listeners]) hear({ events: some, before, cursor, broken: false })
      }
    }

    const watch = (): void => {
      const wanted = new Set([...listeners].flatMap(({ tenants }) => [...tenants()]))
      for (const tenant of watched.keys()) if (!wanted.has(tenant)) watched.delete(tenant)
      for (const tenant of wanted) {
        // Processes' clocks differ by less.
        const sinceMs = Math.max(0, nowMs() - limits.settleMs)
        if (!watched.has(tenant)) watched.set(tenant, { sinceMs, sweptMs: sinceMs })
      }
    }

    /** Hands an event out behind those between it and the core event before it. */
    const bring = Effect.fnUntraced(function* ({ prevCore, ...event }: CoreEvent) {
      const state = watched.get(event.tenant)
      if (state === undefined || recent.has(event)) return
      // What was stored before somebody wanted to hear of it is no news.
      const isNews = ({ recordedAt }: StoredEvent) => recordedAt >= state.sinceMs - settleMs
      let at = recent.has({ ...event, version: event.version - 1 }) ? event.version - 1 : prevCore
      while (at < event.version - 1) {
        const between = yield* store.read(event, at, Math.min(event.version - 1 - at, limits.page))
        // Of a stream of another application on the same bus the store has nothing.
        if (between.length === 0) break
        tell(between.filter(isNews))
        at += between.length
      }
      if (isNews(event)) tell([event])
    })

    /** Whether the shards brought anything. */
    const follow = Effect.fnUntraced(function* (startMs: number) {
      const shards = yield* bus.shards
      let came = false
      for (const id of places.keys()) if (!shards.some((shard) => shard.id === id)) places.delete(id)
      const isOpen = (id: string) => shards.some((shard) => shard.id === id) && places.get(id) !== ended
      for (const { id, parents } of shards) {
        if (!isOpen(id) || parents.some(isOpen)) continue
        const read = yield* Effect.result(bus.read(id, places.get(id) ?? bus.positionAt(startMs), limits.shardPage))
        if (Result.isFailure(read)) {
          // What was forgotten the listing by time brings.
          if (read.failure._tag === "Trimmed") places.set(id, bus.positionAt(nowMs()))
          continue
        }
        const { isEnd, items, next } = read.success
        for (const { value } of items) for (const event of value.events) yield* bring(event)
        places.set(id, isEnd ? ended : next)
        came ||= isEnd || items.length > 0
      }
      return came
    })

    /** What was stored up to `settleMs` ago and did not come with the bus. */
    const sweep = Effect.fnUntraced(function* () {
      const to = nowMs() - settleMs
      for (const [tenant, state] of watched) {
        if (to <= state.sweptMs) continue
        let cursor: string | undefined
        do {
          const range = { tenant, from: state.sweptMs, to, limit: limits.page }
          const page = yield* store.byTime(cursor === undefined ? range : { ...range, cursor })
          tell(page.items)
          cursor = page.cursor
        } while (cursor !== undefined)
        state.sweptMs = to
      }
      sweptAt = nowMs()
    })

    const pause = Effect.callback<void>((resume) => {
      if (waiting.length > 0) return resume(Effect.void)
      rouse = () => resume(Effect.void)
      return Effect.sync(() => void (rouse = undefined))
    })

    const loop = Effect.gen(function* () {
      const startMs = nowMs()
      while (listeners.size > 0) {
        const asked = waiting
        waiting = []
        watch()
        // A bus or a store that fails, or breaks, is asked again: all sockets hang on this loop.
        const followed = yield* Effect.exit(follow(startMs))
        if (nowMs() - sweptAt >= limits.tailSweepMs) yield* Effect.exit(sweep())
        if (followed._tag === "Failure") {
          waiting = asked.concat(waiting)
          yield* Effect.sleep(limits.tailPollMs)
          continue
        }
        for (const answer of asked) answer(cursor())
        yield* Effect.raceFirst(bus.wait(followed.value ? limits.shardPollMs : limits.tailBusMs), pause)
      }
      places.clear()
      watched.clear()
      recent.clear()
      running = false
    })

    const decode = (cursor: string | undefined): Effect.Effect<At, BadCursor> =>
      Effect.flatMap(Cursor.decode<[number, string, string]>(named, "iss", cursor), (at) => {
        if (at === undefined) return Effect.succeed([Math.max(0, nowMs() - settleMs), "feed", begin])
        return phases.includes(at[1]) ? Effect.succeed(at as unknown as At) : Effect.fail(new BadCursor())
      })

    /** What this process handed out behind a place, where it still knows all of it. */
    const lately = (tenant: string, [time, , inner]: At, limit: number): Read | undefined => {
      const state = watched.get(tenant)
      if (state === undefined) return undefined
      const isOwn = inner.startsWith(own)
      if (!isOwn && state.sinceMs > time) return undefined
      const no = isOwn ? Number(inner.slice(own.length)) : 0
      const since = recent.since(tenant, no, isOwn ? -Infinity : time, limit)
      if (since === undefined) return undefined
      const { events: items, isEnd } = since
      return { items, cursor: isEnd ? cursor() : encode(time, "recent", `${own}${since.no}`), isEnd }
    }

    const byTime = (tenant: string, [time, phase, inner]: At, limit: number) => {
      const to = Math.max(time, nowMs() - settleMs)
      const range = { tenant, from: time, to, limit }
      const page = store.byTime(phase === "time" && inner !== begin ? { ...range, cursor: inner } : range)
      return Effect.map(page, ({ cursor, items }): { readonly items: Read["items"]; readonly at: At } => ({
        items,
        at: cursor === undefined ? [to, "recent", begin] : [time, "time", cursor],
      }))
    }

    const fromFeed = ([time, , inner]: At, limit: number) =>
      Effect.map(store.feed(inner === begin ? undefined : inner, limit), ({ cursor, items }) => {
        // At its end the listing by time goes on from where the feed was begun.
        const at: At = items.length < limit ? [time, "time", begin] : [time, "feed", cursor!]
        return { items, at }
      })

    /** An empty page that is not the end asks to be asked again. */
    const read = Effect.fnUntraced(function* (tenant: string, from: string | undefined, limit: number) {
      let at = yield* decode(from)
      const isRecent = at[1] === "recent"
      while (at[1] !== "recent") {
        const page = yield* at[1] === "feed" ? fromFeed(at, limit) : byTime(tenant, at, limit)
        if (page.items.length > 0) return { items: page.items, cursor: encode(...page.at), isEnd: false }
        at = page.at
      }
      const found = lately(tenant, at, limit)
      if (found !== undefined) return found
      // It is not watched for long enough, or too much was handed out: by time until then.
      if (isRecent) {
        const page = yield* byTime(tenant, at, limit)
        if (page.items.length > 0) return { items: page.items, cursor: encode(...page.at), isEnd: false }
        at = page.at
        const joined = lately(tenant, at, limit)
        if (joined !== undefined) return joined
      }
      yield* Effect.sleep(limits.tailBusMs)
      return { items: [], cursor: encode(...at), isEnd: false }
    })

    return Tail.of({
      wake: () => {
        for (const hear of wakers) hear()
      },
      onWake: (hear) =>
        Effect.asVoid(Effect.acquireRelease(
          Effect.sync(() => void wakers.add(hear)),
          () => Effect.sync(() => wakers.delete(hear)),
        )),
      listen: (hear, tenants) =>
        Effect.suspend(() => {
          const listener: Listener = { hear, tenants }
          return Effect.asVoid(Effect.acquireRelease(
            Effect.sync(() => {
              listeners.add(listener)
              if (running) return
              running = true
              run(loop)
            }),
            () => Effect.sync(() => (listeners.delete(listener), rouse?.())),
          ))
        }),
      cursor,
      sync: Effect.callback((resume) => {
        const answer = (at: string | undefined) => resume(Effect.succeed(at))
        waiting.push(answer)
        rouse?.()
        return Effect.sync(() => void (waiting = waiting.filter((one) => one !== answer)))
      }),
      read,
      // Its event, and what was stored in the same moment, comes again.
      placeOf: ({ stream, version }) =>
        version === 0
          ? Effect.fail(new BadCursor())
          : Effect.flatMap(store.read(stream, version - 1, 1), ([event]) =>
            event === undefined
              ? Effect.fail(new BadCursor())
              : Effect.succeed(encode(event.recordedAt, "time", begin))),
    })
  }),
)
