/**
 * Buses, feed, leases, marks and dead letters as one process sees them: models behind faults, each call done in one go, its
 * answer a task of its own.
 * @module
 */
import { Effect, Fiber } from "effect"
import type { Shape as Feed } from "../../../core/ChangeFeed.ts"
import * as ChangeFeedMemory from "../../../core/ChangeFeedMemory.ts"
import type { Shape as CoreBus } from "../../../core/CoreBus.ts"
import * as CoreBusMemory from "../../../core/CoreBusMemory.ts"
import type { Shape as Letters } from "../../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../../core/DeadLettersMemory.ts"
import { type Shape as Store, StoreUnavailable } from "../../../core/EventStore.ts"
import type { Fate } from "../../../core/Fate.ts"
import type { Shape as Leases } from "../../../core/Leases.ts"
import * as LeasesMemory from "../../../core/LeasesMemory.ts"
import type { Shape as Progress } from "../../../core/Progress.ts"
import * as ProgressMemory from "../../../core/ProgressMemory.ts"
import { type Queue, QueueUnavailable } from "../../../core/Queue.ts"
import * as QueueMemory from "../../../core/QueueMemory.ts"
import type { Shape as SecondaryBus } from "../../../core/SecondaryBus.ts"
import * as SecondaryBusMemory from "../../../core/SecondaryBusMemory.ts"
import { LogUnavailable, type ShardLog } from "../../../core/ShardLog.ts"
import { keyOf } from "../../../core/Stream.ts"
import type * as Waiters from "../../../core/Waiters.ts"
import type { Faults, Kind } from "../Faults.ts"
import type { Process } from "../Process.ts"
import type { Violation } from "../run.ts"
import * as storeModel from "../storeModel.ts"
import type { World } from "../World.ts"
import type { Book } from "./Book.ts"
import type { Roads } from "./Roads.ts"
import type { Spoils } from "./spoils.ts"

/** All that router and consumers are given; a planted bug puts something between. */
export interface Ports {
  readonly store: Store
  readonly feed: Feed
  readonly core: CoreBus
  readonly secondary: SecondaryBus
  readonly commands: Queue
  readonly leases: Leases
  readonly progress: Progress
  readonly letters: Letters
}

export interface Setting {
  readonly world: World
  readonly faults: Faults
  readonly roads: Roads
  readonly book: Book
  readonly spoils: Pick<Spoils, "bodies">
  /** Where calls travel whose sender may be gone; it never dies. */
  readonly network: Process
  /** Who stores what travels; it never dies, and its clock may be wrong. */
  readonly writer: Process
  readonly commits: Array<storeModel.Commit>
  /** What was seen to be wrong. */
  readonly seen: Array<Violation>
}

/** Small ones, so that batches are cut. */
const recordMax = { events: 3, bytes: 64 * 1024 }
const flightMaxMs = 20_000
const staleMaxMs = 5_000
/** Calls are many: most of them must succeed for anything to move. */
const rare = 0.05

export const make = Effect.fnUntraced(function* (setting: Setting, process: Process) {
  const { book, commits, faults, network, roads, spoils, world } = setting
  const who = process.name
  const call = <A, E>(effect: Effect.Effect<A, E>) => storeModel.call(process, effect, book.look)
  /** Of an engine elsewhere, by its own clock. */
  const callAway = <A, E>(effect: Effect.Effect<A, E>) => call(Effect.provideContext(effect, network.atomic))
  /**
   * One that waits at the other end, by the clock there. Somebody killed or paused is not woken by what comes; a message
   * that was received for it stays hidden for its time.
   */
  const longCall = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.callback((resume) => {
      const asked = Effect.runForkWith(network.context)(effect)
      asked.addObserver((exit) => process.post(() => resume(exit)))
      return Fiber.interrupt(asked)
    })

  /** Until somebody wakes who waits there, or so long. */
  const waiting = (waiters: Waiters.Waiters) => (ms: number): Effect.Effect<void> =>
    Effect.callback((resume) => {
      const go = () => {
        if (waiters.delete(go)) process.post(() => resume(Effect.void))
      }
      waiters.add(go)
      network.later(ms, go)
      return Effect.sync(() => waiters.delete(go))
    })

  /** Refused, or done and the answer lost. */
  const unsure = <A, E, F>(
    refused: Kind,
    lost: Kind,
    effect: Effect.Effect<A, E>,
    error: F,
    done: () => void = () => {},
  ): Effect.Effect<A, E | F> =>
    Effect.suspend(() => {
      if (faults.strikes(refused, who, rare)) return Effect.fail(error)
      const asked = call(Effect.tap(effect, () => Effect.sync(done)))
      return faults.strikes(lost, who, rare) ? Effect.andThen(asked, Effect.fail(error)) : asked
    })
  const unavailable = new StoreUnavailable({ reason: "refused" })

  const log = <A>(base: ShardLog<A>, waiters: Waiters.Waiters): ShardLog<A> => {
    const refusal = Effect.suspend(() =>
      faults.strikes("log-refused", who, rare) ? Effect.fail(new LogUnavailable({ reason: "refused" })) : Effect.void
    )
    return {
      shards: Effect.andThen(refusal, callAway(base.shards)),
      read: (shard, after, limit) => Effect.andThen(refusal, callAway(base.read(shard, after, limit))),
      wait: waiting(waiters),
    }
  }

  const feed = ChangeFeedMemory.make(roads.state, roads.feed)
  /** Streams that were begun some seconds ago are missing. */
  const heads: Feed["heads"] = (cursor, limit) =>
    Effect.map(call(feed.heads(cursor, limit)), (page) => {
      if (!faults.strikes("heads-stale", who)) return page
      const until = world.now() - faults.amount(staleMaxMs)
      const items = page.items.filter(({ stream }) => (roads.begun.get(keyOf(stream)) ?? Infinity) <= until)
      return { ...page, items }
    })

  const fateOfRecord = (): Fate =>
    faults.strikes("put-refused", who)
      ? "refused"
      : faults.strikes("put-lost", who)
      ? "lost"
      : faults.strikes("put-twice", who)
      ? "twice"
      : faults.strikes("put-zombie", who)
      ? "late"
      : "done"
  const bus = yield* CoreBusMemory.make(roads.bus, { fate: fateOfRecord, recordMax })
  const publish: CoreBus["publish"] = (records) =>
    Effect.suspend(() => {
      if (!faults.strikes("put-travels", who)) return callAway(bus.publish(records))
      const ms = faults.amount(flightMaxMs)
      return Effect.callback((resume) =>
        network.later(ms, () =>
          Effect.runForkWith(network.context)(bus.publish(records)).addObserver((exit) => {
            book.look()
            process.post(() => resume(exit))
          }))
      )
    })

  const fateOf = (refused: Kind, lost: Kind, twice: Kind, chance?: number) => (): Fate =>
    faults.strikes(refused, who, chance)
      ? "refused"
      : faults.strikes(lost, who, chance)
      ? "lost"
      : faults.strikes(twice, who, chance)
      ? "twice"
      : "done"
  const fateOfMessage = (act: QueueMemory.Act): Fate => {
    if (act === "bury") return faults.strikes("letters-queue-refuses", who, 0.6) ? "refused" : "done"
    if (faults.strikes("queue-refused", who, rare)) return "refused"
    if (act === "receive" && faults.strikes("queue-twice", who)) return "twice"
    return act !== "receive" && faults.strikes("queue-lost", who, rare) ? "lost" : "done"
  }
  const queued = (base: Queue): Queue => ({
    ...base,
    dead: base.dead && { ...base.dead, receive: (max, options) => longCall(base.dead!.receive(max, options)) },
    receive: (max, options) => longCall(base.receive(max, options)),
    send: (bodies) =>
      Effect.suspend(() =>
        faults.strikes("queue-refused", who, rare)
          ? Effect.fail(new QueueUnavailable({ reason: "refused" }))
          : callAway(base.send(bodies))
      ),
    remove: (some) => callAway(base.remove(some)),
    hide: (some, ms) => callAway(base.hide(some, ms)),
  })
  const topic = SecondaryBusMemory.make(roads.queues, {
    fate: fateOf("topic-refused", "topic-lost", "topic-twice"),
    queues: { fate: fateOfMessage },
    bodies: spoils.bodies,
  })
  const leases = yield* LeasesMemory.make(roads.leases)
  const marks = ProgressMemory.make(roads.marks)
  const letters = DeadLettersMemory.make(roads.letters)
  const ofLease = <A, E>(effect: Effect.Effect<A, E>, done?: () => void) =>
    unsure("lease-refused", "lease-lost", effect, unavailable, done)
  const ofMark = <A, E>(effect: Effect.Effect<A, E>, done?: () => void) =>
    unsure("mark-refused", "mark-lost", effect, unavailable, done)
  const ofLetter = <A, E>(effect: Effect.Effect<A, E>) => unsure("letters-refuse", "letters-lost", effect, unavailable)

  const ports: Ports = {
    store: storeModel.make(
      world,
      process,
      network,
      roads.store,
      faults,
      commits,
      Number.MAX_SAFE_INTEGER,
      setting.seen,
    ),
    feed: { ...log(feed, new Set()), heads },
    core: { ...bus, ...log(bus, roads.bus.waiting), publish },
    secondary: {
      ...topic,
      publish: (events) => callAway(topic.publish(events)),
      subscribe: (consumer, interests) => Effect.map(topic.subscribe(consumer, interests), queued),
    },
    commands: queued(yield* QueueMemory.make(roads.commands, { fate: fateOfMessage })),
    leases: {
      list: (prefix) => ofLease(leases.list(prefix)),
      take: (name, owner, before) =>
        ofLease(
          Effect.tap(leases.take(name, owner, before), (lease) =>
            Effect.sync(() => lease !== undefined && book.took(name))),
        ),
      keep: (lease, checkpoint) => ofLease(leases.keep(lease, checkpoint), () => book.kept(lease.name)),
      release: (lease) => ofLease(leases.release(lease)),
      remove: (lease) => ofLease(leases.remove(lease)),
    },
    progress: {
      read: (consumer, streams) => ofMark(marks.read(consumer, streams)),
      advance: (consumer, raised) => ofMark(marks.advance(consumer, raised), () => book.marked(consumer)),
    },
    letters: {
      put: (letter) => ofLetter(letters.put(letter)),
      get: (tenant, id) => ofLetter(letters.get(tenant, id)),
      list: (tenant, filter, cursor, limit) => ofLetter(letters.list(tenant, filter, cursor, limit)),
      parked: (consumer, streams) => ofLetter(letters.parked(consumer, streams)),
      ask: (...question) => ofLetter(letters.ask(...question)),
      asked: (consumer, limit) => ofLetter(letters.asked(consumer, limit)),
      resolve: (letter) => ofLetter(letters.resolve(letter)),
    },
  }
  return ports
})
