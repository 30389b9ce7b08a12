/**
 * Questions after the past where the store or the limiter fails.
 * @module
 */
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { afterEach, assert, describe, it } from "vitest"
import { EventStore, type Shape as Store, StoreUnavailable } from "../core/EventStore.ts"
import * as EventStoreMemory from "../core/EventStoreMemory.ts"
import * as Limits from "../core/Limits.ts"
import { QueryLimiter, type Shape as Limiter } from "../core/QueryLimiter.ts"
import * as SnapshotStoreMemory from "../core/SnapshotStoreMemory.ts"
import { ActorHost } from "../runtime/ActorHost.ts"
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
      Layer.provideMerge(Layer.mergeAll(events, SnapshotStoreMemory.layer, TickTrigger.layerImmediate)),
      Layer.provideMerge(Layer.succeed(QueryLimiter, limiter)),
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
  return async (path: string) => {
    const response = await edge.fetch(new Request(`http://nexus${path}`))
    const { reason, type } = JSON.parse(await response.text()) as { readonly reason?: string; readonly type: string }
    return { status: response.status, retryAfter: response.headers.get("retry-after"), reason, type }
  }
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
})
