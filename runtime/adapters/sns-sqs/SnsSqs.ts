/**
 * The secondary bus over SNS and SQS, and queues by name: one topic, one queue with dead letters for each consumer.
 *
 * A subscription lets pass what its consumer asked for. AWS takes up to 15 minutes to heed a changed one.
 * Source: Amazon SNS and Amazon SQS API references; quotas as of resources.ts.
 * @module
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { Limits } from "../../../core/Limits.ts"
import { Queues } from "../../../core/Queues.ts"
import { SecondaryBus } from "../../../core/SecondaryBus.ts"
import { kept } from "../../kept.ts"
import type * as Aws from "../aws/settings.ts"
import * as Clients from "./clients.ts"
import * as Open from "./open.ts"
import * as Publish from "./publish.ts"
import * as SqsQueue from "./queue.ts"
import { limits } from "./resources.ts"

export interface Settings extends Aws.Settings {
  /** The topic is `<prefix>secondary`, queues `<prefix>to-<consumer>` and `<prefix>dead-to-<consumer>`. */
  readonly prefix: string
  /** Makes what is missing and changes what differs: for development and tests. */
  readonly create?: boolean
}

export const make = (
  settings: Settings,
): Effect.Effect<{ readonly bus: SecondaryBus["Service"]; readonly queues: Queues["Service"] }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { messageBodyBytes } = yield* Limits
    const calls = yield* Clients.make(settings)
    const { create = false, prefix, region } = settings
    const place: Open.Place = { prefix, region, create }
    const topicArn = kept(Open.topicArn(calls, place))
    return {
      bus: SecondaryBus.of({
        publishMax: limits.entries,
        publish: Publish.make(calls, topicArn),
        subscribe: Effect.fnUntraced(function* (consumer, interests) {
          const arn = yield* topicArn
          const queue = yield* Open.queue(calls, place, "to", consumer, arn)
          yield* Open.subscribe(calls, place, arn, queue, interests)
          return SqsQueue.make(calls, queue, messageBodyBytes)
        }),
      }),
      queues: Queues.of({
        named: (name) =>
          Effect.map(
            Open.queue(calls, place, "queue", name),
            (queue) => SqsQueue.make(calls, queue, messageBodyBytes),
          ),
      }),
    }
  })

/** Asks nobody yet: an outage at start is one of each call, and whoever makes that tries again. */
export const layer = (settings: Settings): Layer.Layer<SecondaryBus | Queues> =>
  Layer.effectContext(
    Effect.map(make(settings), ({ bus, queues }) => Context.make(SecondaryBus, bus).pipe(Context.add(Queues, queues))),
  )
