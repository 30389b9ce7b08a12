/**
 * What every secondary bus must keep, as data; each law uses consumers and event types of its own.
 * @module
 */
import { Effect, Layer } from "effect"
import * as EventWire from "./EventWire.ts"
import type { StoredEvent } from "./EventStore.ts"
import { collect, eventAt } from "./laws/buses.ts"
import { freshTenant, type Law, LawBroken, same, streamOf } from "./laws/fixtures.ts"
import { defaults } from "./Limits.ts"
import type { Queue } from "./Queue.ts"
import { type Interest, SecondaryBus, type Shape } from "./SecondaryBus.ts"

/** All in milliseconds. */
export interface Settings {
  /** After so long without a message there is none. */
  readonly waitMs?: number
  /** What was published comes after so long at the latest. */
  readonly patienceMs?: number
}

/** Longer than any law takes. */
const longMs = 600_000

const wants = (...types: ReadonlyArray<string>): ReadonlyArray<Interest> =>
  types.map((type) => ({ aggregate: "Order", type }))

/** Publishes until each is known to be sent; what was sent before may come twice. */
const publish = Effect.fnUntraced(function* (bus: Shape, events: ReadonlyArray<StoredEvent>) {
  let left = events
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === 50) return yield* new LawBroken({ message: "50 attempts, and still not sent" })
    if (attempt > 0) yield* Effect.sleep("100 millis")
    const call = left.slice(0, bus.publishMax)
    const outcomes = yield* bus.publish(call)
    if (outcomes.length !== call.length) return yield* new LawBroken({ message: "not one outcome for each event" })
    left = [...call.filter((_, i) => outcomes[i]!._tag !== "Sent"), ...left.slice(bus.publishMax)]
  }
})

export const laws = ({ patienceMs = 30_000, waitMs = 200 }: Settings = {}): ReadonlyArray<Law<SecondaryBus>> => {
  const law = (
    name: string,
    body: (bus: Shape, tenant: string) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  ): Law<SecondaryBus> => ({
    name,
    law: Effect.gen(function* () {
      const [bus, tenant] = [yield* SecondaryBus, yield* freshTenant]
      yield* Effect.gen(() => body(bus, tenant))
    }),
  })
  const collected = (queue: Queue, count: number) =>
    Effect.map(
      collect(queue, count, { hiddenMs: longMs, waitMs, patienceMs }),
      (messages) => messages.map(({ body }) => body).toSorted(),
    )
  const isEmpty = (queue: Queue, what: string) =>
    Effect.flatMap(
      queue.receive(10, { waitMs, hiddenMs: longMs }),
      (messages) => same(messages.map(({ body }) => body), [], what),
    )
  const eventsOf = (tenant: string, type: string, count: number, id: string = type) =>
    Array.from({ length: count }, (_, i) => eventAt(streamOf(tenant, id), i + 1, { type }))
  const texts = (events: ReadonlyArray<StoredEvent>) => events.map(EventWire.encode).toSorted()

  return [
    law(
      "publish() brings each event to every consumer that asked for its type, as its wire text",
      function* (bus, tenant) {
        const [a, b] = [`${tenant}-A`, `${tenant}-B`]
        const both = yield* bus.subscribe(`${tenant}-both`, wants(a, b))
        const one = yield* bus.subscribe(`${tenant}-one`, wants(a))
        const none = yield* bus.subscribe(`${tenant}-none`, [])
        const [ofA, ofB] = [eventsOf(tenant, a, 7), eventsOf(tenant, b, 6)]
        yield* publish(bus, [...ofA, ...ofB])
        yield* same(yield* collected(both, 13), texts([...ofA, ...ofB]), "who wants both")
        yield* same(yield* collected(one, 7), texts(ofA), "who wants one")
        yield* isEmpty(none, "who wants nothing")
      },
    ),

    law("a type is wanted of one aggregate alone", function* (bus, tenant) {
      const type = `${tenant}-T`
      const queue = yield* bus.subscribe(`${tenant}-c`, [{ aggregate: "Payment", type }])
      const own = eventAt(streamOf(tenant, "p", "Payment"), 1, { type })
      yield* publish(bus, [...eventsOf(tenant, type, 2), own])
      yield* same(yield* collected(queue, 1), texts([own]), "what came")
      yield* isEmpty(queue, "of another aggregate")
    }),

    law("publish() answers once for each event, wanted or not", function* (bus, tenant) {
      yield* same(yield* bus.publish([]), [], "no events")
      const outcomes = yield* bus.publish(eventsOf(tenant, `${tenant}-nobody`, bus.publishMax))
      yield* same(outcomes.length, bus.publishMax, "a full call")
    }),

    law("subscribe() adds to the interests and keeps what waits, whoever subscribed before", function* (bus, tenant) {
      const [a, b, c, consumer] = [`${tenant}-A`, `${tenant}-B`, `${tenant}-C`, `${tenant}-c`]
      const [before, after] = [eventsOf(tenant, a, 2, "before"), eventsOf(tenant, a, 2, "after")]
      const [wanted, other] = [eventsOf(tenant, b, 2), eventsOf(tenant, c, 2)]
      yield* bus.subscribe(consumer, wants(a))
      yield* publish(bus, before)
      yield* bus.subscribe(consumer, wants(a, b))
      // Older code, which starts once more in the middle of a deploy.
      const queue = yield* bus.subscribe(consumer, wants(a))
      yield* publish(bus, [...after, ...wanted, ...other])
      yield* same(yield* collected(queue, 6), texts([...before, ...after, ...wanted]), "what came")
      yield* isEmpty(queue, "what nobody asked for")
    }),

    law("an event that is more than a message holds can never be sent, and holds up no other", function* (bus, tenant) {
      const type = `${tenant}-T`
      const queue = yield* bus.subscribe(`${tenant}-c`, wants(type))
      const [small, large] = eventsOf(tenant, type, 2)
      const payload = `{"x":"${"x".repeat(defaults.messageBodyBytes)}"}`
      const outcomes = yield* bus.publish([{ ...large!, payload }, small!])
      yield* same(outcomes[0]?._tag, "Unsendable", "the outcome of the large one")
      if (outcomes[1]?._tag !== "Sent") yield* publish(bus, [small!])
      yield* same([...new Set(yield* collected(queue, 1))], texts([small!]), "what came")
    }),

    law("two subscriptions of one consumer share its queue", function* (bus, tenant) {
      const [type, consumer] = [`${tenant}-T`, `${tenant}-c`]
      const [left, right] = [yield* bus.subscribe(consumer, wants(type)), yield* bus.subscribe(consumer, wants(type))]
      const events = eventsOf(tenant, type, 4)
      yield* publish(bus, events)
      yield* same(yield* collected(left, 4), texts(events), "what came")
      yield* isEmpty(right, "what the other one works on")
    }),
  ]
}

/** The laws of queues that outlive their bus; each build of `open` opens the same data. */
export const reopened = <E>(open: Layer.Layer<SecondaryBus, E>): ReadonlyArray<Law<never>> => {
  const half = <A, E2>(body: (bus: Shape) => Effect.Effect<A, E2>) =>
    Effect.flatMap(Effect.service(SecondaryBus), body).pipe(Effect.provide(Layer.fresh(open)))
  const event = (version: number) => eventAt(streamOf("durable", "s"), version, { type: "Durable" })
  return [{
    name: "queues and interests outlive the bus",
    law: Effect.gen(function* () {
      yield* half((bus) => bus.subscribe("durable", wants("Durable")))
      yield* half((bus) => publish(bus, [event(1), event(2)]))
      const messages = yield* half((bus) =>
        Effect.flatMap(
          bus.subscribe("durable", wants("Durable")),
          (queue) => queue.receive(10, { waitMs: 0, hiddenMs: longMs }),
        )
      )
      yield* same(
        messages.map(({ body }) => body).toSorted(),
        [1, 2].map((n) => EventWire.encode(event(n))),
        "messages",
      )
    }),
  }]
}
