/**
 * What fauxqs never does by itself: a proxy before it loses answers, fails calls in part, throttles and refuses.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import * as EventWire from "../../../core/EventWire.ts"
import { eventAt } from "../../../core/laws/buses.ts"
import { freshTenant, streamOf } from "../../../core/laws/fixtures.ts"
import type { Queue } from "../../../core/Queue.ts"
import { SecondaryBus } from "../../../core/SecondaryBus.ts"
import { type Asked, engine, faults, type Proxy, proxy } from "../../../tests/engine.ts"
import * as SnsSqs from "./SnsSqs.ts"
import { local } from "./testQueues.ts"

/** SQS says it in a header, SNS in its form. */
const actionOf = ({ body, headers }: Asked): string | undefined =>
  headers["x-amz-target"]?.replace("AmazonSQS.", "") ?? /(?:^|&)Action=(\w+)/.exec(body)?.[1]
const amzJson = { "content-type": "application/x-amz-json-1.0" }
const sqsRefusal = (code: string, status = 400) =>
  faults.answer(status, JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: code }), amzJson)
const snsRefusal = (code: string, status = 400) =>
  faults.answer(
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`,
    { "content-type": "text/xml" },
  )

const secondsMax = 90
const longMs = 600_000

describe("under faults, the secondary bus over SNS and SQS", () => {
  const fauxqs = engine("fauxqs")
  let before: Proxy
  beforeAll(async () => {
    before = await proxy(fauxqs().url)
  })
  afterAll(() => before.stop())

  const once = (action: string, fault: ReturnType<Parameters<Proxy["on"]>[0]>) => {
    let left = 1
    before.on((asked) => actionOf(asked) === action && left-- > 0 ? fault : undefined)
  }
  /** A bus and a queue behind the proxy, which does nothing to begin with. */
  const broken = (
    name: string,
    body: (bus: SecondaryBus["Service"], queue: Queue, tenant: string) => Effect.Effect<void, unknown>,
  ) =>
    it.live(
      name,
      () =>
        Effect.gen(function* () {
          before.on(() => undefined)
          const context = yield* Layer.build(SnsSqs.layer({ ...local(before.url), prefix: "broken-", create: true }))
          const tenant = yield* freshTenant
          const bus = Context.get(context, SecondaryBus)
          yield* body(bus, yield* bus.subscribe(tenant, [{ aggregate: "Order", type: tenant }]), tenant)
        }),
      secondsMax * 1000,
    )
  const eventsOf = (tenant: string, count: number, more = {}) =>
    Array.from({ length: count }, (_, i) => eventAt(streamOf(tenant, "s"), i + 1, { type: tenant, ...more }))
  const receive = (queue: Queue, hiddenMs = longMs) => queue.receive(10, { waitMs: 1_000, hiddenMs })
  const bodies = (messages: ReadonlyArray<{ readonly body: string }>) => messages.map(({ body }) => body).toSorted()

  broken(
    "a lost answer of SNS leaves open what was sent: it may come twice",
    (bus, queue, tenant) =>
      Effect.gen(function* () {
        const events = eventsOf(tenant, 2)
        once("PublishBatch", faults.drop)
        const notSent = { _tag: "NotSent", reason: "ECONNRESET" } as const
        assert.deepStrictEqual(yield* bus.publish(events), [notSent, notSent])
        assert.deepStrictEqual((yield* bus.publish(events)).map(({ _tag }) => _tag), ["Sent", "Sent"])
        assert.deepStrictEqual(bodies(yield* receive(queue)), [...events, ...events].map(EventWire.encode).toSorted())
      }),
  )

  broken(
    "a call of SNS that fails in part says so of exactly those events",
    (bus, _, tenant) =>
      Effect.gen(function* () {
        once(
          "PublishBatch",
          faults.rewrite((answer) => ({
            ...answer,
            body: answer.body
              .replace(/<member><Id>1<\/Id>.*?<\/member>/, "").replace(/<member><Id>2<\/Id>.*?<\/member>/, "")
              .replace(
                /<Failed\/>|<Failed><\/Failed>/,
                "<Failed><member><Id>1</Id><Code>Throttled</Code><SenderFault>false</SenderFault></member></Failed>",
              ),
          })),
        )
        assert.deepStrictEqual(yield* bus.publish(eventsOf(tenant, 3)), [
          { _tag: "Sent" },
          { _tag: "NotSent", reason: "throttled" },
          { _tag: "NotSent", reason: "not its words" },
        ])
      }),
  )

  broken("throttling, errors and half answers of SNS are no answers", (bus, _, tenant) =>
    Effect.gen(function* () {
      const reasons: Array<string> = []
      const all = [
        ...[snsRefusal("Throttling"), snsRefusal("KMSThrottling"), snsRefusal("InternalError", 500)],
        ...[faults.truncate, faults.refuse, faults.hang],
      ]
      for (const fault of all) {
        once("PublishBatch", fault)
        const [sent] = yield* bus.publish(eventsOf(tenant, 1))
        reasons.push(sent!._tag === "NotSent" ? sent!.reason : "Sent")
      }
      const expected = ["throttled", "throttled", "InternalErrorException", "ECONNRESET", "ECONNRESET", "timeout"]
      assert.deepStrictEqual(reasons, expected)
    }))

  broken(
    "ten large events go in several calls, and one too large for SNS is told apart",
    (bus, queue, tenant) =>
      Effect.gen(function* () {
        const large = eventsOf(tenant, 3, { payload: `{"s":"${"ä".repeat(60_000)}"}` })
        // Not as JSON.stringify writes it: it travels as a string, in which each quote takes one byte more.
        const huge = eventsOf(tenant, 1, { id: "huge", payload: `{ "s":"${`\\"`.repeat(90_000)}"}` })
        const from = before.asked.length
        const outcomes = yield* bus.publish([...large.slice(0, 2), ...huge, large[2]!])
        const calls = before.asked.slice(from).filter((asked) => actionOf(asked) === "PublishBatch")
        assert.strictEqual(calls.length, 2, "fauxqs takes more bytes in one call than SNS")
        assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Sent", "Sent", "Unsendable", "Sent"])
        assert.match(JSON.stringify(outcomes[2]), /\d{6} bytes, SNS takes 262144/)
        assert.deepStrictEqual(bodies(yield* receive(queue)), large.map(EventWire.encode).toSorted())
      }),
  )

  broken(
    "characters that SQS refuses reach the consumer within the event",
    (bus, queue, tenant) =>
      Effect.gen(function* () {
        const [event] = eventsOf(tenant, 1, { payload: JSON.stringify({ s: "\uFFFE \uFFFF 😀 \u0000" }) })
        yield* bus.publish([event!])
        const [message] = yield* receive(queue)
        assert.notMatch(message!.body, /[\uFFFE\uFFFF]/)
        assert.deepStrictEqual(EventWire.decode(message!.body), event!)
      }),
  )

  broken(
    "a removal whose answer is lost was made, and a partial one says what comes again",
    (_, queue) =>
      Effect.gen(function* () {
        yield* queue.send(["a", "b", "c"])
        const first = yield* receive(queue)
        assert.strictEqual(first.length, 3)
        once(
          "DeleteMessageBatch",
          faults.answer(
            200,
            JSON.stringify({
              Successful: [{ Id: "0" }],
              Failed: [{ Id: "1", Code: "InternalError", SenderFault: false }],
            }),
            amzJson,
          ),
        )
        assert.deepStrictEqual(yield* queue.remove(first), [true, false, false])
        once("DeleteMessageBatch", faults.drop)
        assert.strictEqual((yield* Effect.flip(queue.remove(first)))._tag, "QueueUnavailable")
        assert.deepStrictEqual(yield* queue.remove(first), [true, true, true])
      }),
  )

  broken(
    "what was not hidden says so, and what is somebody else's by now does not matter",
    (_, queue) =>
      Effect.gen(function* () {
        yield* queue.send(["a", "b"])
        const messages = yield* receive(queue, 2_000)
        const failed = JSON.stringify({ Successful: [{ Id: "0" }], Failed: [{ Id: "1", Code: "InternalError" }] })
        once("ChangeMessageVisibilityBatch", faults.answer(200, failed, amzJson))
        assert.deepInclude(yield* Effect.flip(queue.hide(messages, 1_000)), { reason: "done in part" })
        yield* Effect.sleep(2_500)
        const again = yield* receive(queue)
        assert.deepStrictEqual(bodies(again), ["a", "b"])
        yield* queue.remove(again)
        yield* queue.hide(again, 1_000)
      }),
  )

  broken(
    "work that outlives its message is done twice, and may hide the message longer instead",
    (_, queue) =>
      Effect.gen(function* () {
        yield* queue.send(["slow"])
        const [first] = yield* receive(queue, 1_000)
        yield* queue.hide([first!], longMs)
        yield* Effect.sleep(1_500)
        assert.deepStrictEqual(yield* receive(queue), [])
        yield* queue.hide([first!], 1_000)
        yield* Effect.sleep(1_500)
        const [second] = yield* receive(queue)
        assert.deepStrictEqual([second?.id, second?.receives], [first!.id, 2])
      }),
  )

  broken(
    "a removal that never arrives brings the message again, six times in all",
    (_, queue) =>
      Effect.gen(function* () {
        yield* queue.send(["poison"])
        before.on((asked) => actionOf(asked) === "DeleteMessageBatch" ? sqsRefusal("InternalError", 500) : undefined)
        for (let i = 1; i <= 6; i++) {
          const [message] = yield* receive(queue, 0)
          assert.strictEqual(message?.receives, i)
          assert.strictEqual((yield* Effect.flip(queue.remove([message!])))._tag, "QueueUnavailable")
        }
        assert.deepStrictEqual(yield* receive(queue, 0), [])
        before.on(() => undefined)
        const [letter] = yield* receive(queue.dead!)
        assert.strictEqual(letter?.body, "poison")
        // Whoever moves it elsewhere and is refused there leaves it here.
        yield* queue.dead!.hide([letter!], 0)
        assert.deepStrictEqual(bodies(yield* receive(queue.dead!)), ["poison"])
      }),
  )

  broken("a queue that refuses says so, and nothing is lost", (_, queue) =>
    Effect.gen(function* () {
      const reasons: Array<string> = []
      const send = Effect.flip(queue.send(["x"]))
      for (const fault of [sqsRefusal("RequestThrottled", 403), sqsRefusal("InternalError", 500), faults.refuse]) {
        once("SendMessageBatch", fault)
        reasons.push((yield* send).reason)
      }
      once("ReceiveMessage", faults.hang)
      reasons.push((yield* Effect.flip(receive(queue))).reason)
      assert.deepStrictEqual(reasons, ["throttled", "InternalError", "ECONNRESET", "timeout"])
      yield* queue.send(["kept"])
      once("ReceiveMessage", faults.drop)
      assert.strictEqual((yield* Effect.flip(receive(queue, 1_000))).reason, "ECONNRESET")
      yield* Effect.sleep(1_500)
      const [message] = yield* receive(queue)
      assert.deepStrictEqual([message?.body, message?.receives], ["kept", 2])
    }))
})
