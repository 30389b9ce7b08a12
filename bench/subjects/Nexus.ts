/**
 * The actor host over its SQLite store, everything on: decoding, schemas of events, receipts, metrics, WAL and
 * `synchronous = FULL`. Commands enter as JSON, as they do from the HTTP edge.
 * @module
 */
import { Context, Effect, Layer, ManagedRuntime } from "effect"
import { Actors } from "../../core/Actors.ts"
import * as EventStore from "../../core/EventStore.ts"
import type { Shape as Principal } from "../../core/Principal.ts"
import type { QueryLimiter } from "../../core/QueryLimiter.ts"
import type { SnapshotStore } from "../../core/SnapshotStore.ts"
import { empty, type StreamKey } from "../../core/Stream.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { Gate } from "../../runtime/Gate.ts"
import { waitBare } from "../../runtime/adapters/node/fibers.ts"
import * as sha256 from "../../runtime/adapters/node/sha256.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { TimeTravel } from "../../runtime/TimeTravel.ts"
import { app, eventOf, history, type Request } from "../domain.ts"
import { governed } from "../governance/gate.ts"
import type { Row, Subject } from "../Subject.ts"

const tenant = "bench"
const principal: Principal = { tenant, subject: "bench", scopes: ["commands:*", "read", "history"] }
const streamOf = (id: string): StreamKey => ({ tenant, aggregate: "Order", id })

const appendMax = 500

/** One append that holds a part of a history. */
const appendOf = (id: string, requests: ReadonlyArray<Request>, after: number): EventStore.Append => ({
  stream: streamOf(id),
  expected: { ...empty, version: after },
  events: requests.map(({ command, payload }, n) => ({
    eventId: `seed-${id}-${after + n}`,
    type: eventOf[command],
    schemaVersion: 1,
    payload: JSON.stringify(payload),
  })),
  command: {
    commandId: `seed-${id}-${after}`,
    given: false,
    fingerprint: "0".repeat(64),
    correlationId: `seed-${id}`,
    causationId: undefined,
    principal: "bench",
    traceparent: undefined,
    writerId: "bench",
  },
  remember: true,
  refusal: undefined,
})

const seeded = (ids: ReadonlyArray<string>, length: number) =>
  Effect.flatMap(
    Effect.service(EventStore.EventStore),
    (store) =>
      Effect.forEach(ids, (id) => {
        const requests = history(id, length)
        const starts = Array.from({ length: Math.ceil(length / appendMax) }, (_, n) => n * appendMax)
        return Effect.forEach(
          starts,
          (after) => store.commit([appendOf(id, requests.slice(after, after + appendMax), after)]),
        )
      }, { discard: true }),
  )

const rowsOf = Effect.flatMap(Effect.service(EventStore.EventStore), (store) =>
  Effect.gen(function* () {
    const rows: Array<Row> = []
    for (let cursor: string | undefined = undefined;;) {
      const page: Effect.Success<ReturnType<typeof store.feed>> = yield* store.feed(cursor, 500)
      for (const { id, version, type, payload, eventId, commandId } of page.items) {
        rows.push({ id, version, type, payload, eventId, commandId })
      }
      if (page.items.length === 0 || page.cursor === undefined) return rows
      cursor = page.cursor
    }
  }))

/** The events of all streams in the store's order, in pages, parsed and thrown away. */
const fed = (count: number) =>
  Effect.flatMap(Effect.service(EventStore.EventStore), (store) =>
    Effect.gen(function* () {
      let seen = 0
      for (let cursor: string | undefined = undefined; seen < count;) {
        const page: Effect.Success<ReturnType<typeof store.feed>> = yield* store.feed(cursor, 500)
        for (const { payload } of page.items) if (JSON.parse(payload) !== null) seen++
        if (page.items.length === 0 || page.cursor === undefined) break
        cursor = page.cursor
      }
      return seen
    }))

type Stores = EventStore.EventStore | QueryLimiter | SnapshotStore

/** The host over the stores of a folder, behind a gate that may need more of them. */
export const subject = <More>(
  name: string,
  stores: (folder: string) => Layer.Layer<Stores | More>,
  gate: Layer.Layer<Gate, never, Stores | More>,
): Subject => {
  /** Runs `effect` over freshly opened stores and closes them again. */
  const over = <A, E>(folder: string, effect: Effect.Effect<A, E, EventStore.EventStore>): Promise<A> =>
    Effect.runPromise(Effect.provide(effect, stores(folder)))
  return {
    name,
    seed: (folder, ids, length) => over(folder, seeded(ids, length)),
    rows: (folder) => over(folder, rowsOf),
    feed: (folder, count) => over(folder, fed(count)),
    open: async (folder) => {
      // As a server does at its start.
      waitBare()
      const runtime = ManagedRuntime.make(
        Layer.merge(ActorHost.layer(app), TimeTravel.layer(app)).pipe(
          Layer.provide([TickTrigger.layerImmediate, gate]),
          Layer.provide([stores(folder), sha256.layer]),
        ),
      )
      const context = await runtime.context()
      const actors = Context.get(context, Actors)
      const host = Context.get(context, ActorHost)
      const past = Context.get(context, TimeTravel)
      const run = Effect.runPromiseWith(context)
      return {
        send: async (id, { command, payload }, commandId) => {
          const receipt = await run(actors.send({ principal, aggregate: "Order", id, command, payload, commandId }))
          return { id, version: receipt.version, eventId: receipt.events[0]?.eventId }
        },
        state: async (id) => (await run(actors.state(principal, "Order", id)))!.state as never,
        asOf: async (id, asOf) => (await run(past.state(principal, "Order", id, { asOf })))!.state as never,
        resident: () => host.stats().live,
        close: () => runtime.dispose(),
      }
    },
  }
}

const sqlite = (folder: string) => Layer.orDie(Sqlite.layer({ folder }))

/** No gate: what all workloads but that of governance measure. */
export const nexus = subject("nexus", sqlite, Gate.layerOpen)
export const nexusGoverned = subject("nexus-governed", sqlite, governed(app))
