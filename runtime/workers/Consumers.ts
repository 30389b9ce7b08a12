/**
 * Runs the consumers of an application in this process, together with whichever other processes do: on the ordered bus for
 * their core events, on queues of their own for their secondary ones.
 * @module
 */
import { Context, Effect, Layer, Random, type Scope } from "effect"
import type { Actors } from "../../core/Actors.ts"
import type { App } from "../../core/App.ts"
import { ChangeFeed } from "../../core/ChangeFeed.ts"
import type { CommandBus } from "../../core/CommandBus.ts"
import * as Consumer from "../../core/Consumer.ts"
import { CoreBus } from "../../core/CoreBus.ts"
import { DeadLetters } from "../../core/DeadLetters.ts"
import { EventStore, type StoredEvent, StoreUnavailable } from "../../core/EventStore.ts"
import * as EventWire from "../../core/EventWire.ts"
import { Leases } from "../../core/Leases.ts"
import { Limits } from "../../core/Limits.ts"
import { Progress } from "../../core/Progress.ts"
import type { Queue } from "../../core/Queue.ts"
import { SecondaryBus } from "../../core/SecondaryBus.ts"
import * as Contract from "../../schemas/Contract.ts"
import * as Attempts from "./Attempts.ts"
import * as Metrics from "./ConsumerMetrics.ts"
import * as CoreConsumer from "./CoreConsumer.ts"
import * as Drain from "./Drain.ts"
import * as Handled from "./Handled.ts"
import * as Marks from "./Marks.ts"
import { persist } from "./persist.ts"
import type { Redo, Redone, Redos } from "./Redrive.ts"
import type { Routes } from "./routes.ts"
import * as SecondaryConsumer from "./SecondaryConsumer.ts"
import * as Shards from "./Shards.ts"
import * as Start from "./Start.ts"
import { unbroken } from "./unbroken.ts"

/** What consumers need to run. */
export type Needs =
  | Actors
  | ChangeFeed
  | CommandBus
  | CoreBus
  | DeadLetters
  | EventStore
  | Leases
  | Progress
  | SecondaryBus

export interface Shape {
  /** For `Redrive.layer`: how each consumer does its dead letters again. */
  readonly redos: Redos
}

export class Consumers extends Context.Service<Consumers, Shape>()("nexus/runtime/Consumers") {
  /**
   * Runs in the background for the layer's life. Closed, it takes up nothing new, lets handlers end for at most
   * `Limits.drainMs`, keeps what they did, and gives leases and messages back.
   */
  static readonly layer = (app: App): Layer.Layer<Consumers, never, Needs> => Layer.effect(Consumers, make(app))
}

const make = Effect.fnUntraced(function* (app: App): Effect.fn.Return<Shape, never, Needs | Scope.Scope> {
  const owner = `${yield* Random.nextInt}.${yield* Random.nextInt}`
  const redos = yield* Effect.forEach(
    Object.values(app.consumers),
    (consumer) => Effect.map(one(consumer, owner), (redo) => [consumer.name, redo] as const),
  )
  return Consumers.of({ redos: new Map(redos) })
})

const notBegun = "the consumer has not begun"

const one = Effect.fnUntraced(function* (
  consumer: Consumer.Any,
  owner: string,
): Effect.fn.Return<Redo, never, Needs | Scope.Scope> {
  const [bus, feed, leases, letters, progress, secondary, store] = [
    ...[yield* CoreBus, yield* ChangeFeed, yield* Leases, yield* DeadLetters, yield* Progress] as const,
    ...[yield* SecondaryBus, yield* EventStore] as const,
  ]
  const { clocksMs, drainMs, marks: marksMax, settleMs } = yield* Limits
  const count = Metrics.make(consumer.name, yield* Effect.context<never>())
  const handled = Handled.make(
    yield* Attempts.make(consumer),
    ({ type }) => Contract.routeOf(consumer.contract, type) === "secondary",
    marksMax,
  )
  const { attempts } = handled
  const marks = yield* Marks.make(consumer.name, progress, letters)
  const { begin, drain } = yield* Drain.make(drainMs)
  /** Of a consumer that begins now, when it began; and how many shards have lost history that is not made good yet. */
  let [sinceMs, lost] = [-Infinity, 0]
  // Without the bus only the time tells, by whatever clock: rather something of the past is handed over than anything lost.
  const isPast = ({ recordedAt }: StoredEvent) => recordedAt < sinceMs - (lost > 0 ? clocksMs : 0)
  let routed: Routes["left"] = {}
  const left = () => routed
  const core = yield* CoreConsumer.make({ consumer, isPast, left, store, letters, marks, attempts, drain, count })
  const interests = SecondaryConsumer.interestsOf(consumer)
  const start: Start.Deps = {
    ...{ consumer, owner, leases, feed, bus, core },
    settleMs: interests.length === 0 ? 0 : Math.max(store.settleMs ?? 0, settleMs),
  }
  const mend = Start.mender(start, left)
  const hasCore = interests.length < consumer.events.length
  let queue: Queue | undefined

  const follow = Effect.gen(function* () {
    // In front of the walk: what is published meanwhile waits in the queue.
    const subscribed = interests.length === 0
      ? undefined
      : yield* Effect.annotateLogs(persist(secondary.subscribe(consumer.name, interests)), { consumer: consumer.name })
    queue = subscribed
    const begun = consumer.from === "now" ? yield* Start.run(start) : undefined
    if (begun !== undefined) sinceMs = begun.sinceMs
    const ofQueue = subscribed === undefined
      ? Effect.void
      : SecondaryConsumer.run({ consumer, queue: subscribed, letters, attempts, drain, count })
    const ofBus = Effect.flatMap(
      begun === undefined ? Start.run(start) : Effect.succeed(begun),
      (started) => {
        handled.end()
        routed = started.left ?? {}
        // What was sent by the ordered path still stands there.
        return hasCore || consumer.events.some((type) => routed[type] !== undefined)
          ? Shards.run({
            ...{ name: consumer.name, owner, log: bus, work: core.work },
            from: (shard) => Effect.succeed(Start.positionIn(started, shard)),
            onTrimmed: ({ isHeld }) => {
              lost++
              return Effect.ensuring(mend(isHeld), Effect.sync(() => void lost--))
            },
            bytesOf: ({ events }) => events.reduce((sum, { payload }) => sum + payload.length, 0),
          })
          : Effect.void
      },
    )
    yield* Effect.all([ofQueue, ofBus], { concurrency: "unbounded", discard: true })
  })
  const followed = unbroken("a consumer", { consumer: consumer.name }, follow)
  yield* Effect.forkScoped(Effect.provideService(followed, Leases, leases))
  // Closed before the fiber is.
  yield* Effect.addFinalizer(() => begin)

  return {
    stream: (stream) =>
      Effect.matchEffect(Start.routes(start), {
        onSuccess: (routes) =>
          routes === undefined
            ? Effect.succeed<Redone>({ _tag: "Later", reason: notBegun })
            : core.redo(stream, routes),
        onFailure: ({ reason }) => Effect.succeed<Redone>({ _tag: "Later", reason }),
      }),
    discard: (stream, version) =>
      Effect.flatMap(
        Start.routes(start),
        (routes) =>
          routes === undefined
            ? Effect.fail(new StoreUnavailable({ reason: notBegun }))
            : core.discard(stream, version, routes),
      ),
    message: (event) =>
      Effect.suspend(() =>
        queue === undefined ? Effect.succeed(false) : Effect.match(queue.send([EventWire.encode(event)]), {
          onSuccess: ([isSent]) => isSent === true,
          onFailure: () => false,
        })
      ),
  }
})
