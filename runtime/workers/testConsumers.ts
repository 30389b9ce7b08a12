/**
 * For tests of consumers: a small contract, stores and buses in memory that processes of a simulated world share, a router
 * that is never late, and a book of what handlers did.
 * @module
 */
import { Clock, Context, Effect, Exit, Layer, Logger, Schema, Scope } from "effect"
import { Actors } from "../../core/Actors.ts"
import * as App from "../../core/App.ts"
import { ChangeFeed, type Shape as Feed } from "../../core/ChangeFeed.ts"
import { CommandBus } from "../../core/CommandBus.ts"
import * as Consumer from "../../core/Consumer.ts"
import { CoreBus, type CoreEvent } from "../../core/CoreBus.ts"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import { DeadLetters, idOf, type Shape as Letters } from "../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import { EventStore, type Shape as Store } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { append, event, stored } from "../../core/laws/fixtures.ts"
import { Leases } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as Limits from "../../core/Limits.ts"
import { Progress } from "../../core/Progress.ts"
import * as ProgressMemory from "../../core/ProgressMemory.ts"
import type * as QueueMemory from "../../core/QueueMemory.ts"
import { SecondaryBus } from "../../core/SecondaryBus.ts"
import * as SecondaryBusMemory from "../../core/SecondaryBusMemory.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import { fromFeed } from "../../core/StreamHeads.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import { Consumers } from "./Consumers.ts"
import * as DeadLetterQueue from "./DeadLetterQueue.ts"
import type { Redo } from "./Redrive.ts"

export class Opened extends Event.v1("Opened", { pounds: Schema.Int })
  .v2({ pence: Schema.Int }, ({ pounds }) => ({ pence: 100 * pounds })) {}
export class Moved extends Event.v1("Moved", {}) {}
export class Noted extends Event.v1("Noted", {}).secondary {}
export class Door extends Contract.make("Door", { commands: [], events: [Opened, Moved, Noted] }) {}
export type Type = "Opened" | "Moved" | "Noted" | "Newest"

export const limits = Limits.lowered({
  shardsPollMs: 4_000,
  marks: 30,
  handlers: 8,
  shardPage: 7,
  shardWindow: 40,
  page: 3,
  // Clocks do not differ here, where a test does not say so.
  clocksMs: 4_000,
})
export const streamOf = (id: string, tenant = "t"): StreamKey => ({ tenant, aggregate: "Door", id })

/** What is used of a process of a simulated world. */
export interface Process {
  readonly name: string
  readonly context: Context.Context<never>
  readonly post: (run: () => void) => void
  readonly kill: () => void
  readonly isAlive: () => boolean
  readonly pause: (ms: number) => void
  /** Sets its clock. */
  readonly jump: (ms: number) => void
}
export interface World {
  readonly process: (name: string) => Process
  readonly random: (purpose: string) => {
    readonly below: (bound: number) => number
    readonly chance: (part: number) => boolean
    readonly pick: <A>(items: ReadonlyArray<A>) => A
  }
  readonly run: <A, E>(process: never, effect: Effect.Effect<A, E>) => Promise<Exit.Exit<A, E>>
}

/** One call of a handler. */
export interface Call {
  readonly process: string
  readonly consumer: string
  /** `id@version`. */
  readonly at: string
  readonly about: Consumer.About
  readonly event: unknown
  isDone: boolean
}

/** What a handler does, beside what the book says of it. */
export type Handle = (call: Call) => Effect.Effect<void, unknown, Consumer.Services>

const lateBy = (store: Store, ms: number): Feed["heads"] => (cursor, limit) =>
  Effect.gen(function* () {
    const [page, now] = [yield* fromFeed(store).heads(cursor, limit), yield* Clock.currentTimeMillis]
    if (ms === 0) return page
    const items = yield* Effect.filter(page.items, ({ stream }) =>
      Effect.map(store.read(stream, 0, 1), ([first]) => first!.recordedAt <= now - ms))
    return { ...page, items }
  })

export const bench = (world: World, shards = 2) => {
  const main = world.process("main")
  const random = world.random("bench")
  const states = {
    bus: CoreBusMemory.emptyState(shards),
    secondary: new Map() as SecondaryBusMemory.State,
    leases: new Map() as LeasesMemory.State,
    progress: new Map() as ProgressMemory.State,
    letters: new Map() as DeadLettersMemory.State,
  }
  const events = EventStoreMemory.emptyState()
  const calls: Array<Call> = []
  const wrong = new Set<string>()
  const lines: Array<unknown> = []
  const running = new Set<string>()

  const consumer =
    (name: string, handle: Handle, options: Partial<Consumer.Options<typeof Door, "Opened">> = {}) =>
    (process: Process) =>
      Consumer.make(name, {
        ...{ contract: Door, from: "beginning", onError: "park" },
        ...options as object,
        handler: (event, about) =>
          Effect.suspend(() => {
            const at = `${about.id}@${about.version}`
            const key = `${process.name}/${name}/${keyOf(about)}`
            const call: Call = { ...{ process: process.name, consumer: name, at, about, event }, isDone: false }
            calls.push(call)
            if (about.type !== "Noted") {
              if (running.has(key)) wrong.add(`two events of ${key} at once`)
              running.add(key)
            }
            return Effect.ensuring(
              Effect.tap(handle(call), () => Effect.sync(() => void (call.isDone = true))),
              Effect.sync(() => running.delete(key)),
            )
          }),
      })

  /** A process that runs these consumers until it is killed or closed. */
  const open = (
    name: string,
    consumers: ReadonlyArray<(process: Process) => Consumer.Any>,
    more: {
      readonly fate?: QueueMemory.Options
      /** As this process has them. */
      readonly letters?: (letters: Letters, process: Process) => Letters
      /** It works dead letter queues off, too. */
      readonly sweeps?: boolean
      readonly hasHistory?: boolean
      /** Of these streams the store gives nothing: whoever reads them breaks. */
      readonly broken?: ReadonlyArray<string>
      readonly limits?: Limits.Limits
      /** The listing of streams lacks those that were begun so lately. */
      readonly listsLateMs?: number
    } = {},
  ) =>
    Effect.gen(function* () {
      const process = world.process(name)
      const scope = yield* Scope.make()
      let redos: ReadonlyMap<string, Redo> = new Map()
      const app = App.make("doors", { aggregates: [], consumers: consumers.map((one) => one(process)) })
      const [letters, store] = [DeadLettersMemory.make(states.letters), yield* EventStoreMemory.make(events)]
      const whole: Store["read"] = more.hasHistory === false ? () => Effect.succeed([]) : store.read
      const read: Store = {
        ...store,
        read: (stream, ...at) =>
          more.broken?.includes(stream.id) ? Effect.die(new Error("broken")) : whole(stream, ...at),
      }
      const context = process.context.pipe(
        Context.add(Limits.Limits, more.limits ?? limits),
        Context.add(EventStore, read),
        Context.add(ChangeFeed, { heads: lateBy(read, more.listsLateMs ?? 0) } as never),
        Context.add(CoreBus, yield* CoreBusMemory.make(states.bus)),
        Context.add(SecondaryBus, SecondaryBusMemory.make(states.secondary, { queues: more.fate ?? {} })),
        Context.add(Leases, yield* LeasesMemory.make(states.leases)),
        Context.add(Progress, ProgressMemory.make(states.progress)),
        Context.add(DeadLetters, more.letters?.(letters, process) ?? letters),
        Context.add(Actors, { send: () => Effect.never, state: () => Effect.succeed(undefined) }),
        Context.add(CommandBus, { send: () => Effect.void }),
        Context.add(
          Logger.CurrentLoggers,
          new Set([Logger.make((options) => void lines.push(Logger.formatStructured.log(options)))]),
        ),
      )
      const sweeper = more.sweeps === true ? DeadLetterQueue.layer(app) : Layer.empty
      const built = Effect.map(
        Scope.provide(Layer.build(Layer.merge(Consumers.layer(app), sweeper)), scope),
        (made) => {
          redos = Context.get(made, Consumers).redos
        },
      )
      process.post(() => void Effect.runForkWith(context)(built))
      return {
        process,
        kill: process.kill,
        /** As SIGTERM does it. */
        close: Effect.callback<void>((resume) => {
          process.post(() => {
            const fiber = Effect.runForkWith(context)(Scope.close(scope, Exit.void))
            fiber.addObserver(() => main.post(() => resume(Effect.void)))
          })
        }),
        redo: (consumer: string) => redos.get(consumer)!,
      }
    })

  /** The last core version of each stream. */
  const cores = new Map<string, number>()
  /** Sends what the store holds of a stream behind `after`, as a router does. */
  const route = Effect.fnUntraced(function* (stream: StreamKey, after: number) {
    const store = yield* EventStoreMemory.make(events)
    const [bus, secondary] = [yield* CoreBusMemory.make(states.bus), SecondaryBusMemory.make(states.secondary)]
    const core: Array<CoreEvent> = []
    for (const one of yield* store.read(stream, after, 1_000)) {
      if (one.type === "Noted") yield* secondary.publish([one])
      else {
        core.push({ ...one, prevCore: cores.get(keyOf(stream)) ?? 0 })
        cores.set(keyOf(stream), one.version)
      }
    }
    if (core.length > 0) yield* bus.publish([{ stream, events: core }])
    return core
  })

  const commit = Effect.fnUntraced(function* (id: string, types: ReadonlyArray<Type>) {
    const store = yield* EventStoreMemory.make(events)
    const stream = streamOf(id)
    const { version } = yield* store.head(stream)
    const one = append(stream, version, `${id}.${version}`)
    yield* stored(store, {
      ...one,
      events: types.map((type, i) =>
        event(`${id}.${version + i + 1}`, { type, payload: type === "Opened" ? `{"pounds":${version + i + 1}}` : "{}" })
      ),
    })
    return version
  })

  return {
    ...{ world, main, random, states, calls, wrong, lines, consumer, open, route, commit },
    events: Effect.map(EventStoreMemory.make(events), (store) => store),
    write: (id: string, ...types: ReadonlyArray<Type>) =>
      Effect.flatMap(commit(id, types), (version) => route(streamOf(id), version)),
    /** The router has sent it up to here, and nobody knows where it went. */
    lose: (id: string, core: number) => void cores.set(keyOf(streamOf(id)), core),
    /** Puts a record at the end of the log that does not belong there, as a zombie of a publisher does. */
    zombie: (stream: StreamKey, records: ReadonlyArray<CoreEvent>) =>
      Effect.map(Clock.currentTimeMillis, (now) => CoreBusMemory.put(states.bus, { stream, events: records }, now)),
    /** Of one consumer, in order: what its handlers were called with; or only where they came to their end. */
    called: (name: string, isDone?: boolean) =>
      calls.filter((call) => call.consumer === name && (isDone === undefined || call.isDone)).map(({ at }) => at),
    letter: (name: string, id: string, eventId?: string) => states.letters.get(idOf(name, streamOf(id), eventId)),
    mark: (name: string, id: string) => states.progress.get(name)?.get(keyOf(streamOf(id))),
    until: (isSo: () => boolean, ms = 120_000) =>
      Effect.gen(function* () {
        for (let waited = 0; waited < ms && !isSo(); waited += 50) yield* Effect.sleep(50)
        return isSo()
      }),
  }
}
export type Bench = ReturnType<typeof bench>

/** Runs a test in a world. */
export const run = async (
  world: World,
  body: (bench: Bench) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  shards?: number,
) => {
  const made = bench(world, shards)
  const whole = Effect.gen(() => body(made)).pipe(Effect.provideService(Limits.Limits, limits))
  const exit = await world.run(made.main as never, whole)
  if (exit._tag === "Failure") throw new Error(String(exit.cause))
  if (made.wrong.size > 0) throw new Error([...made.wrong].join())
}
