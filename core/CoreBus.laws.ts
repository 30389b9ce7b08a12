/**
 * What every core bus must keep, as data; each law uses a tenant of its own and reads over what others have left.
 * @module
 */
import { Clock, Effect, Exit, Fiber, Layer } from "effect"
import { CoreBus, type CoreRecord, type Shape } from "./CoreBus.ts"
import type { StoredEvent } from "./EventStore.ts"
import { canonical } from "./Fingerprint.ts"
import { chained, eventAt, firsts, type Follow, follow, publish, recordsOf } from "./laws/buses.ts"
import { lawOver, numbered, type Settings } from "./laws/coreBus.ts"
import { freshTenant, holds, type Law, same, streamOf } from "./laws/fixtures.ts"
import { defaults } from "./Limits.ts"
import type { Batch } from "./ShardLog.ts"

export type { Settings }

const odd = [
  `{ "spaces": 1 }`,
  `{"text":"äöü 漢字 😀 \\u0000 \\ud83d \\"quoted\\" \\\\"}`,
  `"text"`,
  "null",
  `{"__proto__":{"2":0,"1":-0}}`,
]
const versionsOf = (events: ReadonlyArray<StoredEvent>) => events.map(({ version }) => version)
const holdsAll = (count: number): Follow["enough"] => (found) =>
  new Set(found.flatMap(({ value }) => value.events.map(({ eventId }) => eventId))).size >= count

export const laws = <R = never>(settings: Settings<R> = {}): ReadonlyArray<Law<CoreBus | R>> => {
  const law = lawOver(settings)
  const { forget, reshard } = settings
  return [
    law(
      "publish() answers once for each record, and they are read with the same bytes",
      function* ({ bus, events, find }) {
        const records: ReadonlyArray<CoreRecord> = [
          ...recordsOf(chained(yield* events("odd", odd)), 10),
          ...recordsOf(chained(yield* events("plain", 1)), 10),
        ]
        yield* same(yield* bus.publish([]), [], "no records")
        yield* publish(bus, records)
        const found = yield* find(holdsAll(odd.length + 1))
        for (const record of records) {
          const own = found.filter(({ value }) => value.stream.id === record.stream.id)
          yield* holds(own.length > 0, "a record that was sent is not there")
          for (const { value } of own) yield* same(value, record, "a record")
        }
      },
    ),

    law("publish() keeps the records of each stream in order", function* ({ bus, events, find }) {
      const streams = new Map<string, ReadonlyArray<CoreRecord>>()
      for (const id of ["a", "b", "c", "d", "e"]) streams.set(id, recordsOf(chained(yield* events(id, 24)), 3))
      for (let i = 0; i < 8; i++) yield* publish(bus, [...streams.values()].map((records) => records[i]!))
      const found = yield* find(holdsAll(5 * 24))
      for (const [id, records] of streams) {
        yield* same(firsts(found, records[0]!.stream), records.flatMap((record) => record.events), `the stream ${id}`)
      }
    }),

    law(
      "a record names the core event before it, across secondary events and records",
      function* ({ bus, events, find }) {
        const all = yield* events("mixed", 9)
        const records = recordsOf(chained(all.filter(({ version }) => ![1, 3, 4, 8].includes(version))), 2)
        for (const record of records) yield* publish(bus, [record])
        const own = firsts(yield* find(holdsAll(5)), records[0]!.stream)
        yield* same(
          own.map((event) => [event.version, event.prevCore]),
          [[2, 0], [5, 2], [6, 5], [7, 6], [9, 7]],
          "versions",
        )
      },
    ),

    law("publish() takes a full record, a full call and the largest event", function* ({ bus, events, find }) {
      const { recordMax } = bus
      const large = [`{"of":"${"x".repeat(defaults.eventBytes - 9)}"}`]
      const records = [
        ...recordsOf(chained(yield* events("full", recordMax.events)), recordMax.events),
        ...recordsOf(chained(yield* events("large", large)), 1),
      ]
      const many: Array<CoreRecord> = []
      for (let i = 0; i < Math.min(200, bus.publishMax.records); i++) {
        many.push(...recordsOf(chained(yield* events(`small-${i}`, 1)), 1))
      }
      yield* publish(bus, records)
      yield* publish(bus, many)
      const found = yield* find(holdsAll(recordMax.events + 1 + many.length))
      for (const { events: wanted, stream } of records) {
        yield* holds(canonical(firsts(found, stream)) === canonical(wanted), `the record of ${stream.id} was changed`)
      }
    }),

    law("a record that is more than the bus takes can never be sent, and holds up no other", function* (bench) {
      const { bus, events, find } = bench
      const payloads = [`{"of":"${"x".repeat(bus.recordMax.bytes)}"}`]
      const [large, small] = [yield* events("large", payloads), yield* events("small", 1)]
      const [outcome, ...others] = yield* bus.publish([large, small].flatMap((own) => recordsOf(chained(own), 1)))
      // A bus that carries no payloads has room for it.
      yield* holds(outcome?._tag !== "NotSent", "it is told to be sent again")
      if (others[0]?._tag !== "Sent") yield* publish(bus, recordsOf(chained(small), 1))
      const wanted = outcome?._tag === "Sent" ? ["large", "small"] : ["small"]
      const found = yield* find(holdsAll(wanted.length))
      yield* same([...new Set(found.map(({ value }) => value.stream.id))].toSorted(), wanted, "what is there")
    }),

    law("publish() dies of a publisher's mistake and sends nothing", function* ({ bus, events, find }) {
      const [good, other] = [chained(yield* events("good", 4)), chained(yield* events("other", 1))]
      const [stream, record] = [streamOf(good[0]!.tenant, "good"), recordsOf(good, 4)[0]!]
      const mistakes: { readonly [mistake: string]: ReadonlyArray<CoreRecord> } = {
        "two records of a stream": recordsOf(good, 2),
        "a record without events": [{ stream, events: [] }],
        "an event of another stream": [{ stream, events: [...other] }],
        "events out of order": [{ stream, events: good.toReversed() }],
        "a gap between events": [{ stream, events: [good[0]!, good[2]!] }],
        "too many records": Array.from({ length: bus.publishMax.records + 1 }, () => record),
      }
      for (const [mistake, records] of Object.entries(mistakes)) {
        const exit = yield* Effect.exit(bus.publish(records))
        const died = Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Die")
        yield* holds(died, `${mistake} is not a defect`)
      }
      yield* publish(bus, recordsOf(other, 1))
      const found = yield* find(holdsAll(1))
      yield* same(found.map(({ value }) => value.stream.id), found.map(() => "other"), "what was sent")
    }),

    law(
      "a position resumes exactly behind its item, and so does the end of a batch",
      function* ({ bus, events, find }) {
        const records = recordsOf(chained(yield* events("resumed", 6)), 1)
        for (const record of records) yield* publish(bus, [record])
        const found = yield* find(holdsAll(6), { limit: 2 })
        yield* same(versionsOf(firsts(found, records[0]!.stream)), [1, 2, 3, 4, 5, 6], "in pages of two")
        const all = found.flatMap(({ value }) => versionsOf(value.events))
        for (const [i, { position, shard }] of found.entries()) {
          const rest: Array<number> = []
          let [next, isEnd] = [position, false]
          while (rest.length < found.length - i - 1 && !isEnd) {
            const batch = yield* bus.read(shard, next, 2)
            ;[next, isEnd] = [batch.next, batch.isEnd]
            for (const { value } of batch.items) {
              if (value.stream.id === "resumed") {
                rest.push(...versionsOf(value.events))
              }
            }
          }
          yield* same(rest, all.slice(i + 1), `behind item ${i}`)
        }
      },
    ),

    law("a read that finds nothing misses nothing that comes later", function* ({ bus, events, find }) {
      const at = bus.positionAt(yield* Clock.currentTimeMillis)
      const places = new Map<string, string>()
      for (const { id } of yield* bus.shards) {
        for (let next: string | undefined = at, items = 1; items > 0;) {
          const batch: Batch<CoreRecord> = yield* bus.read(id, next, 100)
          places.set(id, next = batch.next)
          items = batch.items.length
        }
      }
      const record = recordsOf(chained(yield* events("later", 1)), 1)
      yield* publish(bus, record)
      const [item] = yield* find(holdsAll(1))
      const seen: Array<string> = []
      for (let next = places.get(item!.shard); next !== undefined && !seen.includes("later");) {
        const batch = yield* bus.read(item!.shard, next, 100)
        seen.push(...batch.items.map(({ value }) => value.stream.id))
        next = batch.isEnd ? undefined : batch.next
      }
      yield* holds(seen.includes("later"), "what came behind an empty batch was not read")
    }),

    law("positionAt() begins no later than with what comes from then on", function* ({ bus, events, find }) {
      const records = recordsOf(chained(yield* events("at", 4)), 1)
      yield* publish(bus, [records[0]!])
      yield* find(holdsAll(1))
      yield* Effect.sleep("5 millis")
      const from = bus.positionAt(yield* Clock.currentTimeMillis)
      for (const [i, record] of records.slice(1).entries()) {
        yield* publish(bus, [record])
        yield* find((all) => all.some(({ value }) => value.events[0]!.version === i + 2), { from })
        yield* Effect.sleep("5 millis")
      }
      const found = yield* find((all) => all.some(({ value }) => value.events[0]!.version === 4), { from })
      const versions = firsts(found, records[0]!.stream).map(({ version }) => version)
      yield* same(versions.filter((version) => version > 1), [2, 3, 4], "versions from then on")
    }),

    law("two readers each read everything", function* ({ bus, events, find }) {
      const records = recordsOf(chained(yield* events("read", 12)), 2)
      const both = yield* Effect.forkChild(Effect.all([find(holdsAll(12)), find(holdsAll(12), { limit: 1 })], {
        concurrency: 2,
      }))
      for (const record of records) yield* publish(bus, [record])
      for (const found of yield* Fiber.join(both)) {
        yield* same(firsts(found, records[0]!.stream), records.flatMap((record) => record.events), "what one reads")
      }
    }),

    law("wait() ends early once something has come", function* ({ bus, events }) {
      const records = recordsOf(chained(yield* events("awaited", 1)), 1)
      // Whatever came before was told with this.
      yield* bus.wait(1)
      const startMs = yield* Clock.currentTimeMillis
      const waiting = yield* Effect.forkChild(bus.wait(600_000))
      yield* Effect.sleep("20 millis")
      yield* publish(bus, records)
      yield* Fiber.join(waiting)
      yield* holds((yield* Clock.currentTimeMillis) - startMs < 300_000, "nobody was told")
    }),

    law("a shard that does not exist is Trimmed", function* ({ bus, start }) {
      for (const from of [undefined, start]) {
        const error = yield* Effect.flip(bus.read("shardId-000000999999", from, 10))
        yield* same(error._tag, "Trimmed", "the error")
      }
    }),

    ...reshard === undefined ? [] : [
      law("streams keep their order while shards split and merge", function* ({ bus, events, find }) {
        const streams = new Map<string, ReadonlyArray<CoreRecord>>()
        for (let i = 0; i < 16; i++) streams.set(`s-${i}`, recordsOf(chained(yield* events(`s-${i}`, 12)), 2))
        for (let i = 0; i < 6; i++) {
          yield* publish(bus, [...streams.values()].map((records) => records[i]!))
          if (i === 1 || i === 3) yield* reshard
        }
        const found = yield* find(holdsAll(16 * 12))
        for (const [id, records] of streams) {
          yield* same(firsts(found, records[0]!.stream), records.flatMap((record) => record.events), `the stream ${id}`)
        }
        yield* holds((yield* bus.shards).some(({ parents }) => parents.length > 0), "no shard has a parent")
      }),
    ],

    ...forget === undefined ? [] : [
      law("what was forgotten is Trimmed for who stood before it, and the oldest begins behind it", function* (bench) {
        const { bus, events, find, start } = bench
        const records = recordsOf(chained(yield* events("old", 4)), 1)
        for (const record of records.slice(0, 3)) yield* publish(bus, [record])
        const before = yield* find(holdsAll(3))
        const [first, last] = [before[0]!, before.at(-1)!]
        yield* forget
        yield* publish(bus, records.slice(3))
        for (const from of [first.position, start]) {
          const error = yield* Effect.flip(bus.read(first.shard, from, 10))
          yield* same(error._tag, "Trimmed", `behind ${from}`)
        }
        for (const { id } of yield* bus.shards) {
          const error = yield* Effect.flip(bus.read(id, start, 10))
          yield* same(error._tag, "Trimmed", `the time in ${id}`)
        }
        for (const from of [undefined, last.position]) {
          const found = yield* find(holdsAll(1), { from })
          yield* same(versionsOf(firsts(found, records[0]!.stream)), [4], `behind ${from}`)
        }
      }),
    ],
  ]
}

/** The laws of records that outlive their bus; each build of `open` opens the same data. */
export const reopened = <E, R = never>(
  open: Layer.Layer<CoreBus | R, E>,
  settings: Settings<R> = {},
): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (bus: Shape) => Effect.Effect<A, E2, R>) =>
    Effect.flatMap(Effect.service(CoreBus), body).pipe(Effect.provide(Layer.fresh(open)))
  const stored = settings.stored ??
    ((stream, payloads) => Effect.succeed(payloads.map((payload, i) => eventAt(stream, i + 1, { payload }))))
  return [{
    name: "records and positions outlive the bus",
    law: Effect.gen(function* () {
      const tenant = yield* freshTenant
      const records = recordsOf(
        chained(yield* half(() => stored(streamOf(tenant, "durable"), numbered(4)))),
        1,
      )
      const find = (bus: Shape, count: number, from?: string) =>
        follow(bus, { from, tenant, enough: holdsAll(count), patienceMs: settings.patienceMs ?? 30_000 })
      yield* half((bus) => publish(bus, records.slice(0, 1)))
      yield* half((bus) => publish(bus, records.slice(1, 2)))
      const [first] = yield* half((bus) => find(bus, 2))
      yield* half((bus) => publish(bus, records.slice(2, 3)))
      yield* half((bus) => publish(bus, records.slice(3)))
      const rest = yield* half((bus) => find(bus, 3, first!.position))
      yield* same(rest.map(({ value }) => value), records.slice(1), "behind the first")
    }),
  }]
}
