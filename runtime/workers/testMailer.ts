/**
 * For tests of redrives: stores in memory whose answers take a while, and a small consumer of streams, of which several
 * processes may run at once.
 * @module
 */
import { Clock, Context, Effect, Layer, Random, Scope, Semaphore } from "effect"
import { DeadLetters, idOf, type Shape as Letters } from "../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import { EventStore, type Shape as Store, type StoredEvent } from "../../core/EventStore.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import { append, stored } from "../../core/laws/fixtures.ts"
import { Leases } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as ProgressMemory from "../../core/ProgressMemory.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import { keep, traceIdOf } from "./deadLetter.ts"
import * as Redrive from "./Redrive.ts"

export const name = "mailer"
export const streamOf = (id: string): StreamKey => ({ tenant: "t", aggregate: "Order", id })
export const letterId = (id: string, eventId?: string) => idOf(name, streamOf(id), eventId)

/** Answers later, and may have done it long before. */
const slow = <A extends object>(port: A, ms: number, names: ReadonlyArray<keyof A>): A => {
  const wait = Effect.flatMap(Random.next, (part) => Effect.sleep(Math.floor(part * ms)))
  const slowed = names.map((name) => {
    const call = port[name] as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>
    return [name, (...args: ReadonlyArray<unknown>) => Effect.tap(Effect.andThen(wait, call(...args)), wait)]
  })
  return { ...port, ...Object.fromEntries(slowed) }
}

export interface World {
  readonly store: Store
  readonly letters: Letters
  readonly context: Context.Context<EventStore | DeadLetters | Leases>
  /** What handlers did, `o-1@3`, in order. */
  readonly handled: Array<string>
  /** Handlers fail on these. */
  readonly poison: Set<string>
  /** Messages that were sent again, by event id. */
  readonly sent: Array<string>
  readonly write: (id: string, count?: number) => Effect.Effect<void, unknown>
  /** A process with its worker, and what brings it the events of a stream up to a version. */
  readonly open: Effect.Effect<
    { readonly deliver: (id: string, version: number) => Effect.Effect<void> },
    never,
    Scope.Scope
  >
  readonly takes: { queue: boolean; handlerMs: number }
}

/** `ms`: how long an answer of a store takes at most, each way. */
export const make = Effect.fnUntraced(function* (ms = 0) {
  const plain = Context.get(yield* Layer.build(EventStoreMemory.layer), EventStore)
  const store = slow(plain, ms, ["read"])
  const letters = slow(DeadLettersMemory.make(), ms, ["put", "get", "parked", "asked", "resolve"])
  const progress = slow(ProgressMemory.make(), ms, ["read", "advance"])
  const leases = slow(yield* LeasesMemory.make(), ms, ["list", "take", "keep"])
  const context = Context.make(EventStore, store).pipe(Context.add(DeadLetters, letters), Context.add(Leases, leases))
  const world: World = {
    ...{ store: plain, letters, context, handled: [], poison: new Set(), sent: [] },
    takes: { queue: true, handlerMs: ms },
    write: Effect.fnUntraced(function* (id, count = 1) {
      const { version } = yield* plain.head(streamOf(id))
      yield* stored(plain, append(streamOf(id), version, `${id}.${version}`, count))
    }),
    open: Effect.suspend(() => open),
  }

  const handle = Effect.fnUntraced(function* ({ id, version }: StoredEvent) {
    yield* Effect.sleep(Math.floor((yield* Random.next) * world.takes.handlerMs))
    if (world.poison.has(`${id}@${version}`)) return false
    world.handled.push(`${id}@${version}`)
    return true
  })

  /** From the mark to `to`, or the first event that fails. */
  const workOff = Effect.fnUntraced(function* (stream: StreamKey, to: number) {
    const [mark] = yield* progress.read(name, [stream])
    let { version } = mark!
    while (version < to) {
      const events = yield* store.read(stream, version, Math.min(2, to - version))
      if (events.length === 0) break
      for (const event of events) {
        if (!(yield* handle(event))) return { _tag: "Failed", letter: yield* letterOf(event, stream) } as const
        version = event.version
        yield* progress.advance(name, [{ stream, mark: { version, core: version } }])
      }
    }
    return { _tag: "Done" } as const
  }, Effect.orDie)

  const letterOf = Effect.fnUntraced(
    function* ({ eventId, traceparent, type, version }: StoredEvent, stream: StreamKey) {
      const now = yield* Clock.currentTimeMillis
      return {
        ...{ id: idOf(name, stream), kind: "stream" as const, consumer: name, stream, version, eventId, type },
        ...{ error: "Refused", attempts: 1, firstAt: now, lastAt: now, traceId: traceIdOf(traceparent) },
      }
    },
  )

  const open = Effect.gen(function* () {
    const lanes = new Map<string, Semaphore.Semaphore>()
    const inTurn = (stream: StreamKey) => {
      const lane = lanes.get(keyOf(stream)) ?? Semaphore.makeUnsafe(1)
      lanes.set(keyOf(stream), lane)
      return lane.withPermits(1)
    }
    const redo: Redrive.Redo = {
      stream: (stream) => inTurn(stream)(workOff(stream, Infinity)),
      discard: (stream, version) =>
        inTurn(stream)(
          Effect.gen(function* () {
            const [mark] = yield* progress.read(name, [stream])
            if (mark!.version !== version - 1) return false
            yield* progress.advance(name, [{ stream, mark: { version, core: version } }])
            return true
          }).pipe(Effect.orDie),
        ),
      message: ({ eventId }) => Effect.sync(() => world.takes.queue && world.sent.push(eventId) > 0),
    }
    const layer = Redrive.layer(Effect.succeed(new Map([[name, redo]])))
    yield* Effect.provideContext(Layer.build(layer), context)
    return {
      deliver: (id: string, version: number) => {
        const stream = streamOf(id)
        return Effect.gen(function* () {
          if ((yield* letters.parked(name, [stream])).size > 0) return
          const redone = yield* workOff(stream, version)
          if (redone._tag === "Failed") yield* keep(letters, redone.letter)
        }).pipe(inTurn(stream), Effect.orDie)
      },
    }
  })
  return world
})
