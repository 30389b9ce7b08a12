/**
 * All of AWS for one measurement, on engines of its own, and everything that a server runs over it.
 * @module
 */
import { Layer } from "effect"
import type { App } from "../../core/App.ts"
import { CommandBus } from "../../core/CommandBus.ts"
import { withEngine } from "../../infra/engines/running.ts"
import { ActorHost } from "../../runtime/ActorHost.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import * as Kinesis from "../../runtime/adapters/kinesis/Kinesis.ts"
import * as sha256 from "../../runtime/adapters/node/sha256.ts"
import * as SnsSqs from "../../runtime/adapters/sns-sqs/SnsSqs.ts"
import { CachedRegistry } from "../../runtime/CachedRegistry.ts"
import { Gate } from "../../runtime/Gate.ts"
import { TickTrigger } from "../../runtime/TickTrigger.ts"
import { Consumers } from "../../runtime/workers/Consumers.ts"
import { Router } from "../../runtime/workers/Router.ts"
import { policies, registered } from "../governance/gate.ts"

export type Settings = DynamoDB.Settings & Kinesis.Settings

/** Runs `use` with settings whose engines end with it. */
export const withAws = <A>(use: (settings: Settings) => Promise<A>): Promise<A> =>
  withEngine("dynamodb", (dynamodb) =>
    withEngine("kinesis", (kinesis) =>
      withEngine("fauxqs", (queues) =>
        use({
          region: "eu-central-1",
          endpoints: { dynamodb: dynamodb.url, kinesis: kinesis.url, sns: queues.url, sqs: queues.url },
          credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
          prefix: "bench-",
          create: true,
        }))))

export const stores = (settings: Settings) =>
  Layer.orDie(Layer.mergeAll(DynamoDB.layer(settings), Kinesis.layer(settings), SnsSqs.layer(settings)))

/** What routing asks, beside the stores: the registry, with all that the application declares, and the policies. */
export const governed = (app: App) => Layer.provideMerge(Layer.merge(CachedRegistry.layer, policies), registered(app))

/** Actors, router and consumers in one process. */
export const server = (app: App, settings: Settings) =>
  Layer.merge(Router.layer(app), Consumers.layer(app)).pipe(
    Layer.provide(CommandBus.layerActors),
    Layer.provideMerge(ActorHost.layer(app)),
    Layer.provide([TickTrigger.layerImmediate, Gate.layerOpen, sha256.layer]),
    Layer.provide(governed(app)),
    Layer.provideMerge(stores(settings)),
  )
