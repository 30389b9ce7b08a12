/**
 * Events in DynamoDB and where they are to arrive: what routers are run over in tests of real engines.
 * @module
 */
import { Clock, Context, Effect, Layer, Logger, type LogLevel, References, type Scope } from "effect"
import { CoreBus, type CoreEvent, type CoreRecord } from "../../core/CoreBus.ts"
import { DeadLetters } from "../../core/DeadLetters.ts"
import { EventStore } from "../../core/EventStore.ts"
import * as EventWire from "../../core/EventWire.ts"
import { append, event } from "../../core/laws/fixtures.ts"
import { object, text } from "../../core/laws/schemas.ts"
import * as Limits from "../../core/Limits.ts"
import * as PolicyEnforcerMemory from "../../core/PolicyEnforcerMemory.ts"
import { Progress } from "../../core/Progress.ts"
import { SchemaRegistry } from "../../core/SchemaRegistry.ts"
import * as SecondaryBusMemory from "../../core/SecondaryBusMemory.ts"
import { type Head, keyOf, type StreamKey } from "../../core/Stream.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { settingsOf } from "../../runtime/adapters/dynamodb/testStore.ts"
import * as Kinesis from "../../runtime/adapters/kinesis/Kinesis.ts"
import { local } from "../../runtime/adapters/kinesis/testStream.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Router } from "../../runtime/workers/Router.ts"
import { app } from "../router/Rig.ts"

/** Where the engines are, and under which names all processes find their tables and streams. */
export interface Place {
  readonly dynamodb: string
  readonly kinesis: string
  readonly prefix: string
}

/** Short, so that a death is noticed soon; patient with engines on a machine at work. */
const limits = {
  ...Limits.defaults,
  ...{ callAttemptMs: 20_000, callMs: 40_000, leaseMs: 3_000, shardsPollMs: 500, shardPollMs: 50, sweepMs: 250 },
  reconcileMs: 3_000,
}

/** The ports over both engines. */
export const ports = ({ dynamodb, kinesis, prefix }: Place, level: LogLevel.LogLevel = "Error") =>
  Layer.mergeAll(
    Layer.provideMerge(CachedRegistry.layer, DynamoDB.layer(settingsOf(dynamodb, { prefix }))),
    Kinesis.layer({ ...local(kinesis), prefix }),
    SecondaryBusMemory.layer,
    PolicyEnforcerMemory.layerDeniesNothingForTests,
  ).pipe(
    Layer.provideMerge(Layer.succeed(Limits.Limits, limits)),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, level)),
    Layer.provideMerge(Logger.layer([Logger.consolePretty()])),
  )

/** A router that runs until its scope closes. */
export const router = (place: Place) =>
  Layer.build(Layer.provide(Layer.fresh(Router.layer(app)), Layer.fresh(ports(place))))

/** What tests do in `Place`. */
export interface Ground {
  readonly place: Place
  readonly context: Context.Context<Layer.Success<ReturnType<typeof ports>>>
  readonly heads: ReadonlyMap<string, { readonly stream: StreamKey; readonly head: Head }>
  /** Stores events of these streams, one command each. */
  readonly say: (ids: ReadonlyArray<string>, count?: number) => Effect.Effect<void, unknown>
  /** Streams that are not routed up to their heads. */
  readonly behind: Effect.Effect<ReadonlyArray<string>, unknown>
  /** All that stands on the bus, in order for each shard, parents before children. */
  readonly records: Effect.Effect<ReadonlyArray<CoreRecord>, unknown>
}

export const make = Effect.fnUntraced(function* (place: Place): Effect.fn.Return<Ground, unknown, Scope.Scope> {
  const context = yield* Layer.build(Layer.fresh(ports(place)))
  const store = Context.get(context, EventStore)
  yield* Context.get(context, SchemaRegistry).register("Order.Noted.v1", object({ of: text! }))
  const heads = new Map<string, { readonly stream: StreamKey; readonly head: Head }>()
  const say = Effect.fnUntraced(function* (ids: ReadonlyArray<string>, count = 1) {
    const group = ids.map((id) => {
      const stream: StreamKey = { tenant: "t", aggregate: "Order", id }
      const head = heads.get(keyOf(stream))?.head
      const one = append(stream, head?.version ?? 0, `${id}.${head?.version ?? 0}`, 0)
      const events = Array.from({ length: count }, (_, i) => event(`${id}.${one.expected.version + i + 1}`))
      return { ...one, expected: head ?? one.expected, events }
    })
    const outcomes = yield* store.commit(group)
    for (const [i, outcome] of outcomes.entries()) {
      const { stream } = group[i]!
      if (outcome._tag !== "Committed") return yield* Effect.die(new Error(`${keyOf(stream)}: ${outcome._tag}`))
      heads.set(keyOf(stream), { stream, head: outcome.head })
    }
  })
  const progress = Context.get(context, Progress)
  const behind = Effect.gen(function* () {
    const all = [...heads.values()]
    const marks = yield* progress.read("router", all.map(({ stream }) => stream))
    return all.flatMap(({ head, stream }, i) =>
      marks[i]!.version < head.version ? [`${keyOf(stream)} ${marks[i]!.version}/${head.version}`] : []
    )
  })
  const bus = Context.get(context, CoreBus)
  const records = Effect.gen(function* () {
    const shards = yield* bus.shards
    const known = new Set(shards.map(({ id }) => id))
    const [done, found] = [new Set<string>(), Array<CoreRecord>()]
    while (done.size < shards.length) {
      const ready = shards.filter(({ id, parents }) =>
        !done.has(id) && parents.every((parent) => !known.has(parent) || done.has(parent))
      )
      for (const { id } of ready) {
        let after: string | undefined
        // The engine says how far an empty batch is behind the end: a few in a row are the end.
        for (let empty = 0; empty < 3;) {
          const batch = yield* bus.read(id, after, 1_000)
          after = batch.next
          found.push(...batch.items.map(({ value }) => value))
          empty = batch.items.length > 0 ? 0 : empty + 1
          if (batch.isEnd) break
        }
        done.add(id)
      }
    }
    return found
  })
  return { place, context, heads, say, behind, records }
})

/** Stores `perSecond` events in `streams` streams until it is interrupted; what a slow engine has not taken comes later. */
export const keepSaying = Effect.fnUntraced(function* (
  ground: Ground,
  streams: number,
  perSecond: number,
  random: () => number,
  load: { said: number },
) {
  const from = yield* Clock.currentTimeMillis
  while (true) {
    const due = ((yield* Clock.currentTimeMillis) - from) * perSecond / 1_000
    const ids = new Set<string>()
    while (load.said + ids.size < due && ids.size < streams) ids.add(`s-${Math.floor(random() * streams)}`)
    if (ids.size > 0) yield* Effect.uninterruptible(ground.say([...ids]))
    load.said += ids.size
    yield* Effect.sleep("20 millis")
  }
})

/** How long it takes until nothing is behind; dies where that is longer. */
export const drained = Effect.fnUntraced(function* ({ behind }: Ground, msMax: number) {
  const from = yield* Clock.currentTimeMillis
  for (;;) {
    const left = yield* behind
    const ms = (yield* Clock.currentTimeMillis) - from
    if (left.length === 0) return ms
    if (ms > msMax) return yield* Effect.die(new Error(`after ${ms} ms still behind: ${left.join()}`))
    yield* Effect.sleep("100 millis")
  }
})

/** What the bus holds against its promise: every event of every stream once in order, repeats in the same bytes. */
export const wrongOn = (records: ReadonlyArray<CoreRecord>, heads: Ground["heads"]) => {
  interface Seen {
    readonly texts: Map<number, string>
    readonly firsts: Array<CoreEvent>
  }
  const seen = new Map<string, Seen>()
  const wrong: Array<string> = []
  let repeats = 0
  for (const { events, stream } of records) {
    const key = keyOf(stream)
    const own: Seen = seen.get(key) ?? { texts: new Map(), firsts: [] }
    seen.set(key, own)
    for (const event of events) {
      const bytes = `${event.prevCore} ${EventWire.encode(event)}`
      const before = own.texts.get(event.version)
      if (before === undefined) own.firsts.push(event)
      else {
        repeats++
        if (before !== bytes) wrong.push(`${key} ${event.version} was sent with other bytes`)
      }
      own.texts.set(event.version, bytes)
    }
  }
  for (const [key, { head: { version } }] of heads) {
    const wanted = Array.from({ length: version }, (_, i) => `${i}<${i + 1}`)
    const found = (seen.get(key)?.firsts ?? []).map(({ prevCore, version }) => `${prevCore}<${version}`)
    const at = wanted.findIndex((one, i) => found[i] !== one)
    if (at >= 0 || found.length > wanted.length) wrong.push(`${key}: wanted ${wanted[at]} at ${at}, found ${found[at]}`)
  }
  return { wrong, repeats }
}

/** Streams that the router has given up. */
export const parked = ({ context }: Ground) =>
  Effect.map(Context.get(context, DeadLetters).list("t", {}, undefined, 9), ({ items }) => items)
