/**
 * Finds the topic and the queues, or makes them where that is asked for; what is missing is said with what makes it.
 * @module
 */
import { Effect } from "effect"
import { QueueUnavailable } from "../../../core/Queue.ts"
import { type Interest, widened } from "../../../core/SecondaryBus.ts"
import type { Failed } from "../aws/Failed.ts"
import { type Calls, unavailable } from "./clients.ts"
import type { Where } from "./queue.ts"
import * as resources from "./resources.ts"

export interface Place {
  readonly prefix: string
  readonly region: string
  readonly create: boolean
}

const missing = (what: string, { region }: Place) =>
  new QueueUnavailable({
    reason: `there is no ${what} in ${region}: deploy it, or start a server once with NEXUS_ENV=development, ` +
      `which makes it and needs ${resources.actions.create.join(", ")}`,
  })

const isMissing = ({ code }: Failed): boolean => /QueueDoesNotExist|NonExistentQueue|NotFound/.test(code)
/** Of 100 each. */
const pagesMax = 100

/** The first of a listing that fits, page by page. */
const find = <A>(
  page: (next: { readonly NextToken?: string }) => Effect.Effect<
    { readonly items: ReadonlyArray<A>; readonly next: string | undefined },
    Failed
  >,
  fits: (item: A) => boolean,
) =>
  Effect.gen(function* () {
    let from: string | undefined
    for (let i = 0; i < pagesMax; i++) {
      const { items, next } = yield* page(from === undefined ? {} : { NextToken: from })
      const found = items.find(fits)
      if (found !== undefined || next === undefined) return found
      from = next
    }
    return undefined
  })

export const topicArn = ({ sns }: Calls, place: Place): Effect.Effect<string, QueueUnavailable> =>
  Effect.gen(function* () {
    const Name = resources.topicNameOf(place.prefix)
    if (place.create) {
      const made = yield* sns((client, signal) => client.createTopic({ Name, Attributes: resources.topic }, signal))
      return made.TopicArn!
    }
    const found = yield* find(
      (next) =>
        Effect.map(sns((client, signal) => client.listTopics(next, signal)), ({ NextToken, Topics = [] }) => ({
          ...{ items: Topics.map(({ TopicArn = "" }) => TopicArn), next: NextToken },
        })),
      (arn) => arn.endsWith(`:${Name}`),
    )
    return found ?? (yield* missing(`SNS topic ${Name}`, place))
  }).pipe(Effect.mapError((error) => error._tag === "Failed" ? unavailable(error) : error))

interface Found {
  readonly url: string
  readonly arn: string
}

const attributesOf = ({ sqs }: Calls, QueueUrl: string) =>
  Effect.map(
    sqs((client, signal) =>
      client.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn", "RedrivePolicy"] }, signal)
    ),
    ({ Attributes = {} }) => Attributes,
  )

const existing = (calls: Calls, QueueName: string, place: Place) =>
  Effect.gen(function* () {
    const { QueueUrl: url = "" } = yield* calls.sqs((client, signal) => client.getQueueUrl({ QueueName }, signal)).pipe(
      Effect.catchIf(isMissing, () => Effect.fail(missing(`SQS queue ${QueueName}`, place))),
    )
    return { url, ...yield* attributesOf(calls, url) }
  })

/** Brought to what resources.ts says, if it was there before. */
const made = (calls: Calls, QueueName: string, Attributes: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const { QueueUrl: url = "" } = yield* calls.sqs((client, signal) =>
      client.createQueue({ QueueName, Attributes }, signal)
    ).pipe(
      Effect.catchIf(
        ({ code }) => /QueueNameExists|QueueAlreadyExists/.test(code),
        () => calls.sqs((client, signal) => client.getQueueUrl({ QueueName }, signal)),
      ),
    )
    const { QueueArn: arn = "" } = yield* attributesOf(calls, url)
    return { url, arn }
  })

const change = ({ sqs }: Calls, { url: QueueUrl }: Found, Attributes: Readonly<Record<string, string>>) =>
  sqs((client, signal) => client.setQueueAttributes({ QueueUrl, Attributes }, signal))

/** A queue with its dead letters; `topic` may send to both. */
export const queue = (
  calls: Calls,
  place: Place,
  kind: resources.Kind,
  name: string,
  topic?: string,
): Effect.Effect<Where & { readonly arn: string; readonly deadArn: string }, QueueUnavailable> =>
  Effect.gen(function* () {
    const { dead: deadName, queue: queueName } = resources.queueNamesOf(place.prefix, kind, name)
    if (!place.create) {
      const dead = yield* existing(calls, deadName, place)
      const { QueueArn: arn = "", RedrivePolicy = "", url } = yield* existing(calls, queueName, place)
      if (!RedrivePolicy.includes(`"${dead.QueueArn}"`)) {
        return yield* missing(`way from the SQS queue ${queueName} to its dead letters`, place)
      }
      return { url, arn, dead: { url: dead.url, dead: undefined }, deadArn: dead.QueueArn ?? "" }
    }
    const dead = yield* made(calls, deadName, resources.deadQueue)
    const live = yield* made(calls, queueName, resources.queue)
    yield* change(calls, dead, { ...resources.deadQueue, Policy: resources.queuePolicy(dead.arn, topic) })
    yield* change(calls, live, {
      ...resources.queue,
      Policy: resources.queuePolicy(live.arn, topic),
      RedrivePolicy: resources.redrivePolicy(dead.arn),
    })
    return { ...live, dead: { url: dead.url, dead: undefined }, deadArn: dead.arn }
  }).pipe(Effect.mapError((error) => error._tag === "Failed" ? unavailable(error) : error))

const isAnother = ({ cause }: Failed): boolean =>
  /already exists with different attributes/i.test(`${(cause as Error).message}`)

/** Subscribes a queue, or has its subscription let pass what is wanted as well. Without leave, one that lets more pass will do. */
export const subscribe = (
  calls: Calls,
  place: Place,
  TopicArn: string,
  { arn: Endpoint, deadArn }: { readonly arn: string; readonly deadArn: string },
  interests: ReadonlyArray<Interest>,
): Effect.Effect<void, QueueUnavailable> =>
  Effect.gen(function* () {
    const Attributes = resources.subscription(deadArn, interests)
    /** As a subscription stands, and as it is to stand. */
    const attributesOf = Effect.fnUntraced(function* (SubscriptionArn: string | undefined) {
      const { Attributes: now = {} } = yield* calls.sns((client, signal) =>
        client.getSubscriptionAttributes({ SubscriptionArn }, signal)
      )
      const all = widened(resources.wantedOf(now["FilterPolicy"]), interests)
      return { now, then: Object.entries(resources.subscription(deadArn, all)) }
    })
    const current = find((next) =>
      Effect.map(
        calls.sns((client, signal) => client.listSubscriptionsByTopic({ TopicArn, ...next }, signal)),
        ({ NextToken, Subscriptions = [] }) => ({ items: Subscriptions, next: NextToken }),
      ), (one) => one.Endpoint === Endpoint)
    if (!place.create) {
      const name = Endpoint.split(":").at(-1)
      const SubscriptionArn = (yield* current)?.SubscriptionArn
      if (SubscriptionArn === undefined) return yield* missing(`subscription of the SQS queue ${name}`, place)
      const { now, then } = yield* attributesOf(SubscriptionArn)
      return then.every(([key, value]) => sameJson(now[key], value))
        ? undefined
        : yield* missing(`subscription of the SQS queue ${name} to ${Attributes.FilterPolicy}`, place)
    }
    const options = { TopicArn, Protocol: "sqs", Endpoint, ReturnSubscriptionArn: true }
    yield* calls.sns((client, signal) => client.subscribe({ ...options, Attributes }, signal)).pipe(
      Effect.catchIf(isAnother, () =>
        Effect.gen(function* () {
          const SubscriptionArn = (yield* current)?.SubscriptionArn
          for (const [AttributeName, AttributeValue] of (yield* attributesOf(SubscriptionArn)).then) {
            const input = { SubscriptionArn, AttributeName, AttributeValue }
            yield* calls.sns((client, signal) => client.setSubscriptionAttributes(input, signal))
          }
        })),
    )
  }).pipe(Effect.mapError((error) => error._tag === "Failed" ? unavailable(error) : error))

/** AWS may write a policy with other spaces than it was given. */
const sameJson = (now: string | undefined, wanted: string): boolean =>
  (now ?? "").replaceAll(/\s/g, "") === wanted.replaceAll(/\s/g, "")
