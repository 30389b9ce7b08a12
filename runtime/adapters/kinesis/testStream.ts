/**
 * Streams of the local engine for tests, and what operators do to them.
 * @module
 */
import { Kinesis, type Shard } from "@aws-sdk/client-kinesis"
import { Effect } from "effect"
import { configuration } from "../aws/settings.ts"

/** Signed with anything: the engine does not look. */
export const local = (endpoint: string) => ({
  ...{ region: "eu-central-1", endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
})

export const clientOf = (url: string): Kinesis =>
  new Kinesis(configuration(local(url), "kinesis", { connections: 8, answerBytes: 16 * 1024 * 1024 }))

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export const active = async (client: Kinesis, StreamName: string): Promise<void> => {
  for (;;) {
    const { StreamDescriptionSummary: found } = await client.describeStreamSummary({ StreamName })
    if (found?.StreamStatus === "ACTIVE") return
    await pause(50)
  }
}

const openShards = async (client: Kinesis, StreamName: string): Promise<ReadonlyArray<Shard>> => {
  const { Shards = [] } = await client.listShards({ StreamName })
  return Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
}

/** Splits the first open shard in its middle. */
export const split = async (client: Kinesis, StreamName: string): Promise<void> => {
  const [shard] = await openShards(client, StreamName)
  const { EndingHashKey = "", StartingHashKey = "" } = shard?.HashKeyRange ?? {}
  const NewStartingHashKey = `${(BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n}`
  await client.splitShard({ StreamName, ShardToSplit: shard!.ShardId, NewStartingHashKey })
  await active(client, StreamName)
}

/** Merges the first two neighbours. */
export const merge = async (client: Kinesis, StreamName: string): Promise<void> => {
  const startOf = ({ HashKeyRange }: Shard) => BigInt(HashKeyRange?.StartingHashKey ?? "0")
  const [left, right] = (await openShards(client, StreamName)).toSorted((a, b) => startOf(a) < startOf(b) ? -1 : 1)
  await client.mergeShards({ StreamName, ShardToMerge: left!.ShardId, AdjacentShardToMerge: right!.ShardId })
  await active(client, StreamName)
}

/** Splits where one shard is open, merges where several are. */
export const reshard = (url: string, StreamName: string): Effect.Effect<void> =>
  Effect.promise(async () => {
    const client = clientOf(url)
    try {
      const shards = await openShards(client, StreamName)
      await (shards.length > 1 ? merge : split)(client, StreamName)
    } finally {
      client.destroy()
    }
  })

/** Registers a consumer, and waits until shards can be subscribed to as it. */
export const registered = async (client: Kinesis, StreamName: string, ConsumerName: string): Promise<void> => {
  const { StreamDescriptionSummary: found } = await client.describeStreamSummary({ StreamName })
  const about = { StreamARN: found?.StreamARN, ConsumerName }
  await client.registerStreamConsumer(about)
  for (;;) {
    const { ConsumerDescription } = await client.describeStreamConsumer(about)
    if (ConsumerDescription?.ConsumerStatus === "ACTIVE") return
    await pause(50)
  }
}
