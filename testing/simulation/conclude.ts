/**
 * What follows the last fault: all that is unknown is asked again, every state is read from a cold host, all processes
 * go in order, and the log is read once nothing can move any more.
 * @module
 */
import { Effect } from "effect"
import type { StoredEvent } from "../../core/EventStore.ts"
import { keyOf, type StreamKey } from "../../core/Stream.ts"
import type { Violation } from "../../core/Violations.ts"
import type { Clients } from "./clients.ts"
import * as Fleet from "./Fleet.ts"
import { isFinal, type Operation, say } from "./History.ts"
import { register } from "./registryModel.ts"
import { readAll } from "./router.ts"
import { call } from "./storeModel.ts"
import { missing, type Subscriber } from "./Subscribers.ts"

/** After the last fault everything must be answered within so long. */
const settleMaxMs = 600_000
/** No fault lasts longer: what was under way has landed by then. */
const faultTailMs = 130_000
/** Within so long after the last event every subscriber has been told of it. */
const listenMaxMs = 120_000
const page = 100
const repeatChance = 0.2

export const conclude = Effect.fnUntraced(function* (
  setting: Fleet.Setting,
  slots: ReadonlyArray<Fleet.Slot>,
  clients: Clients,
  streams: ReadonlyArray<StreamKey>,
  subscribers: ReadonlyArray<Subscriber>,
  hangUp: Effect.Effect<void>,
) {
  const { seen, world } = setting
  world.note("world", "the faults end")
  register(world, setting.registry)
  const first = slots[0]!
  for (const slot of slots) if (slot.host === undefined) yield* Fleet.open(setting, slot)
  yield* settle(setting, first, clients)
  // One that stands still answers when it goes on, and hears only then that a caller has left.
  const until = world.now() + faultTailMs
  while (world.now() < until && slots.some(({ host }) => host !== undefined && host.inFlight.size > 0)) {
    yield* Effect.sleep(1_000)
  }
  for (const { host } of slots) {
    if (host === undefined || host.inFlight.size === 0) continue
    seen.push({ invariant: 17, message: `${host.name} never answered ${[...host.inFlight.keys()].join(", ")}` })
  }
  // Whoever opens the data next must find the same: from snapshots, and with nothing in memory.
  yield* Fleet.shutdown(setting, first)
  yield* Fleet.open(setting, first)
  yield* audit(setting, first, clients, streams)
  for (const slot of slots) yield* Fleet.shutdown(setting, slot)
  yield* Effect.sleep(faultTailMs)
  // Once more, for those who listen: nothing is written any more, and everything is still to be heard.
  yield* Fleet.open(setting, first)
  const feed = yield* readFeed(setting)
  const { context, process } = first.host!
  for (const event of yield* Fleet.inProcess(process, context, readAll(first.host!, feed))) {
    seen.push({ invariant: 15, message: `${keyOf(event)}@${event.version} can never be sent on` })
  }
  const listenedBy = world.now() + listenMaxMs
  while (world.now() < listenedBy && subscribers.some((one) => missing(one, feed).length > 0)) {
    yield* Effect.sleep(1_000)
  }
  yield* hangUp
  yield* Fleet.shutdown(setting, first)
  return {
    ...{ streams: yield* readStreams(setting, streams), feed, complete: true },
    violations: yield* readViolations(setting, [...new Set(streams.map(({ tenant }) => tenant))]),
  }
})

/** Commands that nobody knows the outcome of are sent again, until it is known. */
const settle = Effect.fnUntraced(function* (setting: Fleet.Setting, slot: Fleet.Slot, clients: Clients) {
  const until = setting.world.now() + settleMaxMs
  const last = new Map(clients.attempts.map((attempt) => [attempt.operation.name, attempt]))
  const open = [...last.values()].filter(({ answer, request }) =>
    request?.commandId !== undefined && (answer === undefined || !isFinal(answer))
  )
  const settleOne = Effect.fnUntraced(function* (operation: Operation) {
    while (setting.world.now() < until) if (yield* clients.settle(operation, slot)) return
    setting.seen.push({ invariant: 17, message: `${say(operation)} is not answered ten minutes after the last fault` })
  })
  yield* Effect.forEach(open, ({ operation }) => settleOne(operation), { concurrency: "unbounded", discard: true })
})

/** Reads every state, and asks again for some of what was answered: the bytes must be the same. */
const audit = Effect.fnUntraced(function* (
  { world }: Fleet.Setting,
  slot: Fleet.Slot,
  clients: Clients,
  streams: ReadonlyArray<StreamKey>,
) {
  const random = world.random("audit")
  const reads = streams.map((stream): Operation => ({
    ...{ n: -1, name: `audit ${keyOf(stream)}`, stream, subject: "client", command: undefined, payload: undefined },
    ...{ commandId: undefined, ifMatch: undefined, notAfterMs: undefined, thinkMs: 0, width: 1, fault: undefined },
  }))
  const patiently = Effect.fnUntraced(function* (read: Operation) {
    for (let n = 0; n < 10; n++) if (yield* clients.settle(read, slot)) return
  })
  const repeats = clients.attempts
    .filter(({ answer, request }) => request?.commandId !== undefined && answer !== undefined && isFinal(answer))
    .filter(() => random.chance(repeatChance)).map(({ operation }) => operation)
  yield* Effect.forEach([...reads, ...repeats], patiently, { concurrency: 8, discard: true })
})

/** Straight from the store, past all faults. */
const readStreams = Effect.fnUntraced(function* ({ network, store }: Fleet.Setting, keys: ReadonlyArray<StreamKey>) {
  const streams = new Map<string, ReadonlyArray<StoredEvent>>()
  for (const stream of keys) {
    const events: Array<StoredEvent> = []
    while (true) {
      const more = yield* Effect.orDie(call(network, store.read(stream, events.at(-1)?.version ?? 0, page)))
      events.push(...more)
      if (more.length < page) break
    }
    streams.set(keyOf(stream), events)
  }
  return streams
})

/** What each tenant is shown of what the policies refused. */
const readViolations = Effect.fnUntraced(function* (
  { network, violations }: Fleet.Setting,
  tenants: ReadonlyArray<string>,
) {
  const all = new Map<string, ReadonlyArray<Violation>>()
  for (const tenant of tenants) {
    all.set(tenant, (yield* Effect.orDie(call(network, violations.list(tenant, undefined, 1_000)))).items)
  }
  return all
})

const readFeed = Effect.fnUntraced(function* ({ network, store }: Fleet.Setting) {
  const events: Array<StoredEvent> = []
  let cursor: string | undefined
  while (true) {
    const more = yield* Effect.orDie(call(network, store.feed(cursor, page)))
    events.push(...more.items)
    cursor = more.cursor
    if (more.items.length < page) return events
  }
})
