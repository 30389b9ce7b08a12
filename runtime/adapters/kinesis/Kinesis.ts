/**
 * The core bus over Kinesis: a stream's core events share a partition key, and so stand in one shard in the order they
 * were put there.
 *
 * What it rests on: one record of a stream under way (the publisher's part), parents read before children (the
 * reader's), and versions in every event, by which doubles and late ones are told.
 * Source: Kinesis Data Streams API reference; quotas as of resources.ts.
 * @module
 */
import { Effect, Layer, type Scope } from "effect"
import { CoreBus, type Shape } from "../../../core/CoreBus.ts"
import { Limits } from "../../../core/Limits.ts"
import { LogUnavailable, type Shard } from "../../../core/ShardLog.ts"
import type * as Aws from "../aws/settings.ts"
import * as Client from "./client.ts"
import * as Consumer from "./consumer.ts"
import * as FanOut from "./fanOut.ts"
import { open, type StreamMissing } from "./open.ts"
import { positionAt } from "./position.ts"
import * as Publish from "./publish.ts"
import * as Read from "./read.ts"
import { nameOf } from "./resources.ts"

export interface Settings extends Aws.Settings {
  /** The stream is `<prefix>core`. */
  readonly prefix: string
  /** Makes the stream where it is missing: for development and tests. */
  readonly create?: boolean
  /**
   * `fan-out` reads by SubscribeToShard, as the registered consumer `<prefix>fan-out`; absent: by polling. Of all readers
   * of a shard under one prefix one is pushed its records, the others poll.
   */
  readonly read?: "polling" | "fan-out"
}

/** Of 1,000 shards each. */
const pagesMax = 10

export const make = (settings: Settings): Effect.Effect<Shape, StreamMissing, Scope.Scope> =>
  Effect.gen(function* () {
    const { shardPollMs, tailBusMs } = yield* Limits
    const ask = yield* Client.make(settings)
    const StreamName = nameOf(settings.prefix)
    const retentionMs = yield* open(ask, StreamName, settings)
    const polling = yield* Read.make(ask, StreamName, retentionMs)
    const reader = settings.read !== "fan-out" ? polling : yield* FanOut.make(
      yield* Client.makePushed(settings),
      polling,
      { consumer: yield* Consumer.open(ask, settings.prefix, settings.create ?? false), retentionMs },
    )

    /** Closed ones too, as long as they hold records. */
    const shards: Effect.Effect<ReadonlyArray<Shard>, LogUnavailable> = Effect.gen(function* () {
      const all: Array<Shard> = []
      const isOpen = new Map<string, boolean>()
      let NextToken: string | undefined
      for (let page = 0; page < pagesMax; page++) {
        const from = NextToken === undefined ? { StreamName } : { NextToken }
        const answer = yield* ask((client, options) => client.listShards(from, options))
        for (const { AdjacentParentShardId, ParentShardId, SequenceNumberRange, ShardId } of answer.Shards ?? []) {
          const parents = [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined)
          all.push({ id: ShardId!, parents })
          isOpen.set(ShardId!, SequenceNumberRange?.EndingSequenceNumber === undefined)
        }
        NextToken = answer.NextToken
        if (NextToken === undefined) {
          yield* reader.keep(isOpen)
          return all
        }
      }
      return yield* new LogUnavailable({ reason: "too many shards" })
    }).pipe(Effect.mapError((error) => error._tag === "Failed" ? Read.unavailable(error) : error))

    return CoreBus.of({
      recordMax: Publish.recordMax,
      publishMax: Publish.publishMax,
      publish: Publish.make(ask, StreamName),
      positionAt,
      shards,
      read: reader.read,
      // Only a read tells that something has come: whoever waits longer looks as often as one who reads seldom.
      wait: (ms) => reader.wait(Math.min(ms, Math.max(shardPollMs, tailBusMs))),
    })
  })

export const layer = (settings: Settings): Layer.Layer<CoreBus, StreamMissing> => Layer.effect(CoreBus, make(settings))
