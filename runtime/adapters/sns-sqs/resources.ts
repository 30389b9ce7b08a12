/**
 * The topic and the queues of this adapter as plain data: tests and development make them from this, and so does what
 * deploys. It imports nothing of the project.
 * @module
 */
import { hash } from "node:crypto"

const daySeconds = 86_400

/** One for each application, named `<prefix>secondary`: every secondary event, with its `aggregate` and `type`. */
export const topic = { KmsMasterKeyId: "alias/aws/sns" } as const

/** One for each consumer, and for commands. Whatever nobody takes in four days is gone: an alarm comes before. */
export const queue = {
  MessageRetentionPeriod: `${4 * daySeconds}`,
  MaximumMessageSize: `${256 * 1024}`,
  VisibilityTimeout: "30",
  ReceiveMessageWaitTimeSeconds: "10",
  SqsManagedSseEnabled: "true",
} as const

/** Beside each queue. A dead letter's time began when it was sent first, so it has more of it. */
export const deadQueue = { ...queue, MessageRetentionPeriod: `${14 * daySeconds}` } as const

/** Of SNS and SQS; a call of ten together has no more bytes than one message, attributes included. */
export const limits = {
  entries: 10,
  bytes: 256 * 1024,
  filterValues: 150,
  waitSeconds: 20,
  hiddenSeconds: 43_200,
} as const

const nameMax = 80

/** `to`: of a consumer of that name; `queue`: a queue by name. */
export type Kind = "to" | "queue"

/**
 * A queue and its dead letters: `<prefix>to-<consumer>`, `<prefix>dead-to-<consumer>`. A consumer may have a name that no
 * queue can have: it ends in a hash of the whole then.
 */
export const queueNamesOf = (
  prefix: string,
  kind: Kind,
  name: string,
): { readonly queue: string; readonly dead: string } => {
  const whole = `${kind}-${name}`
  const room = nameMax - prefix.length - "dead-".length
  const isFine = /^[\w-]+$/.test(whole) && whole.length <= room
  const fitted = `${whole.replaceAll(/[^\w-]/g, "-").slice(0, room - 17)}_${hash("sha256", whole, "hex").slice(0, 16)}`
  return { queue: `${prefix}${isFine ? whole : fitted}`, dead: `${prefix}dead-${isFine ? whole : fitted}` }
}
export const topicNameOf = (prefix: string): string => `${prefix}secondary`

/** Six receives, then it is a dead letter. */
export const redrivePolicy = (deadLetterTargetArn: string): string =>
  JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 6 })

/** The topic alone may send to a consumer's queue and, what it cannot deliver there, to its dead letters; over TLS. */
export const queuePolicy = (queueArn: string, topicArn: string | undefined): string => {
  const send = {
    ...{ Sid: "Topic", Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" },
    ...{ Resource: queueArn, Condition: { ArnEquals: { "aws:SourceArn": topicArn } } },
  }
  const plain = {
    ...{ Sid: "Tls", Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: queueArn },
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  }
  return JSON.stringify({ Version: "2012-10-17", Statement: topicArn === undefined ? [plain] : [send, plain] })
}

export interface Wanted {
  readonly aggregate: string
  readonly type: string
}

/** What a subscription lets pass; nothing where nothing is wanted. More than 150 types are a mistake. */
export const filterPolicy = (wanted: ReadonlyArray<Wanted>): string => {
  if (wanted.length > limits.filterValues) throw new Error(`a filter policy of ${wanted.length} event types`)
  const types = new Map<string, Set<string>>()
  for (const { aggregate, type } of wanted) types.set(aggregate, (types.get(aggregate) ?? new Set()).add(type))
  const each = [...types].toSorted(([a], [b]) => a < b ? -1 : 1).map(([aggregate, types]) => ({
    ...{ aggregate: [aggregate], type: [...types].toSorted() },
  }))
  return JSON.stringify(
    each.length === 0 ? { aggregate: [{ exists: false }] } : each.length === 1 ? each[0] : { $or: each },
  )
}

/** What a filter policy lets pass, where it is one of ours: the reverse of `filterPolicy`. */
export const wantedOf = (policy: string | undefined): ReadonlyArray<Wanted> => {
  try {
    const { $or, ...one } = JSON.parse(policy ?? "{}")
    return ($or ?? [one]).flatMap(({ aggregate, type = [] }: Record<string, ReadonlyArray<string>>) =>
      type.flatMap((type) => aggregate!.map((aggregate) => ({ aggregate, type })))
    )
  } catch {
    return []
  }
}

/** Of one consumer; what SNS cannot deliver goes to the same dead letters as what the consumer fails on. */
export const subscription = (deadArn: string, wanted: ReadonlyArray<Wanted>) => ({
  FilterPolicy: filterPolicy(wanted),
  RawMessageDelivery: "true",
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn }),
})

/** What a process must be allowed, by what it does; all but the first on its own queues alone. */
export const actions = {
  publish: ["sns:ListTopics", "sns:Publish"],
  consume: [
    ...["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
    ...["sqs:ChangeMessageVisibility", "sns:ListSubscriptionsByTopic", "sns:GetSubscriptionAttributes"],
  ],
  /** Redrives and bus commands. */
  send: ["sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SendMessage"],
  create: [
    ...["sns:CreateTopic", "sns:Subscribe", "sns:SetSubscriptionAttributes", "sqs:CreateQueue"],
    "sqs:SetQueueAttributes",
  ],
} as const
