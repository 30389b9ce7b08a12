/**
 * The laws of every secondary bus and every queue against fauxqs, and what is said where something is missing.
 *
 * fauxqs refuses characters beyond U+FFFF in SendMessage, which SQS takes, and never fails to deliver to a queue: the
 * dead letters of a subscription are looked at as it was told of them, not seen at work.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { eventAt } from "../../../core/laws/buses.ts"
import { freshTenant, streamOf } from "../../../core/laws/fixtures.ts"
import * as QueueLaws from "../../../core/Queue.laws.ts"
import { Queues } from "../../../core/Queues.ts"
import * as BusLaws from "../../../core/SecondaryBus.laws.ts"
import { SecondaryBus } from "../../../core/SecondaryBus.ts"
import { engine } from "../../../tests/engine.ts"
import * as SnsSqs from "./SnsSqs.ts"
import { local, snsOf, sqsOf } from "./testQueues.ts"

const secondsMax = 90

describe("the secondary bus over SNS and SQS", () => {
  const fauxqs = engine("fauxqs")
  const layer = (prefix: string, create = true) =>
    Layer.unwrap(Effect.sync(() => SnsSqs.layer({ ...local(fauxqs().url), prefix, create })))
  const patience = { patienceMs: secondsMax * 1000 }

  describe("keeps the laws of every secondary bus:", () => {
    for (const { law, name } of BusLaws.laws(patience)) {
      it.live(name, () => Effect.provide(law, layer("laws-")), secondsMax * 1000)
    }
    for (const { law, name } of BusLaws.reopened(layer("again-"))) it.live(name, () => law, secondsMax * 1000)
  })

  describe("has queues that keep the laws of every queue:", () => {
    const fresh = Effect.gen(function* () {
      return yield* (yield* Queues).named(yield* freshTenant)
    })
    const odd = ["x", `{"text":"äöü 漢字 \\u0000 <&> '\\""}`, " leading\n\ttrailing \r\n"]
    for (const { law, name } of QueueLaws.laws(fresh, { ...patience, odd })) {
      it.live(name, () => Effect.provide(law, layer("laws-")), secondsMax * 1000)
    }
    const named = (name: string) => Effect.flatMap(Queues, (queues) => queues.named(name))
    for (const { law, name } of QueueLaws.reopened(layer("again-"), named)) it.live(name, () => law, secondsMax * 1000)
  })

  it.live(
    "without leave to make anything it says what is missing, and takes what is there",
    () =>
      Effect.gen(function* () {
        const [strict, free] = [layer("strict-", false), layer("strict-")]
        const interests = [{ aggregate: "Order", type: "Noted" }, { aggregate: "Payment", type: "Made" }]
        const subscribe = (bus: SecondaryBus["Service"]) => bus.subscribe("mailer", interests)
        const by = (one: typeof strict) =>
          Effect.map(Layer.build(Layer.fresh(one)), (all) => Context.get(all, SecondaryBus))
        const asked = Effect.flatMap(by(strict), subscribe)
        const sqs = sqsOf(fauxqs().url)
        const sns = snsOf(fauxqs().url)
        const said: Array<string> = []
        const [sent] = yield* (yield* by(strict)).publish([eventAt(streamOf("t", "s"), 1)])
        said.push(sent!._tag === "NotSent" ? sent!.reason : "Sent")
        const { TopicArn } = yield* Effect.promise(() =>
          sns.createTopic({ Name: "strict-secondary", Attributes: { KmsMasterKeyId: "alias/aws/sns" } })
        )
        said.push((yield* Effect.flip(asked)).reason)
        yield* Effect.flatMap(by(free), subscribe)
        yield* asked
        yield* Effect.flatMap(by(strict), (bus) => bus.subscribe("mailer", interests.slice(1)))
        const more = [...interests, { aggregate: "Payment", type: "Lost" }]
        said.push((yield* Effect.flip(Effect.flatMap(by(strict), (bus) => bus.subscribe("mailer", more)))).reason)
        const expected = ["SNS topic strict-secondary", "SQS queue strict-dead-to-mailer", "to-mailer to {.*Lost"]
        for (const [i, text] of expected.entries()) {
          assert.match(said[i]!, new RegExp(`there is no .*${text}.* in eu-central-1: .*sqs:CreateQueue`))
        }
        // As it was told, SNS puts what it cannot deliver into the dead letters too.
        const { Subscriptions = [] } = yield* Effect.promise(() => sns.listSubscriptionsByTopic({ TopicArn }))
        assert.strictEqual(Subscriptions.length, 1)
        const { SubscriptionArn } = Subscriptions[0]!
        const { Attributes = {} } = yield* Effect.promise(() => sns.getSubscriptionAttributes({ SubscriptionArn }))
        assert.match(Attributes["RedrivePolicy"] ?? "", /:strict-dead-to-mailer"/)
        assert.strictEqual(Attributes["RawMessageDelivery"], "true")
        const { QueueUrl } = yield* Effect.promise(() => sqs.getQueueUrl({ QueueName: "strict-dead-to-mailer" }))
        const AttributeNames = ["Policy" as const]
        const policy = yield* Effect.promise(() => sqs.getQueueAttributes({ QueueUrl, AttributeNames }))
        assert.include(policy.Attributes?.Policy, TopicArn)
        sqs.destroy()
        sns.destroy()
      }),
    secondsMax * 1000,
  )
})
