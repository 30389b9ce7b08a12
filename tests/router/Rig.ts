/**
 * Routers over one store, feed and bus in a simulated world, for tests.
 * @module
 */
import { Clock, Context, Effect, Layer, Logger, Metric, Schema } from "effect"
import type * as Aggregate from "../../core/Aggregate.ts"
import * as App from "../../core/App.ts"
import { ChangeFeed } from "../../core/ChangeFeed.ts"
import * as ChangeFeedMemory from "../../core/ChangeFeedMemory.ts"
import { CoreBus, type CoreEvent, type Sent } from "../../core/CoreBus.ts"
import * as CoreBusMemory from "../../core/CoreBusMemory.ts"
import { DeadLetters } from "../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import { EventStore, type StoredEvent } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as EventWire from "../../core/EventWire.ts"
import type { Fate } from "../../core/Fate.ts"
import { append, stored } from "../../core/laws/fixtures.ts"
import { object, text } from "../../core/laws/schemas.ts"
import { Leases } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as Limits from "../../core/Limits.ts"
import * as PolicyEnforcerMemory from "../../core/PolicyEnforcerMemory.ts"
import { Progress } from "../../core/Progress.ts"
import * as ProgressMemory from "../../core/ProgressMemory.ts"
import { RegistryUnavailable, SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import { SecondaryBus } from "../../core/SecondaryBus.ts"
import * as SecondaryBusMemory from "../../core/SecondaryBusMemory.ts"
import type { Disorder } from "../../core/ShardLogMemory.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import * as Contract from "../../schemas/Contract.ts"
import { Event } from "../../schemas/Event.ts"
import type { Process } from "../../testing/simulation/Process.ts"
import type { World } from "../../testing/simulation/World.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Router } from "../../runtime/workers/Router.ts"
import { ended, positionOf } from "../../runtime/workers/shares.ts"
import { flaky } from "./flaky.ts"

export class Noted extends Event.v1("Noted", { of: Schema.String }) {}
export class Chatted extends Event.v1("Chatted", { of: Schema.String }).secondary {}
class Strange extends Event.v1("Strange", { of: Schema.String }) {}
const appOf = (contract: Contract.Any) => App.make("shop", { aggregates: [{ contract } as unknown as Aggregate.Any] })
export const app = appOf(class extends Contract.make("Order", { commands: [], events: [Noted, Chatted, Strange] }) {})
/** Before `Chatted` was thought of. */
const olderApp = appOf(class extends Contract.make("Order", { commands: [], events: [Noted] }) {})

export interface Options {
  readonly world: World
  readonly limits: Limits.Limits
  readonly shards?: number
  readonly disorder?: Disorder
  readonly fate?: () => Fate
  readonly isCalm?: () => boolean
  /** What the buses can never send; for the ordered one alone in its record. */
  readonly isUnsendable?: (event: StoredEvent) => boolean
  /** Of every call of the ordered bus. */
  readonly publishMs?: number
}

/** Publishes what can be sent. */
const refusing = <A>(
  items: ReadonlyArray<A>,
  isUnsendable: (item: A) => boolean,
  publish: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<Sent>>,
) =>
  Effect.map(publish(items.filter((item) => !isUnsendable(item))), (outcomes) => {
    const left = [...outcomes]
    return items.map((item): Sent => isUnsendable(item) ? { _tag: "Unsendable", reason: "too large" } : left.shift()!)
  })

/** What all processes share. */
export const make = Effect.fnUntraced(function* (options: Options) {
  const { disorder, fate, isUnsendable = () => false, isCalm = () => true, limits, publishMs = 0, shards = 1, world } =
    options
  const store = EventStoreMemory.emptyState()
  const feed = ChangeFeedMemory.emptyState(shards)
  const bus = CoreBusMemory.emptyState()
  const queues: SecondaryBusMemory.State = new Map()
  const [leases, marks]: [LeasesMemory.State, ProgressMemory.State] = [new Map(), new Map()]
  const letters: DeadLettersMemory.State = new Map()
  const logs: Array<string> = []
  const registry = yield* SchemaRegistryMemory.make()
  /** Subjects that cannot be read. */
  const known = { down: new Set<string>() }
  const asked = SchemaRegistry.of({
    ...registry,
    revisions: (subject) =>
      Effect.suspend(() =>
        known.down.has(subject)
          ? Effect.fail(new RegistryUnavailable({ retryAfterSeconds: 1, reason: "down" }))
          : registry.revisions(subject)
      ),
  })
  for (const type of ["Noted", "Chatted"]) yield* registry.register(`Order.${type}.v1`, object({ of: text! }))
  const secondary = SecondaryBusMemory.make(queues, fate === undefined ? {} : { fate })
  yield* secondary.subscribe("chat", [{ aggregate: "Order", type: "Chatted" }])
  const ownStore = yield* EventStoreMemory.make(store)

  const open = Effect.fnUntraced(function* (name: string, isOlder = false) {
    const process: Process = world.process(name)
    const own = world.random(name)
    const unsure = <S extends object>(base: S): S => flaky(base, own.next, isCalm)
    const core = yield* CoreBusMemory.make(bus, fate === undefined ? {} : { fate })
    const slow: CoreBus["Service"] = {
      ...core,
      publish: (records) =>
        Effect.andThen(
          Effect.sleep(publishMs),
          refusing(records, ({ events }) => events.some(isUnsendable), core.publish),
        ),
    }
    const ports = Layer.mergeAll(
      Layer.succeed(EventStore, unsure(ownStore)),
      Layer.succeed(ChangeFeed, ChangeFeedMemory.make(store, feed, disorder)),
      Layer.succeed(CoreBus, publishMs === 0 && options.isUnsendable === undefined ? core : slow),
      Layer.succeed(SecondaryBus, {
        ...secondary,
        publish: (events) => refusing(events, isUnsendable, secondary.publish),
      }),
      Layer.succeed(Leases, unsure(yield* LeasesMemory.make(leases))),
      Layer.succeed(Progress, unsure(ProgressMemory.make(marks))),
      Layer.succeed(DeadLetters, unsure(DeadLettersMemory.make(letters))),
      PolicyEnforcerMemory.layerDeniesNothingForTests,
      Layer.provide(CachedRegistry.layer, Layer.succeed(SchemaRegistry, asked)),
    )
    const logger = Logger.make(({ message }) => void logs.push(String(message)))
    const context = process.context.pipe(
      Context.add(Limits.Limits, limits),
      Context.add(Logger.CurrentLoggers, new Set([logger])),
      Context.add(Metric.MetricRegistry, new Map()),
    ) as Context.Context<never>
    let router: Router["Service"] | undefined
    const running = Effect.scoped(Effect.gen(function* () {
      router = Context.get(yield* Layer.build(Layer.provide(Router.layer(isOlder ? olderApp : app), ports)), Router)
      yield* Effect.never
    }))
    process.post(() => void Effect.runForkWith(context)(running))
    return { process, context, router: () => router! }
  })

  /** Stores events of these types in a stream, one command. */
  const say = Effect.fnUntraced(function* (stream: StreamKey, ...types: ReadonlyArray<string>) {
    const head = store.streams.get(keyOf(stream))?.head.version ?? 0
    const one = append(stream, head, `${stream.id}-${head}`, types.length)
    yield* Effect.orDie(stored(ownStore, {
      ...one,
      events: one.events.map((event, i) => ({ ...event, type: types[i]! })),
    }))
    ChangeFeedMemory.take(store, feed)
  })

  const markOf = (stream: StreamKey) => marks.get("router")?.get(keyOf(stream)) ?? { version: 0, core: 0 }
  const isParked = (stream: StreamKey) => [...letters.values()].some((letter) => keyOf(letter.stream) === keyOf(stream))
  /** Streams that are neither routed to their heads nor parked. */
  const behind = () =>
    [...store.streams.values()].filter(({ head, key }) => markOf(key).version < head.version && !isParked(key))
      .map(({ head, key }) => `${keyOf(key)} ${markOf(key).version}/${head.version}`)
  const drained = Effect.fnUntraced(function* (ms: number) {
    for (let waited = 0; waited < ms && behind().length > 0; waited += 250) yield* Effect.sleep(250)
    return behind()
  })

  /** What stands on the bus against its promise. */
  const wrongOnBus = (): ReadonlyArray<string> => {
    interface Seen {
      readonly texts: Map<number, string>
      readonly firsts: Array<CoreEvent>
    }
    const seen = new Map<string, Seen>()
    const wrong: Array<string> = []
    for (const { items } of bus.shards.values()) {
      for (const { record } of items) {
        const key = keyOf(record.stream)
        const own: Seen = seen.get(key) ?? { texts: new Map(), firsts: [] }
        seen.set(key, own)
        for (const event of record.events) {
          const bytes = `${event.prevCore} ${EventWire.encode(event)}`
          const before = own.texts.get(event.version)
          if (before === undefined) own.firsts.push(event)
          else if (before !== bytes) wrong.push(`${key} ${event.version} was sent with other bytes`)
          own.texts.set(event.version, bytes)
        }
      }
    }
    for (const { events, key } of store.streams.values()) {
      const parkedAt = letters.get(`router/${keyOf(key)}`)?.version ?? Infinity
      const core = events.filter(({ type, version }) => type !== "Chatted" && version < parkedAt)
      const expected = core.map(({ version }, i) => `${core[i - 1]?.version ?? 0}<${version}`)
      const found = (seen.get(keyOf(key))?.firsts ?? []).map(({ prevCore, version }) => `${prevCore}<${version}`)
      if (expected.join() !== found.join()) wrong.push(`${keyOf(key)}: wanted ${expected}, found ${found}`)
    }
    return wrong
  }
  const secondarySent = () =>
    new Set([...queues.get("chat")!.queue.messages.values()].map(({ body }) => EventWire.decode(body)!.eventId))
  const secondaryMissing = (): ReadonlyArray<StoredEvent> =>
    store.log.filter(({ eventId, type, ...event }) =>
      type === "Chatted" && !secondarySent().has(eventId) && !isParked(event)
    )

  const checked = new Map<string, number>()
  /** Checkpoints that stand behind an event that is not routed. */
  const aheadOf = (): ReadonlyArray<string> =>
    [...feed.log.shards.values()].flatMap(({ id, items, trimmed }) => {
      const checkpoint = leases.get(`router/shards/${id}`)?.checkpoint
      const upTo = checkpoint === ended ? items.length + trimmed : Number(positionOf(checkpoint) ?? 0)
      const from = Math.max(checked.get(id) ?? 0, trimmed)
      checked.set(id, Math.max(from, upTo))
      return items.slice(from - trimmed, Math.max(0, upTo - trimmed))
        .filter((event) => markOf(event).version < event.version && !isParked(event))
        .map((event) => `the checkpoint of ${id} is ahead of ${keyOf(event)} ${event.version}`)
    })
  const land = Effect.map(Clock.currentTimeMillis, (now) => CoreBusMemory.land(bus, now))
  return {
    ...{ store, feed, bus, leases, marks, letters, logs, registry, known, ownStore, open, say, drained, behind },
    ...{ wrongOnBus, secondaryMissing, aheadOf, land, markOf, isParked },
  }
})
