/**
 * The stream of this adapter as plain data: tests and development make it from this, and so does what deploys. It imports
 * nothing.
 * @module
 */

/** One for each application, named `<prefix>core`: all core events, in order for each stream. */
export const stream = {
  /** It grows and shrinks by itself: its shards split and merge under those who read. */
  mode: "ON_DEMAND",
  /** What a reader may miss before it has to go back to the store. */
  retentionHours: 24,
  encryption: { type: "KMS", key: "alias/aws/kinesis" },
} as const

export const nameOf = (prefix: string): string => `${prefix}core`

/** The registered consumer of whoever reads by SubscribeToShard. */
export const consumerOf = (prefix: string): string => `${prefix}fan-out`

/** What a process must be allowed on the stream, by what it does. */
export const actions = {
  publish: ["kinesis:DescribeStreamSummary", "kinesis:PutRecords"],
  read: ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"],
  /** On the consumer too, which is a resource of its own. */
  fanOut: ["kinesis:RegisterStreamConsumer", "kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"],
  create: ["kinesis:CreateStream", "kinesis:StartStreamEncryption"],
} as const

/** Of Kinesis; it refuses more, the local engine does not. */
export const limits = {
  records: 500,
  callBytes: 5 * 1024 * 1024,
  /** Of one record, its partition key included. */
  recordBytes: 1024 * 1024,
  keyChars: 256,
  readRecords: 10_000,
} as const

/** Of a subscription: what Kinesis says of it, and how it is used here. */
export const fanOut = {
  /** Kinesis gives another one of a shard no sooner. */
  pauseMs: 5_000,
  /** Between attempts, where subscriptions are refused or end early. */
  pauseMaxMs: 5 * 60_000,
  /** One that ends later was no failure; Kinesis ends each after five minutes. */
  lastingMs: 60_000,
  /** An event comes every five seconds, if only to say that there is none: behind this the line is dead. */
  silentMs: 30_000,
  /** Its reader is gone, and another one may subscribe. */
  unusedMs: 15_000,
} as const
