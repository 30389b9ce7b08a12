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

/** What a process must be allowed on the stream, by what it does. */
export const actions = {
  publish: ["kinesis:DescribeStreamSummary", "kinesis:PutRecords"],
  read: ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"],
  /** On the consumer too, which is a resource of its own. */
  fanOut: ["kinesis:RegisterStreamConsumer", "kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"],
  create: ["kinesis:CreateStream", "kinesis:StartStreamEncryption", "kinesis:IncreaseStreamRetentionPeriod"],
} as const

/** Of Kinesis; it refuses more, the local engine does not. */
export const limits = {
  records: 500,
  callBytes: 5 * 1024 * 1024,
  /** Of one record, its partition key included. */
  recordBytes: 1024 * 1024,
  keyChars: 256,
  readRecords: 10_000,
  /** By one shard, of all who poll it together. */
  readsPerSecond: 5,
} as const
