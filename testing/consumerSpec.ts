/**
 * Given what is stored, when these events come, then the consumer's handler did this: without a server, a bus or a wait.
 *
 * The handler is run as in production: each event encoded and decoded by its contract, as `consumer:<name>` with its
 * scopes, within `Limits.handlerMs`, tried again as `onError` says. Time is virtual and begins with 2026.
 * @module
 */
import { Cause, Context, Effect, Exit, Layer, Logger, Option, Scope } from "effect"
import { Actors } from "../core/Actors.ts"
import type * as Aggregate from "../core/Aggregate.ts"
import * as App from "../core/App.ts"
import { type BusCommand, CommandBus, CommandNotSent, type Shape as Bus } from "../core/CommandBus.ts"
import type * as Consumer from "../core/Consumer.ts"
import { EventStore, type Shape as Store, type StoredEvent } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import { canonical } from "../core/Fingerprint.ts"
import * as Ids from "../core/Ids.ts"
import { append, event, stored } from "../core/laws/fixtures.ts"
import { mayCommand } from "../core/Principal.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import { keyOf } from "../core/Stream.ts"
import { ActorHost } from "../runtime/ActorHost.ts"
import { Gate } from "../runtime/Gate.ts"
import { TickTrigger } from "../runtime/TickTrigger.ts"
import * as Attempts from "../runtime/workers/Attempts.ts"
import * as Contract from "../schemas/Contract.ts"
import type { Instance } from "../schemas/Fields.ts"
import { encoded } from "./spec.ts"
import * as VirtualTime from "./virtualTime.ts"

/** What became of one event. */
export interface HandedOver {
  readonly id: string
  readonly type: string
  /**
   * `parked`: a dead letter. `waiting`: a core event behind one of its stream, or, with `retry`, one that still fails when
   * the time is over.
   */
  readonly outcome: "handled" | "parked" | "skipped" | "waiting"
  /** How often it was tried, repeats on demand included. */
  readonly attempts: number
  /** Why it was not handled: the tag of the failure, or the name of what was thrown. */
  readonly error?: string
}

/** A command that was sent by the `CommandBus`, however often. */
export interface SentCommand {
  readonly aggregate: string
  readonly id: string
  readonly command: string
  /** JSON, as over the wire. */
  readonly payload: unknown
}

export interface ConsumerReport {
  /** One for each event of `when`, in its order. */
  readonly events: ReadonlyArray<HandedOver>
  /** Each once, in the order in which they were sent first. */
  readonly commands: ReadonlyArray<SentCommand>
  /** A line for each failed attempt: the event, which attempt, and where in the code. */
  readonly failures: ReadonlyArray<string>
  /** Virtual milliseconds that all of it took. */
  readonly tookMs: number
}

export interface RunOptions {
  /** Hands every event over once more when it is done, as where a process died before that was kept. */
  readonly twice?: boolean
  /** With `retry` an event is waited for so long in virtual time: 10 minutes unless given. */
  readonly retryMs?: number
}

export interface ConsumerSpec<E> {
  /**
   * What is stored of an instance before. `Actors` knows the aggregates that are named here, and decides commands to them;
   * commands to others are only recorded.
   */
  readonly given: <C extends Contract.Any, S>(
    aggregate: Aggregate.Aggregate<C, S>,
    id: string,
    ...events: ReadonlyArray<Contract.EventOf<C>>
  ) => ConsumerSpec<E>
  /** Events of the instance `id` that come now, one after the other; called again, it adds. */
  readonly when: (id: string, ...events: ReadonlyArray<E>) => ConsumerSpec<E>
  /** Rejects with `SpecMismatch` where an event does not fit its schema; whatever the handler does is in the report. */
  readonly run: (options?: RunOptions) => Promise<ConsumerReport>
}

interface Stored {
  readonly contract: Contract.Any
  readonly id: string
  readonly event: { readonly _tag: string }
}

interface Story {
  readonly aggregates: ReadonlyArray<Aggregate.Any>
  readonly given: ReadonlyArray<Stored>
  readonly when: ReadonlyArray<Stored>
}

const tenant = "tenant"
const retryMsUnlessGiven = 10 * 60_000

/** Specifies a consumer: `consumerSpec(paid).when("o-1", new PaymentTaken({ … })).run()`. */
export const consumerSpec = <C extends Contract.Any, T extends Consumer.EventTag<C>>(
  consumer: Consumer.Consumer<C, T>,
): ConsumerSpec<Instance<C["events"][T]>> => told(consumer, { aggregates: [], given: [], when: [] })

const told = <E extends { readonly _tag: string }>(consumer: Consumer.Any, story: Story): ConsumerSpec<E> => ({
  given: (aggregate, id, ...events) =>
    told(consumer, {
      ...story,
      aggregates: [
        ...story.aggregates.filter((other) => other !== aggregate as Aggregate.Any),
        aggregate as Aggregate.Any,
      ],
      given: [...story.given, ...events.map((event) => ({ contract: aggregate.contract, id, event }))],
    }),
  when: (id, ...events) =>
    told(consumer, {
      ...story,
      when: [...story.when, ...events.map((event) => ({ contract: consumer.contract, id, event }))],
    }),
  run: (options = {}) => run(consumer, story, options),
})

const run = async (consumer: Consumer.Any, story: Story, options: RunOptions): Promise<ConsumerReport> => {
  const time = VirtualTime.make()
  let outside = 0
  const watched: Consumer.Any = {
    ...consumer,
    handler: (event, about) =>
      Effect.suspend(() => {
        outside++
        return Effect.ensuring(
          Effect.suspend(() => consumer.handler(event, about)),
          Effect.sync(() => void outside--),
        )
      }),
  }
  const exit = await time.run(Effect.scoped(all(time, watched, story, options)), () => outside > 0)
  if (Exit.isSuccess(exit)) return { ...exit.value, tookMs: Math.round(time.now()) }
  throw Cause.squash(exit.cause)
}

const silent = new Set<Logger.Logger<unknown, void>>()

const all = Effect.fnUntraced(function* (
  time: VirtualTime.VirtualTime,
  consumer: Consumer.Any,
  { aggregates, given, when }: Story,
  { retryMs = retryMsUnlessGiven, twice = false }: RunOptions,
) {
  const store = yield* EventStoreMemory.make()
  const actors = yield* actorsOf(time, store, aggregates)
  const sent = new Map<string, BusCommand>()
  const context = Context.make(Actors, actors).pipe(
    Context.add(CommandBus, yield* busOf(actors, new Set(aggregates.map(({ contract }) => contract.aggregate)), sent)),
    Context.add(Logger.CurrentLoggers, silent),
  )
  const failures: Array<string> = []
  const attempts = yield* Effect.provideContext(Attempts.make(consumer), context)
  for (const one of given) yield* put(store, one)
  const events: Array<HandedOver> = []
  const parked = new Set<string>()
  for (const one of when) {
    const event = yield* put(store, one)
    const { id, type } = event
    const isCore = Contract.routeOf(consumer.contract, type) === "core"
    if (isCore && parked.has(id)) {
      events.push({ id, type, outcome: "waiting", attempts: 0 })
      continue
    }
    const handed = yield* Effect.provideContext(
      handOver(consumer, attempts, event, failures, { retryMs, twice }),
      context,
    )
    if (isCore && (handed.outcome === "parked" || handed.outcome === "waiting")) parked.add(id)
    events.push(handed)
  }
  const commands = [...sent.values()].map(({ aggregate, command, id, payload }) => ({
    aggregate,
    id,
    command,
    payload,
  }))
  return { events, commands, failures }
})

/** By the error policy; a queue gives a secondary event as often, and as late, as a handler is tried. */
const handOver = Effect.fnUntraced(function* (
  consumer: Consumer.Any,
  attempts: Attempts.Attempts,
  event: StoredEvent,
  failures: Array<string>,
  { retryMs, twice }: Required<RunOptions>,
): Effect.fn.Return<HandedOver> {
  let [tried, repeats, error] = [0, twice ? 1 : 0, ""]
  const attempt = (number: number): Effect.Effect<Attempts.Once> =>
    Effect.flatMap(attempts.once(event, number), (once) => {
      tried++
      if (once._tag === "Done" && repeats-- > 0) return attempt(number)
      if (once._tag === "Failed") {
        error = once.error
        failures.push(`${event.type} ${event.id}@${event.version}, attempt ${tried}: ${error}`)
      }
      return Effect.succeed(once)
    })
  const patient = consumer.onError === "retry"
  const tries = attempts.run(attempt, { patient, waits: true })
  const ended = patient ? yield* Effect.timeoutOption(tries, retryMs) : Option.some(yield* tries)
  const outcome = Option.isNone(ended)
    ? "waiting"
    : ended.value._tag === "Done"
    ? "handled"
    : consumer.onError === "skip"
    ? "skipped"
    : "parked"
  const { id, type } = event
  return { id, type, outcome, attempts: tried, ...outcome === "handled" ? {} : { error: error.split(" at ")[0]! } }
})

/** The actors of the named aggregates, as a host has them; what they wait for is nothing real. */
const actorsOf = Effect.fnUntraced(function* (
  { inner }: VirtualTime.VirtualTime,
  store: Store,
  aggregates: ReadonlyArray<Aggregate.Any>,
) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const layer = ActorHost.layer(App.make("spec", { aggregates })).pipe(
    Layer.provide([
      Layer.succeed(EventStore, store),
      SnapshotStoreMemory.layer,
      TickTrigger.layerImmediate,
      Gate.layerOpen,
    ]),
  )
  const built = yield* Effect.provideContext(Layer.buildWithScope(layer, scope), inner.context)
  return Context.get(built, Actors)
})

/** Says no as actors do where scopes are missing, or another payload comes under an id that was used. */
const busOf = (
  actors: Actors["Service"],
  known: ReadonlySet<string>,
  sent: Map<string, BusCommand>,
): Effect.Effect<Bus> =>
  Effect.map(
    Effect.provide(Effect.service(CommandBus), Layer.provide(CommandBus.layerActors, Layer.succeed(Actors, actors))),
    ({ send }) => ({
      send: (command) =>
        Effect.suspend(() => {
          const { aggregate, commandId, payload, principal } = command
          const before = sent.get(commandId)
          const refused = (reason: string) => Effect.fail(new CommandNotSent({ commandId, reason }))
          if (!mayCommand(principal, aggregate)) return refused("Forbidden")
          if (before !== undefined && canonical(before.payload) !== canonical(payload)) return refused("KeyReused")
          if (before === undefined) sent.set(commandId, command)
          return known.has(aggregate) ? send(command) : Effect.void
        }),
    }),
  )

/** Stores one event behind what the stream holds, and reads it back. */
const put = Effect.fnUntraced(function* (store: Store, one: Stored): Effect.fn.Return<StoredEvent, unknown> {
  const stream = { tenant, aggregate: one.contract.aggregate, id: one.id }
  const { version } = yield* store.head(stream)
  const { payload, schemaVersion, type } = yield* Effect.try({
    try: () => encoded(one.contract, one.event),
    catch: (error) => error,
  })
  const eventId = Ids.ofCommand(stream, "given", version + 1)
  yield* stored(store, {
    ...append(stream, version, `given ${keyOf(stream)}@${version + 1}`),
    events: [event(eventId, { type, schemaVersion, payload: JSON.stringify(payload) })],
  })
  const [read] = yield* store.read(stream, version, 1)
  return read!
})
