/**
 * The Worker under the `edge` tests: a Durable Object with the whole HTTP application over the memory stores.
 *
 * Actors live in the object, not in the Worker: what one request starts, another may only finish inside one object.
 * @module
 */
import { DurableObject } from "cloudflare:workers"
import { type Context, Effect, Layer, ManagedRuntime } from "effect"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as Limits from "../../core/Limits.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { type EdgeApp, makeApp } from "../../edge/app.ts"
import * as auth from "../../edge/auth.ts"
import * as embedded from "../../edge/embedded.ts"
import * as keys from "../../edge/keys.ts"
import type { Services } from "../../edge/route.ts"
import { sha256 } from "../../policies/bundle.ts"
// A module, compiled before the Worker runs: Workers compile no bytes.
import wasm from "../../policies/bundle.wasm"
import * as Policies from "../../policies/Policies.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import { Tail } from "../../runtime/Tail.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { TimeTravel } from "../../runtime/TimeTravel.ts"
import { app } from "../host/Counter.ts"

declare global {
  namespace Cloudflare {
    /** What `wrangler.toml` binds. */
    interface Env {
      readonly TEST_OBJECT: DurableObjectNamespace<TestObject>
    }
  }
}

/** Serves the counters; its token comes from `GET /token`, which only a test's Worker has. */
export class TestObject extends DurableObject {
  private served: Promise<{ readonly edge: EdgeApp; readonly token: string }> | undefined

  private async serve() {
    const { storage } = this.ctx
    const key = embedded.parse(await embedded.generate())
    const layer = Layer.merge(ActorHost.layer(app), TimeTravel.layer(app)).pipe(
      Layer.provideMerge(Layer.merge(Tail.layer, Policies.layer({ nexus: { wasm, sha256 } }))),
      Layer.provideMerge(Layer.mergeAll(
        EventStoreMemory.layer,
        QueryLimiterMemory.layer,
        SnapshotStoreMemory.layer,
        ViolationsMemory.layer,
        TickTrigger.layerGate(() => storage.sync()),
        Gate.layerOpen,
        Layer.provide(CachedRegistry.layer, SchemaRegistryMemory.layer),
      )),
    )
    const context: Context.Context<Services> = await ManagedRuntime.make(layer).context()
    const { audience, issuer } = embedded
    const authenticate = auth.make({ issuer, audience, keys: keys.fixed(embedded.publicSet(key)) }, Limits.defaults)
    const nowMs = await Effect.runPromise(Effect.clockWith((clock) => clock.currentTimeMillis))
    const token = await embedded.mint(key, {
      tenant: "t1",
      subject: "s",
      scope: "commands:* read schemas:read schemas:write",
      ttlSeconds: 60,
      nowMs,
    })
    return { edge: makeApp({ app, authenticate, context }), token }
  }

  override async fetch(request: Request): Promise<Response> {
    const { edge, token } = await (this.served ??= this.serve())
    return new URL(request.url).pathname === "/token" ? new Response(token) : edge.fetch(request)
  }
}

export default {
  fetch: (request, env) => env.TEST_OBJECT.get(env.TEST_OBJECT.idFromName("app")).fetch(request),
} satisfies ExportedHandler<Cloudflare.Env>
