/**
 * One subscription of a socket: what it wants, and how far it has come. It keeps cursors, never events.
 *
 * Live, it stands where the tail of the feed stands and is offered each page; behind, it reads the log from its own
 * cursor until it has caught up. Nothing is counted as delivered before `commit`.
 * @module
 */
import { Effect } from "effect"
import type { BadCursor, Shape as Store, StoredEvent, StoreUnavailable } from "../../core/EventStore.ts"
import type { Limits } from "../../core/Limits.ts"
import type { Page, Shape as Tail } from "../../runtime/Tail.ts"

interface Filter {
  readonly name: string
  readonly tenant: string
  readonly aggregate: string | undefined
  /** All where absent. */
  readonly types: ReadonlySet<string> | undefined
  /** So many events are read at once, if no other bound is lower: less where few go in a frame. */
  limit: number
}

/** Follows the feed, all of the tenant's events that fit. */
export interface OfFeed extends Filter {
  readonly _tag: "OfFeed"
  /** Stands where the tail stands, and its own cursor means nothing. */
  live: boolean
  cursor: string | undefined
  /** Where the tail stood when it had last been waited for; nothing that came before is still to come from it. */
  synced: { readonly at: string | undefined } | undefined
  wantsSync: boolean
}

/** Follows some instances, each by its version. */
export interface OfIds extends Filter {
  readonly _tag: "OfIds"
  readonly aggregate: string
  readonly versions: Map<string, number>
  /** The instances to be read from the log, each with the newest version heard of meanwhile. */
  readonly behind: Map<string, number>
  /** Of the feed, when nothing was behind. */
  cursor: string | undefined
}

export type Subscription = OfFeed | OfIds

/** The next events of a subscription; they count as delivered once `commit` was called, in the same turn as `cursor`. */
export interface Batch {
  readonly events: ReadonlyArray<StoredEvent>
  readonly cursor: () => string | undefined
  readonly commit: () => void
}

export interface Reading {
  readonly store: Store
  readonly tail: Tail
  readonly limits: Limits
}

export const isBehind = (self: Subscription): boolean => self._tag === "OfFeed" ? !self.live : self.behind.size > 0

const fits = ({ aggregate, tenant, types }: Filter, event: StoredEvent): boolean =>
  event.tenant === tenant && (aggregate === undefined || event.aggregate === aggregate) &&
  (types === undefined || types.has(event.type))

/** About what an event takes beside its payload, in bytes. */
const envelopeBytes = 400
const bytesOf = (events: ReadonlyArray<StoredEvent>): number =>
  events.reduce((sum, { payload }) => sum + payload.length + envelopeBytes, 0)

/** Whether so many events of so many bytes may go in one frame; one event always may. */
const isFrame = (count: number, bytes: number, { eventsPerFrame, frameBytes }: Limits): boolean =>
  count <= 1 || (count <= eventsPerFrame && bytes <= frameBytes)

/**
 * What a page of the tail brings; nothing where it brings nothing. `can`: whether it would be sent now. Where it cannot,
 * or where something is missing between, the subscription falls behind.
 */
export const offer = (self: Subscription, page: Page, can: () => boolean, limits: Limits): Batch | undefined =>
  self._tag === "OfFeed" ? offerFeed(self, page, can, limits) : offerIds(self, page, can, limits)

const offerFeed = (self: OfFeed, page: Page, can: () => boolean, limits: Limits): Batch | undefined => {
  if (!self.live) return undefined
  const events = page.events.filter((event) => fits(self, event))
  if (events.length === 0) return undefined
  if (isFrame(events.length, bytesOf(events), limits) && can()) {
    return {
      events,
      cursor: () => page.cursor,
      commit: () => {},
    }
  }
  self.live = false
  self.cursor = page.before
  self.synced = undefined
  return undefined
}

const offerIds = (self: OfIds, page: Page, can: () => boolean, limits: Limits): Batch | undefined => {
  const next = new Map<string, number>()
  const events: Array<StoredEvent> = []
  for (const event of page.events) {
    const { id, version } = event
    const had = event.tenant === self.tenant && event.aggregate === self.aggregate ? self.versions.get(id) : undefined
    if (had === undefined || version <= had) continue
    const heard = self.behind.get(id)
    if (heard !== undefined) self.behind.set(id, Math.max(heard, version))
    else if (version !== (next.get(id) ?? had) + 1) self.behind.set(id, version)
    else {
      next.set(id, version)
      if (fits(self, event)) events.push(event)
    }
  }
  const whole = events.filter(({ id }) => !self.behind.has(id))
  const commit = () => {
    for (const [id, version] of next) if (!self.behind.has(id)) self.versions.set(id, version)
    if (self.behind.size === 0) self.cursor = page.cursor
  }
  if (whole.length === 0) return void commit()
  if (isFrame(whole.length, bytesOf(whole), limits) && can()) {
    return { events: whole, cursor: () => self.behind.size === 0 ? page.cursor : self.cursor, commit }
  }
  for (const [id, version] of next) self.behind.set(id, Math.max(self.behind.get(id) ?? 0, version))
  return undefined
}

/** What comes next in the log for a subscription that is behind; no more than goes in one frame. */
export const read = (
  self: Subscription,
  reading: Reading,
): Effect.Effect<Batch, StoreUnavailable | BadCursor> =>
  self._tag === "OfFeed" ? readFeed(self, reading) : readIds(self, reading)

/** Pages looked through for one frame. */
const pagesMax = 16

const readFeed = Effect.fnUntraced(function* (
  self: OfFeed,
  { limits, tail }: Reading,
): Effect.fn.Return<Batch, StoreUnavailable | BadCursor> {
  if (self.wantsSync) {
    self.synced = { at: yield* tail.sync }
    self.wantsSync = false
  }
  const most = Math.min(limits.tailPage, limits.eventsPerFrame)
  let { cursor } = self
  let [found, ended] = [0, false]
  let events: ReadonlyArray<StoredEvent> = []
  for (let pages = 0; pages < pagesMax && !ended; pages++) {
    const limit = Math.min(self.limit, most)
    const page = yield* tail.read(self.tenant, cursor, limit)
    const more = events.concat(page.items.filter((event) => fits(self, event)))
    const bytes = bytesOf(more)
    if (!isFrame(more.length, bytes, limits)) {
      // What does not go in any more is read again, for the next frame.
      if (events.length > 0) break
      self.limit = Math.ceil(limit / 2)
      continue
    }
    events = more
    found += page.items.length
    cursor = page.cursor
    ended = page.isEnd
    // The tail has nothing now: others of this socket have a turn.
    if (page.items.length === 0) break
    // The next page would hardly go in: it is left for the next frame.
    if (more.length * 2 > limits.eventsPerFrame || bytes * 2 > limits.frameBytes) break
    self.limit = limit * 2
    yield* Effect.yieldNow
  }
  return {
    events,
    cursor: () => cursor,
    commit: () => {
      self.cursor = cursor
      if (found > 0) self.synced = undefined
      if (!ended) return
      // Nothing lies between here and where the tail stands: it is there, or has stood still since before the read.
      const stood = self.synced !== undefined && self.synced.at === tail.cursor()
      self.live = tail.cursor() === cursor || stood
      // Else it waits for the tail's next read: under load it would never meet it by chance, and read the log for itself.
      self.wantsSync = !self.live
    },
  }
})

const readIds = Effect.fnUntraced(function* (
  self: OfIds,
  { limits, store, tail }: Reading,
): Effect.fn.Return<Batch, StoreUnavailable | BadCursor> {
  const { aggregate, tenant } = self
  const events: Array<StoredEvent> = []
  let bytes = 0
  const reached: Array<{ readonly id: string; readonly version: number; readonly ended: boolean }> = []
  for (const id of [...self.behind.keys()]) {
    const limit = Math.min(self.limit, limits.eventsPerFrame - events.length)
    if (limit <= 0) break
    const page = yield* store.read({ tenant, aggregate, id }, self.versions.get(id)!, limit)
    let [version, taken] = [self.versions.get(id)!, 0]
    for (const event of page) {
      if (fits(self, event)) {
        const more = bytes + bytesOf([event])
        if (!isFrame(events.length + 1, more, limits)) break
        events.push(event)
        bytes = more
      }
      version = event.version
      taken++
    }
    reached.push({ id, version, ended: taken === page.length && page.length < limit })
    if (taken < page.length) {
      self.limit = Math.max(1, taken)
      break
    }
    if (taken === self.limit) self.limit *= 2
  }
  const isLive = () =>
    reached.length === self.behind.size &&
    reached.every(({ ended, id, version }) => ended && self.behind.get(id)! <= version)
  return {
    events,
    cursor: () => isLive() ? tail.cursor() : self.cursor,
    commit: () => {
      if (isLive()) self.cursor = tail.cursor()
      for (const { ended, id, version } of reached) {
        self.versions.set(id, version)
        if (ended && self.behind.get(id)! <= version) self.behind.delete(id)
      }
    },
  }
})
