import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { CoreBus, type CoreEvent, type Shape as Bus } from "../core/CoreBus.ts"
import * as CoreBusMemory from "../core/CoreBusMemory.ts"
import { EventStore, type Shape as Store, type StoredEvent } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import { chained, eventAt, publish, recordsOf } from "../core/laws/buses.ts"
import { streamOf } from "../core/laws/fixtures.ts"
import * as Limits from "../core/Limits.ts"
import { LogUnavailable } from "../core/ShardLog.ts"
import * as Rig from "../tests/stream/Rig.ts"
import * as BusTail from "./BusTail.ts"
import type { Tail } from "./Tail.ts"

const settleMs = 4_000
const limits = { tailSweepMs: 1_000, settleMs: 500, tailBusMs: 200, recentMs: 20_000 }

interface Line {
  isDown: boolean
  /** Of streams of the store. */
  reads: number
}

/** A store whose listing by time lags, as one in shards does. */
const settling = (line: Line) => (store: Store): Store => ({
  ...store,
  read: (...args) => Effect.suspend(() => (line.reads++, store.read(...args))),
  settleMs,
  byTime: (range) =>
    Effect.clockWith((clock) =>
      store.byTime({ ...range, to: Math.min(range.to, clock.currentTimeMillisUnsafe() - settleMs) })
    ),
})

/** Shards come in no order, here in the worst; and a bus may be down for a while. */
const worst = (bus: Bus, line: Line): Bus => ({
  ...bus,
  shards: Effect.map(bus.shards, (shards) => shards.toReversed()),
  read: (...args) =>
    Effect.suspend(() => line.isDown ? Effect.fail(new LogUnavailable({ reason: "test" })) : bus.read(...args)),
})

interface World {
  readonly rig: Effect.Success<typeof Rig.open>
  readonly bus: Bus
  readonly state: CoreBusMemory.State
  readonly line: Line
  /** Publishes the core events that were stored since, as a router does; those of even versions are secondary. */
  readonly route: Effect.Effect<void, unknown>
}

const tailed = (
  body: (world: World) => Effect.Effect<void, unknown, EventStore | Tail>,
  some: Partial<Limits.Limits> = {},
) =>
() => {
  const [state, line] = [CoreBusMemory.emptyState(2), { isDown: false, reads: 0 }]
  const layer = BusTail.layer.pipe(
    Layer.provideMerge(Layer.effect(EventStore, Effect.map(Effect.suspend(EventStoreMemory.make), settling(line)))),
    Layer.provideMerge(Layer.effect(CoreBus, Effect.map(CoreBusMemory.make(state), (bus) => worst(bus, line)))),
    Layer.provideMerge(Layer.succeed(Limits.Limits, Limits.lowered({ ...limits, ...some }))),
  )
  return Effect.gen(function* () {
    const [rig, bus] = [yield* Rig.open, yield* CoreBus]
    const routed = new Map<string, number>()
    const route = Effect.gen(function* () {
      for (const key of rig.versions.keys()) {
        const [tenant, id] = key.split("/") as [string, string]
        const all = yield* rig.store.read(streamOf(tenant, id, "Box"), 0, Rig.far)
        const core = all.filter(isCore).map((event): CoreEvent => ({
          ...event,
          prevCore: Math.max(0, event.version - 2),
        }))
        const from = routed.get(key) ?? 0
        if (core.length > from) yield* publish(bus, recordsOf(core.slice(from), 1000))
        routed.set(key, core.length)
      }
    })
    yield* body({ rig, bus, line, state, route })
  }).pipe(Effect.provide(layer))
}
const isCore = ({ version }: StoredEvent) => version % 2 === 1

const versionsOf = (items: ReadonlyArray<{ readonly id: string; readonly version: number }>, id = "a") =>
  items.filter((one) => one.id === id).map(({ version }) => version)
const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, i) => i + from)

const listening = Effect.fnUntraced(function* (rig: World["rig"]) {
  const wire = rig.connect()
  wire.say({ op: "subscribe", subscription: "s" })
  yield* rig.pass(300)
  return wire
})
/** 120 events, more than a socket holds that is not read. */
const flood = Effect.fnUntraced(function* ({ rig, route }: Pick<World, "rig" | "route">) {
  for (let i = 0; i < 40; i++) {
    yield* rig.write("a", 3, "t", 20_000)
    yield* route
    yield* rig.pass(100)
  }
})

describe("the tail over a bus", () => {
  it.effect(
    "brings core events with the bus, others in front of the next one, and the last ones by time",
    tailed(Effect.fnUntraced(function* ({ rig, route }) {
      const wire = yield* listening(rig)
      yield* rig.write("a", 4)
      yield* route
      yield* rig.pass(300)
      assert.deepStrictEqual(versionsOf(wire.events()), [1, 2, 3])
      yield* rig.write("a", 2)
      yield* route
      yield* rig.pass(300)
      assert.deepStrictEqual(versionsOf(wire.events()), [1, 2, 3, 4, 5])
      yield* rig.pass(settleMs + 2_000)
      assert.deepStrictEqual(versionsOf(wire.events()), upTo(6))
    })),
  )
  it.effect(
    "misses nothing where the bus brings nothing, and repeats nothing where it brings it late",
    tailed(Effect.fnUntraced(function* ({ rig, route }) {
      const wire = rig.connect()
      wire.say({ op: "subscribe", subscription: "s" })
      wire.say({ op: "subscribe", subscription: "ids", aggregate: "Box", ids: { a: 0 } })
      yield* rig.pass(300)
      yield* rig.write("a", 5)
      yield* rig.pass(settleMs + 2_000)
      assert.deepStrictEqual(versionsOf(wire.events()), upTo(5))
      yield* route
      yield* rig.pass(1_000)
      for (const name of ["s", "ids"]) assert.deepStrictEqual(versionsOf(wire.events(name)), upTo(5))
    })),
  )
  it.effect(
    "tells nothing of what was stored long before",
    tailed(Effect.fnUntraced(function* ({ rig, route }) {
      yield* rig.write("a", 6)
      yield* rig.pass(settleMs + 10_000)
      const wire = yield* listening(rig)
      yield* route
      yield* rig.write("a", 1)
      yield* route
      yield* rig.pass(settleMs + 2_000)
      assert.deepStrictEqual(versionsOf(wire.events()), [7])
    })),
  )
  it.effect(
    "asks once for what stands between events of a stream that the store does not have",
    tailed(Effect.fnUntraced(function* ({ bus, line, rig }) {
      const wire = rig.connect()
      wire.say({ op: "subscribe", subscription: "s" })
      yield* rig.pass(300)
      const [stream, recordedAt] = [streamOf("t", "foreign", "Box"), yield* Clock.currentTimeMillis]
      line.reads = 0
      yield* publish(
        bus,
        recordsOf(chained([eventAt(stream, 1), eventAt(stream, 900)].map((event) => ({ ...event, recordedAt }))), 2),
      )
      yield* rig.pass(300)
      assert.deepStrictEqual(versionsOf(wire.events(), "foreign"), [1, 900])
      assert.strictEqual(line.reads, 1)
    })),
  )
  it.effect(
    "a position resumes without a gap, in another process too, and from the start",
    tailed(Effect.fnUntraced(function* ({ rig, route }) {
      const first = yield* listening(rig)
      for (let i = 0; i < 10; i++) {
        yield* rig.write("a", 3)
        if (i !== 4) yield* route
        yield* rig.pass(700)
      }
      const seen = versionsOf(first.events())
      const position = first.frames.at(-1)!.position
      first.cut()
      yield* rig.pass(1_000)
      yield* rig.write("a", 3)
      yield* route
      // Stored while nobody listened, and younger than what is listed by time.
      yield* rig.pass(1_500)
      yield* rig.restart
      const [second, third] = [rig.connect(), rig.connect()]
      second.say({ op: "subscribe", subscription: "s", after: position })
      third.say({ op: "subscribe", subscription: "s", after: "start" })
      for (let i = 0; i < 8; i++) {
        yield* rig.write("a", 2)
        yield* route
        yield* rig.pass(1_500)
      }
      yield* rig.pass(settleMs + 2_000)
      const all = new Set([...seen, ...versionsOf(second.events())])
      assert.deepStrictEqual([...all].toSorted((a, b) => a - b), upTo(49))
      // First occurrences come in order.
      for (const wire of [second, third]) {
        const firsts = [...new Set(versionsOf(wire.events()))]
        assert.deepStrictEqual(firsts, upTo(49, firsts[0]))
      }
      assert.strictEqual(versionsOf(third.events())[0], 1)
      // Not all of it comes again: the position is near.
      assert.isAbove(versionsOf(second.events())[0]!, 5)
      // Both are live by now: what the bus brings comes at once.
      yield* rig.write("a", 2)
      yield* route
      yield* rig.pass(300)
      for (const wire of [second, third]) assert.include(versionsOf(wire.events()), 51)
    })),
  )
  it.effect(
    "a socket that is slow reads on where it stood, and nothing twice",
    tailed(Effect.fnUntraced(function* ({ rig, route }) {
      const wire = yield* listening(rig)
      wire.taking = false
      yield* flood({ rig, route })
      assert.isBelow(versionsOf(wire.events()).length, 100)
      wire.taking = true
      wire.buffered = 0
      yield* rig.pass(settleMs + 4_000)
      assert.deepStrictEqual(versionsOf(wire.events()), upTo(120))
    })),
  )
  it.effect(
    "goes by time where more was handed out than it remembers",
    tailed(
      Effect.fnUntraced(function* ({ rig, route }) {
        const wire = yield* listening(rig)
        wire.taking = false
        yield* flood({ rig, route })
        wire.taking = true
        wire.buffered = 0
        yield* rig.pass(settleMs * 2 + 8_000)
        assert.deepStrictEqual([...new Set(versionsOf(wire.events()))], upTo(120))
      }),
      { recentEvents: 20 },
    ),
  )
  it.effect(
    "goes through shards that split, and reads nothing while nobody listens",
    tailed(Effect.fnUntraced(function* ({ line, rig, route, state }) {
      const wire = yield* listening(rig)
      for (let i = 0; i < 6; i++) {
        for (const id of ["a", "b", "c", "d"]) yield* rig.write(id, 2)
        yield* route
        // Children and what is left of their parents are met by one look.
        line.isDown = i === 1 || i === 2
        if (i === 2) { for (const shard of CoreBusMemory.openShards(state)) CoreBusMemory.split(state, shard) }
        yield* rig.pass(400)
      }
      for (const id of ["a", "b", "c", "d"]) {
        assert.deepStrictEqual(versionsOf(wire.events(), id).slice(0, 11), upTo(11))
      }
      wire.cut()
      yield* rig.pass(1_000)
      assert.strictEqual(state.waiting.size, 0)
    })),
  )
  it.effect(
    "the position of a command's answer begins behind it, or a little before",
    tailed(Effect.fnUntraced(function* ({ rig }) {
      yield* rig.write("a", 3)
      const stream = streamOf("t", "a", "Box")
      const place = (version: number) => rig.tail.placeOf({ store: "memory", stream, version, offset: undefined })
      const page = yield* Effect.flatMap(
        place(3),
        (cursor) => Effect.andThen(rig.pass(settleMs + 1_000), rig.tail.read("t", cursor, 10)),
      )
      assert.include(versionsOf(page.items), 3)
      for (const version of [0, 4]) assert.strictEqual((yield* Effect.flip(place(version)))._tag, "BadCursor")
      assert.strictEqual((yield* Effect.flip(rig.tail.read("t", "x", 10)))._tag, "BadCursor")
    })),
  )
})
