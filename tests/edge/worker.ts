/**
 * The Worker under the `edge` tests: a Durable Object with the whole HTTP application over the memory stores,
 * governed by its registry and the compiled policies.
 *
 * `/token`, `/compiles` and `/decides` are the tests' own. Actors live in the object, not in the Worker: what one request
 * starts, another may only finish inside one object.
 * @module
 */
import { DurableObject } from "cloudflare:workers"
import { Context, Effect, Layer, ManagedRuntime } from "effect"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as Limits from "../../core/Limits.ts"
import { PolicyEnforcer } from "../../core/PolicyEnforcer.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { type EdgeApp, makeApp } from "../../edge/app.ts"
import * as auth from "../../edge/auth.ts"
import * as embedded from "../../edge/embedded.ts"
import * as keys from "../../edge/keys.ts"
import * as locked from "../../edge/locked.ts"
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

interface Served {
  readonly edge: EdgeApp
  readonly token: string
  readonly decide: (scopes: ReadonlyArray<string>) => Promise<string>
}

/** Whether this platform compiles Wasm while it runs: Workers do not, some of their test pools do. */
const compiles = (): boolean => {
  const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => unknown
  try {
    return new Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])) !== undefined
  } catch {
    return false
  }
}

/** Serves the counters; its token comes from `GET /token`. */
export class TestObject extends DurableObject {
  private served: Promise<Served> | undefined

  private async serve() {
    const { storage } = this.ctx
    const key = await embedded.parse(await embedded.generate())
    const layer = Layer.merge(ActorHost.layer(app), TimeTravel.layer(app)).pipe(
      Layer.provide(Gate.layer(app)),
      Layer.provideMerge(Layer.merge(Tail.layer, Policies.layer({ nexus: { wasm, sha256 } }))),
      Layer.provideMerge(Layer.mergeAll(
        EventStoreMemory.layer,
        QueryLimiterMemory.layer,
        SnapshotStoreMemory.layer,
        ViolationsMemory.layer,
        DeadLettersMemory.layer,
        LeasesMemory.layer,
        TickTrigger.layerGate(() => storage.sync()),
        Layer.provide(CachedRegistry.layer, SchemaRegistryMemory.layer),
      )),
    )
    const runtime = ManagedRuntime.make(layer)
    const context: Context.Context<Services> = await runtime.context()
    await runtime.runPromise(locked.prepare(app, undefined, { production: false, writes: true }))
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
    const decide = (scopes: ReadonlyArray<string>) =>
      Context.get(context, PolicyEnforcer).enforce({
        ...{ action: "command", app: app.name, aggregate: "Counter", type: "Add", path: "" },
        ...{ tenant: "t1", subject: "s", scopes },
      }).pipe(
        Effect.match({
          onSuccess: () => "allowed",
          onFailure: (denied) => "rule" in denied ? denied.rule : denied._tag,
        }),
        Effect.runPromise,
      )
    return { decide, edge: makeApp({ app, authenticate, context }), token }
  }

  override async fetch(request: Request): Promise<Response> {
    const { decide, edge, token } = await (this.served ??= this.serve())
    switch (new URL(request.url).pathname) {
      case "/token":
        return new Response(token)
      case "/compiles":
        return new Response(`${compiles()}`)
      case "/decides":
        return Response.json({ yes: await decide(["commands:Counter"]), no: await decide(["read"]) })
      default:
        return edge.fetch(request)
    }
  }
}

export default {
  fetch: (request, env) => env.TEST_OBJECT.get(env.TEST_OBJECT.idFromName("app")).fetch(request),
} satisfies ExportedHandler<Cloudflare.Env>
