/**
 * Questions after the past where the store or the limiter fails.
 * @module
 */
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { afterEach, assert, describe, it } from "vitest"
import { EventStore, type Shape as Store, StoreUnavailable } from "../core/EventStore.ts"
import * as DeadLettersMemory from "../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import * as LeasesMemory from "../core/LeasesMemory.ts"
import * as Limits from "../core/Limits.ts"
import * as PolicyEnforcerMemory from "../core/PolicyEnforcerMemory.ts"
import * as ViolationsMemory from "../core/ViolationsMemory.ts"
import * as QueryLimiterMemory from "../core/QueryLimiterMemory.ts"
import { QueryLimiter, type Shape as Limiter } from "../core/QueryLimiter.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import { ActorHost } from "../runtime/ActorHost.ts"
import { Gate } from "../runtime/Gate.ts"
import { Tail } from "../runtime/Tail.ts"
import { TickTrigger } from "../runtime/TickTrigger.ts"
import { TimeTravel } from "../runtime/TimeTravel.ts"
import boxes from "../tests/http/app.ts"
import { makeApp } from "./app.ts"

const opened: Array<{ readonly dispose: () => Promise<void> }> = []
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.dispose()
})

const admitted: Limiter = { admit: () => Effect.succeed({ _tag: "Admitted" }) }

const open = async (store: Partial<Store>, limiter = admitted, limits: Partial<Limits.Limits> = {}) => {
  const events = Layer.effect(EventStore, Effect.map(EventStoreMemory.make(), (memory) => ({ ...memory, ...store })))
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(ActorHost.layer(boxes), Tail.layer, TimeTravel.layer(boxes)).pipe(
      Layer.provide(Gate.layerOpen),
      Layer.provideMerge(
        Layer.mergeAll(events, SchemaRegistryMemory.layer, SnapshotStoreMemory.layer, TickTrigger.layerImmediate),
      ),
      Layer.provideMerge(Layer.succeed(QueryLimiter, limiter)),
      Layer.provideMerge(
        Layer.mergeAll(
          PolicyEnforcerMemory.layerDeniesNothingForTests,
          ViolationsMemory.layer,
          DeadLettersMemory.layer,
          LeasesMemory.layer,
        ),
      ),
      Layer.provideMerge(Logger.layer([])),
    ),
  )
  opened.push(runtime)
  const edge = makeApp({
    app: boxes,
    context: await runtime.context(),
    limits: Limits.lowered(limits),
    authenticate: () =>
      Effect.succeed({ tenant: "t", subject: "s", scopes: ["history"], expiresAt: Number.MAX_SAFE_INTEGER }),
  })
  const get = async (path: string) => {
    const response = await edge.fetch(new Request(`http://nexus${path}`))
    const { reason, type } = JSON.parse(await response.text()) as { readonly reason?: string; readonly type: string }
    return { status: response.status, retryAfter: response.headers.get("retry-after"), reason, type }
  }
  return Object.assign(get, { routes: edge.routes })
}

const past = ["/v1/Box/a?version=1", "/v1/Box/a?asOf=0", "/v1/events?from=0&to=1"]
const down = () => Effect.fail(new StoreUnavailable({ reason: "locked" }))
const unavailable = { status: 503, retryAfter: "1", reason: "locked", type: "/problems#unavailable" }

describe("questions after the past", () => {
  it("are not begun where the limiter cannot be asked", async () => {
    const untouched = () => Effect.die("the store was read")
    const get = await open({ head: untouched, byTime: untouched }, { admit: down })
    for (const path of past) assert.deepStrictEqual(await get(path), unavailable)
  })

  it("that the store refuses, or answers too late, are 503", async () => {
    const refused = await open({ head: down, byTime: down })
    for (const path of past) assert.deepStrictEqual(await refused(path), unavailable)
    const never = () => Effect.never
    const late = await open({ head: never, byTime: never }, admitted, { requestTimeoutMs: 30 })
    for (const path of past) {
      assert.deepInclude(await late(path), { status: 503, retryAfter: "1", type: "/problems#timed-out" })
    }
  })

  it("are held to the limit that their route shows, all of them together, and no other route shows one", async () => {
    const limit = { queries: 4, queryWindowMs: 60_000 }
    const limiter = Effect.provideService(QueryLimiterMemory.make(), Limits.Limits, Limits.lowered(limit))
    const get = await open({}, Effect.runSync(limiter), limit)
    const temporal = get.routes.filter((route) => route.temporal)
    assert.deepStrictEqual(temporal.map(({ path }) => path), ["/v1/Box/:id", "/v1/events"])
    for (const route of temporal) assert.deepStrictEqual(route.limit, limit)
    assert.deepStrictEqual(get.routes.filter((route) => route.limit !== null), temporal)
    const statuses = []
    for (const path of [...past, ...past]) statuses.push((await get(path)).status)
    assert.deepStrictEqual(statuses, [404, 404, 200, 404, 429, 429])
    // The newest state and a bad question are not counted, here or anywhere.
    assert.strictEqual((await get("/v1/Box/a?version=x")).status, 422)
  })
})
