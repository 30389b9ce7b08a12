/**
 * How a law of core buses is stated: over a bus, with a tenant of its own, and a way to publish and to find.
 * @module
 */
import { Clock, Effect } from "effect"
import { CoreBus, type Shape } from "../CoreBus.ts"
import type { StoredEvent } from "../EventStore.ts"
import type { StreamKey } from "../Stream.ts"
import { eventAt, type Follow, follow, type Found } from "./buses.ts"
import { freshTenant, type Law, streamOf } from "./fixtures.ts"

/** What a bus needs so that the laws can be run on it. */
export interface Settings<R = never> {
  /** What was sent is read after so long at the latest. */
  readonly patienceMs?: number
  /** Makes the events of a stream from version 1 on, where the bus carries only what a store holds. */
  readonly stored?: (
    stream: StreamKey,
    payloads: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredEvent>, unknown, R>
  /** Splits or merges shards while records are under way. */
  readonly reshard?: Effect.Effect<void, unknown, R>
  /** Has everything forgotten that was published before. */
  readonly forget?: Effect.Effect<void, unknown, R>
}

export interface Bench {
  readonly bus: Shape
  readonly tenant: string
  readonly start: string
  readonly events: (
    id: string,
    payloads: number | ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredEvent>, unknown>
  readonly find: (
    enough: Follow["enough"],
    more?: Partial<Follow>,
  ) => Effect.Effect<ReadonlyArray<Found>, unknown>
}

export const numbered = (count: number) => Array.from({ length: count }, (_, i) => `{"n":${i + 1}}`)

/** Makes laws over a bus with these settings. */
export const lawOver = <R>(settings: Settings<R>) =>
(
  name: string,
  body: (bench: Bench) => Generator<Effect.Effect<unknown, unknown, R>, void, never>,
): Law<CoreBus | R> => ({
  name,
  law: Effect.gen(function* () {
    const [bus, tenant, context] = [yield* CoreBus, yield* freshTenant, yield* Effect.context<R>()]
    // A second before: the clock of the bus may be another one.
    const start = bus.positionAt((yield* Clock.currentTimeMillis) - 1_000)
    const events: Bench["events"] = (id, payloads) => {
      const stream = streamOf(tenant, id)
      const texts = typeof payloads === "number" ? numbered(payloads) : payloads
      return settings.stored === undefined
        ? Effect.succeed(texts.map((payload, i) => eventAt(stream, i + 1, { payload })))
        : Effect.provideContext(settings.stored(stream, texts), context)
    }
    const find: Bench["find"] = (enough, more) =>
      follow(bus, { from: start, tenant, enough, patienceMs: settings.patienceMs ?? 30_000, ...more })
    yield* Effect.gen(() => body({ bus, tenant, start, events, find }))
  }),
})
