/**
 * A backlog drained by the router, and the same records put by themselves: what of the bus's own speed is left.
 * @module
 */
import { Context, Effect, Layer } from "effect"
import { CoreBus, type CoreRecord } from "../../core/CoreBus.ts"
import { type Append, EventStore } from "../../core/EventStore.ts"
import { empty } from "../../core/Stream.ts"
import * as Kinesis from "../../runtime/adapters/kinesis/Kinesis.ts"
import { Router } from "../../runtime/workers/Router.ts"
import { cpuMs } from "../Flight.ts"
import { type Measurement, round } from "../Figures.ts"
import { governed, stores, withAws } from "./engines.ts"
import { silent, text } from "./notes.ts"
import { faultsOf } from "./paths.ts"

const streams = 20
const eventsPerCommand = 50
const patienceMs = 60_000

const appendOf = (id: string, version: number): Append => ({
  stream: { tenant: "bench", aggregate: "Notes", id },
  expected: { ...empty, version },
  events: Array.from({ length: eventsPerCommand }, (_, n) => ({
    ...{ eventId: `${id}-${version + n}`, type: "Noted", schemaVersion: 1, payload: JSON.stringify({ text }) },
  })),
  command: {
    ...{ commandId: `seed-${id}-${version}`, given: false, fingerprint: "0".repeat(64), correlationId: `seed-${id}` },
    ...{ causationId: undefined, principal: "bench", traceparent: undefined, writerId: "bench" },
  },
  remember: true,
  refusal: undefined,
})

const seeded = (store: EventStore["Service"], perStream: number) =>
  Effect.forEach(Array.from({ length: streams }, (_, i) => `n-${i}`), (id) =>
    Effect.forEach(
      Array.from({ length: perStream / eventsPerCommand }, (_, i) => i * eventsPerCommand),
      (version) => store.commit([appendOf(id, version)]),
      { discard: true },
    ), { concurrency: 4, discard: true })

/** What the bus took: its calls as they were made, and the events in the order in which they were taken. */
const watched = (bus: CoreBus["Service"]) => {
  const calls: Array<ReadonlyArray<CoreRecord>> = []
  const taken: Array<{ readonly id: string; readonly version: number; readonly ms: number }> = []
  const publish: CoreBus["Service"]["publish"] = (records) =>
    Effect.map(bus.publish(records), (outcomes) => {
      calls.push(records)
      records.forEach(({ events }, i) => {
        if (outcomes[i]!._tag === "Sent") { for (const { id, version } of events) taken.push({ id, version, ms: 0 }) }
      })
      return outcomes
    })
  return { calls, taken, bus: { ...bus, publish } }
}

export const of = (count: number): Promise<Measurement> =>
  withAws((settings) => {
    const app = silent()
    const perStream = Math.max(1, Math.round(count / streams / eventsPerCommand)) * eventsPerCommand
    const all = perStream * streams
    const measured = Effect.gen(function* () {
      const ports = yield* Layer.build(stores(settings))
      yield* seeded(Context.get(ports, EventStore), perStream)
      const { bus, calls, taken } = watched(Context.get(ports, CoreBus))
      const context = Layer.succeedContext(Context.add(ports, CoreBus, bus))
      const [startedAt, before] = [performance.now(), cpuMs()]
      yield* Effect.scoped(Effect.gen(function* () {
        yield* Layer.build(Router.layer(app).pipe(Layer.provide(governed(app)), Layer.provide(context)))
        while (taken.length < all && performance.now() - startedAt < patienceMs) yield* Effect.sleep(5)
      }))
      const [drainMs, cpu] = [performance.now() - startedAt, cpuMs() - before]
      const other = yield* Kinesis.make({ ...settings, prefix: "raw-" })
      const rawAt = performance.now()
      yield* Effect.forEach(calls, other.publish, { discard: true })
      const rawMs = performance.now() - rawAt
      const figures = {
        ...{ count: all, perSecond: round(all / drainMs * 1000, 0), rawPerSecond: round(all / rawMs * 1000, 0) },
        ...{ calls: calls.length, cpuMs: round(cpu, 0) },
      }
      return { subject: "nexus-aws", workload: "aws-router", figures, faults: faultsOf(taken, all, true) }
    })
    return Effect.runPromise(Effect.scoped(Effect.orDie(measured)))
  })
