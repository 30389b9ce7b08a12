/**
 * The adapters of stores and buses, as settings choose them, and what follows the events there. It composes, for servers.
 * @module
 */
import { Effect, Layer } from "effect"
import type { App } from "../core/App.ts"
import * as DynamoDB from "../runtime/adapters/dynamodb/DynamoDB.ts"
import * as Kinesis from "../runtime/adapters/kinesis/Kinesis.ts"
import * as SnsSqs from "../runtime/adapters/sns-sqs/SnsSqs.ts"
import * as Embedded from "../runtime/adapters/sqlite/Embedded.ts"
import * as BusTail from "../runtime/BusTail.ts"
import type { Settings } from "./settings.ts"

/** No file: tables, a stream, a topic and queues. What is stored is heard of by the bus, so routers have to run. */
const aws = (settings: DynamoDB.Settings & Kinesis.Settings) =>
  BusTail.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(DynamoDB.layer(settings), Kinesis.layer(settings), SnsSqs.layer(settings))),
  )

/** The queues of another application, by the prefix of its names. */
export const queuesOf = ({ production, store }: Settings, prefix: string) =>
  store.kind === "sqlite" ? Effect.die(new Error("one file has no queues of others")) : Effect.map(
    SnsSqs.make({ prefix, ...store.aws, ...production ? {} : { create: true } }),
    ({ queues }) => queues,
  )

type File = ReturnType<typeof Embedded.layer>
type Aws = ReturnType<typeof aws>
/** What both have: the file holds more, for the command line. */
type Stores = Layer.Layer<Extract<Layer.Success<Aws>, Layer.Success<File>>, Layer.Error<Aws> | Layer.Error<File>>

export const layerOf = ({ name }: App, { data, production, store }: Settings): Stores => {
  if (store.kind === "sqlite") return Embedded.layer({ folder: data })
  const { prefix = `${name}-` } = store
  const { read = "polling" } = store
  return aws({ prefix, read, ...store.aws, ...production ? {} : { create: true } })
}
