/**
 * What the contract suite talks to: a composition of edge, host and store, and an issuer whose tokens it takes.
 *
 * A new store gets the whole suite by opening a target over itself.
 * @module
 */
import { Clock, Effect, Layer, Logger, ManagedRuntime, Result } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { App } from "../../core/App.ts"
import type { EventStore } from "../../core/EventStore.ts"
import { DeadLetters, type Shape as Letters } from "../../core/DeadLetters.ts"
import * as DeadLettersMemory from "../../core/DeadLettersMemory.ts"
import * as EventStoreMemory from "../../core/EventStoreMemory.ts"
import type { Leases } from "../../core/Leases.ts"
import * as LeasesMemory from "../../core/LeasesMemory.ts"
import * as Limits from "../../core/Limits.ts"
import type { QueryLimiter } from "../../core/QueryLimiter.ts"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import * as SchemaRegistryMemory from "../../core/SchemaRegistryMemory.ts"
import type { SnapshotStore } from "../../core/SnapshotStore.ts"
import * as SnapshotStoreMemory from "../../core/SnapshotStoreMemory.ts"
import type { Violations } from "../../core/Violations.ts"
import * as ViolationsMemory from "../../core/ViolationsMemory.ts"
import { makeApp } from "../../edge/app.ts"
import * as auth from "../../edge/auth.ts"
import { start } from "../../edge/deno.ts"
import * as keys from "../../edge/keys.ts"
import * as locked from "../../edge/locked.ts"
import { fromEnvironment } from "../../edge/settings.ts"
import { layerOf } from "../../edge/stores.ts"
import { sha256 } from "../../policies/bundle.ts"
import * as Policies from "../../policies/Policies.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import { Tail } from "../../runtime/Tail.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { TimeTravel } from "../../runtime/TimeTravel.ts"
import boxes from "./app.ts"
import * as Issuer from "./Issuer.ts"

export interface Target {
  readonly app: App
  readonly issuer: Issuer.Issuer
  readonly limits: Limits.Limits
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  /** Where it listens, if it does. */
  readonly port: number | undefined
  /** Works on the dead letters that it serves. */
  readonly letters: <A>(f: (letters: Letters) => Effect.Effect<A, unknown>) => Promise<A>
  readonly close: () => Promise<void>
}

export type Open = (limits?: Partial<Limits.Limits>) => Promise<Target>

/** The policies as they are released. */
const nexus = { wasm: new Uint8Array(readFileSync(join(import.meta.dirname!, "../../policies/bundle.wasm"))), sha256 }

type Stores = Layer.Layer<DeadLetters | EventStore | Leases | QueryLimiter | SnapshotStore | Violations>
const memory: Stores = Layer.mergeAll(
  EventStoreMemory.layer,
  QueryLimiterMemory.layer,
  SnapshotStoreMemory.layer,
  ViolationsMemory.layer,
  DeadLettersMemory.layer,
  LeasesMemory.layer,
)

/** The app factory in this process, called without a socket; `clock` is what all of it looks at. */
export const inProcess =
  (stores: Stores = memory, app: App = boxes, clock?: Clock.Clock): Open => async (some = {}) => {
    const issuer = await Issuer.open()
    const limits = Limits.lowered(some)
    const registry = Layer.provide(CachedRegistry.layer, SchemaRegistryMemory.layer)
    const runtime = ManagedRuntime.make(
      Layer.merge(ActorHost.layer(app), TimeTravel.layer(app)).pipe(
        Layer.provide(Gate.layer(app)),
        Layer.provideMerge(Tail.layer),
        Layer.provideMerge(Policies.layer({ nexus })),
        Layer.provideMerge(Layer.mergeAll(stores, registry, TickTrigger.layerImmediate)),
        Layer.provideMerge(Layer.succeed(Limits.Limits, limits)),
        Layer.provideMerge(Logger.layer([])),
        Layer.provideMerge(clock === undefined ? Layer.empty : Layer.succeed(Clock.Clock, clock)),
      ),
    )
    const authenticate = auth.make({ ...issuer, keys: keys.remote(issuer.jwksUrl, limits) }, limits)
    const docs = () => Promise.resolve("")
    await runtime.runPromise(locked.prepare(app, undefined, { production: false, writes: true }))
    const edge = makeApp({ app, authenticate, limits, docs, context: await runtime.context() })
    return {
      app,
      issuer,
      limits,
      fetch: (path, init) => edge.fetch(new Request(`http://nexus${path}`, init)),
      port: undefined,
      letters: (f) => runtime.runPromise(Effect.flatMap(DeadLetters, f)),
      close: async () => {
        await runtime.dispose()
        issuer.close()
      },
    }
  }

/** The whole server over a socket and the store that `more` chooses, else the embedded one. */
export const embedded = async (
  some: Partial<Limits.Limits> = {},
  more: Readonly<Record<string, string>> = {},
): Promise<Target> => {
  const issuer = await Issuer.open()
  const data = mkdtempSync(join(tmpdir(), "nexus-http-"))
  const env = {
    NEXUS_DATA: data,
    PORT: "0",
    NEXUS_ISSUER: issuer.issuer,
    NEXUS_AUDIENCE: issuer.audience,
    NEXUS_JWKS_URL: issuer.jwksUrl,
    ...more,
  }
  const settings = Result.getOrThrow(fromEnvironment(env))
  const server = await start(boxes, { env, limits: some, logLevel: "None" })
  return {
    app: boxes,
    issuer,
    limits: Limits.lowered(some),
    fetch: (path, init) => fetch(server.url + path, init),
    port: Number(new URL(server.url).port),
    letters: (f) => Effect.runPromise(Effect.provide(Effect.flatMap(DeadLetters, f), layerOf(boxes, settings))),
    close: async () => {
      await server.stop()
      issuer.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
