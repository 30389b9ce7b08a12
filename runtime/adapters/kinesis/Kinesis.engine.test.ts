/**
 * The laws of every core bus against kinesis-local, also while its shards split and merge; and what it does by itself
 * never or seldom: a proxy loses answers, fails a part, throttles and lets iterators expire.
 * @module
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Metric } from "effect"
import { afterAll, beforeAll } from "vitest"
import { laws, reopened } from "../../../core/CoreBus.laws.ts"
import { CoreBus, type CoreRecord, type Shape } from "../../../core/CoreBus.ts"
import { chained, eventAt, recordsOf } from "../../../core/laws/buses.ts"
import { freshTenant, streamOf } from "../../../core/laws/fixtures.ts"
import { defaults, Limits } from "../../../core/Limits.ts"
import { type Asked, engine, faults, type Proxy, proxy } from "../../../tests/engine.ts"
import * as Kinesis from "./Kinesis.ts"
import { RecordsSkipped } from "./read.ts"
import { active, clientOf, local, reshard } from "./testStream.ts"

const amzJson = { "content-type": "application/x-amz-json-1.1" }
const actionOf = ({ headers }: Asked) => headers["x-amz-target"]?.replace("Kinesis_20131202.", "")
const refusal = (__type: string, status = 400) => faults.answer(status, JSON.stringify({ __type }), amzJson)

/** Reads without a pause: the local engine does not count them. */
const busy = Layer.succeed(Limits, { ...defaults, shardPollMs: 1 })

describe("the core bus over Kinesis", () => {
  const kinesis = engine("kinesis")
  let before: Proxy
  beforeAll(async () => {
    before = await proxy(kinesis().url)
    const client = clientOf(kinesis().url)
    for (const [StreamName, ShardCount] of [["laws-core", 2], ["one-core", 1]] as const) {
      await client.createStream({ StreamName, ShardCount })
      await active(client, StreamName)
    }
    client.destroy()
  })
  afterAll(() => before.stop())

  const layer = (prefix: string, url = () => kinesis().url, limits = busy) =>
    Layer.unwrap(Effect.sync(() => Kinesis.layer({ ...local(url()), prefix }))).pipe(Layer.provide(limits))

  // Generous: the engine takes half a second for a large record.
  const secondsMax = 90
  const settings = {
    patienceMs: secondsMax * 1000,
    reshard: Effect.suspend(() => reshard(kinesis().url, "laws-core")),
  }
  for (const { law, name } of laws(settings)) {
    it.live(name, () => Effect.provide(law, layer("laws-")), secondsMax * 1000)
  }
  for (const { law, name } of reopened(layer("one-"), settings)) it.live(name, () => law, secondsMax * 1000)

  const records = (count: number, ids = ["a"]) =>
    Effect.map(
      freshTenant,
      (tenant) =>
        ids.flatMap((id) =>
          recordsOf(chained(Array.from({ length: count }, (_, i) => eventAt(streamOf(tenant, id), i + 1))), 1)
        ),
    )
  /** Everything of one tenant that stands in the shard, and the call's own failures. */
  const readAll = Effect.fnUntraced(function* (bus: Shape, tenant: string, from?: string) {
    const all: Array<CoreRecord> = []
    const [shard] = yield* bus.shards
    for (let [next, came] = [from, 1]; came > 0;) {
      const batch = yield* bus.read(shard!.id, next, 100)
      ;[next, came] = [batch.next, batch.items.length]
      all.push(...batch.items.map(({ value }) => value).filter(({ stream }) => stream.tenant === tenant))
    }
    return all
  })
  /** A bus behind the proxy, which does nothing to begin with. */
  const broken = (name: string, body: (bus: Shape) => Effect.Effect<void, unknown>, limits = busy) =>
    it.live(
      name,
      () =>
        Effect.gen(function* () {
          before.on(() => undefined)
          yield* body(Context.get(yield* Layer.build(layer("one-", () => before.url, limits)), CoreBus))
        }),
      secondsMax * 1000,
    )
  const times = (action: string) => before.asked.filter((asked) => actionOf(asked) === action).length
  /** Does this to the next call of an action, and nothing to those behind it. */
  const once = (action: string, fault: ReturnType<Parameters<Proxy["on"]>[0]>) => {
    let left = 1
    before.on((asked) => actionOf(asked) === action && left-- > 0 ? fault : undefined)
  }

  broken(
    "a lost answer leaves open what was sent: the same bytes may stand there twice",
    (bus) =>
      Effect.gen(function* () {
        const sent = yield* records(1, ["a", "b"])
        once("PutRecords", faults.drop)
        const reasons = (yield* bus.publish(sent)).map((one) => one._tag === "NotSent" ? one.reason : "Sent")
        assert.deepStrictEqual(reasons, ["ECONNRESET", "ECONNRESET"])
        assert.deepStrictEqual((yield* bus.publish(sent)).map(({ _tag }) => _tag), ["Sent", "Sent"])
        const found = yield* readAll(bus, sent[0]!.stream.tenant)
        assert.deepStrictEqual(found.filter(({ stream }) => stream.id === "a"), [sent[0]!, sent[0]!])
        assert.strictEqual(found.length, 4)
      }),
  )

  broken("a call that fails in part says so of exactly those records", (bus) =>
    Effect.gen(function* () {
      const sent = yield* records(1, ["a", "b", "c"])
      once(
        "PutRecords",
        faults.rewrite((answer) => {
          const { Records, ...rest } = JSON.parse(answer.body)
          Records[1] = { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow" }
          Records[2] = {}
          return { ...answer, body: JSON.stringify({ ...rest, FailedRecordCount: 1, Records }) }
        }),
      )
      assert.deepStrictEqual(yield* bus.publish(sent), [
        { _tag: "Sent" },
        { _tag: "NotSent", reason: "throttled" },
        { _tag: "NotSent", reason: "not its words" },
      ])
    }))

  const answers: Readonly<Record<string, readonly [reason: string, fault: ReturnType<Parameters<Proxy["on"]>[0]>]>> = {
    "throttling": ["throttled", refusal("ProvisionedThroughputExceededException")],
    "throttling of its keys": ["throttled", refusal("KMSThrottlingException")],
    "an error of its own": ["InternalFailure", refusal("InternalFailure", 500)],
    "half an answer": ["ECONNRESET", faults.truncate],
    "a cut line": ["ECONNRESET", faults.refuse],
    "a page of somebody else": ["SyntaxError", faults.html(200)],
    "silence": ["timeout", faults.hang],
  }
  for (const [what, [reason, fault]] of Object.entries(answers)) {
    broken(
      `${what} is no answer: nothing is known to be sent, and a reader comes again`,
      (bus) =>
        Effect.gen(function* () {
          const [record] = yield* records(1)
          const [shard] = yield* bus.shards
          yield* bus.publish([record!])
          const at = bus.positionAt((yield* Clock.currentTimeMillis) - 60_000)
          const reasons: Array<unknown> = []
          for (const action of ["PutRecords", "GetRecords", "GetShardIterator", "ListShards"]) {
            once(action, fault)
            const call: Effect.Effect<unknown, { readonly reason?: string }> = action === "PutRecords"
              ? Effect.map(bus.publish([record!]), ([sent]) => sent!._tag === "NotSent" ? sent!.reason : "Sent")
              : action === "ListShards"
              ? bus.shards
              : Effect.mapError(
                bus.read(shard!.id, `${at}`, action === "GetRecords" ? 1 : 2),
                (error) => error._tag === "Trimmed" ? { reason: "trimmed" } : error,
              )
            reasons.push(yield* Effect.catch(call, (error) => Effect.succeed(error.reason)))
          }
          assert.deepStrictEqual(reasons, [reason, reason, reason, reason])
        }),
    )
  }

  broken("an iterator that expired is had anew, behind what was read", (bus) =>
    Effect.gen(function* () {
      const sent = yield* records(4)
      for (const record of sent) yield* bus.publish([record])
      const from = bus.positionAt((yield* Clock.currentTimeMillis) - 60_000)
      const [shard] = yield* bus.shards
      const first = yield* bus.read(shard!.id, from, 2)
      const asked = times("GetShardIterator")
      once("GetRecords", refusal("ExpiredIteratorException"))
      const rest = yield* readAll(bus, sent[0]!.stream.tenant, first.next)
      const found = first.items.map(({ value }) => value).filter(({ stream }) =>
        stream.tenant === sent[0]!.stream.tenant
      )
      assert.deepStrictEqual([...found, ...rest], sent)
      assert.strictEqual(times("GetShardIterator"), asked + 1)
      assert.include(
        before.asked.findLast((one) => actionOf(one) === "GetShardIterator")!.body,
        "AFTER_SEQUENCE_NUMBER",
      )
    }))

  broken("what is none of ours is passed over, counted, and stops nobody", (bus) =>
    Effect.gen(function* () {
      const sent = yield* records(2)
      const [shard] = yield* bus.shards
      let next = bus.positionAt((yield* Clock.currentTimeMillis) - 60_000)
      for (let came = 1; came > 0;) {
        const batch = yield* bus.read(shard!.id, next, 100)
        ;[next, came] = [batch.next, batch.items.length]
      }
      const { count: skipped } = yield* Metric.value(RecordsSkipped)
      const foreign = (Data: Uint8Array) =>
        Effect.promise(async () => {
          const client = clientOf(kinesis().url)
          await client.putRecord({ StreamName: "one-core", PartitionKey: "x", Data })
          client.destroy()
        })
      yield* foreign(new Uint8Array([0xf3, 0x89, 0x9a, 0xc2]))
      yield* bus.publish(sent.slice(0, 1))
      yield* foreign(new TextEncoder().encode("{}"))
      const only = yield* bus.read(shard!.id, next, 1)
      assert.deepStrictEqual(only.items, [], "the first alone")
      assert.notStrictEqual(only.next, next)
      const batch = yield* bus.read(shard!.id, only.next, 100)
      assert.deepStrictEqual(batch.items.map(({ value }) => value), sent.slice(0, 1))
      assert.notStrictEqual(batch.next, batch.items[0]!.position, "behind the last, whatever it was")
      yield* bus.publish(sent.slice(1))
      assert.deepStrictEqual(yield* readAll(bus, sent[0]!.stream.tenant, batch.next), sent.slice(1))
      assert.strictEqual(Number((yield* Metric.value(RecordsSkipped)).count) - Number(skipped), 2)
    }))

  broken("readers that stand at one place share its reads", (bus) =>
    Effect.gen(function* () {
      const [shard] = yield* bus.shards
      const at = bus.positionAt((yield* Clock.currentTimeMillis) - 1)
      const asked = times("GetRecords")
      yield* Effect.all(Array.from({ length: 20 }, () => bus.read(shard!.id, at, 100)), { concurrency: "unbounded" })
      assert.strictEqual(times("GetRecords") - asked, 1)
    }))

  it.live(
    "a stream that is missing is said with what makes it, and is made where that is asked for",
    () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Layer.build(layer("none-")))
        assert.match(error.message, /no Kinesis stream none-core in eu-central-1: .*kinesis:CreateStream/)
        const made = Kinesis.layer({ ...local(kinesis().url), prefix: "none-", create: true })
        const [bus] = yield* Effect.all([Layer.build(made), Layer.build(Layer.fresh(made))], { concurrency: 2 })
        const sent = yield* records(1)
        assert.deepStrictEqual((yield* Context.get(bus, CoreBus).publish(sent)).map(({ _tag }) => _tag), ["Sent"])
        const client = clientOf(kinesis().url)
        const found = yield* Effect.promise(() => client.describeStreamSummary({ StreamName: "none-core" }))
        assert.deepInclude(found.StreamDescriptionSummary, { EncryptionType: "KMS", RetentionPeriodHours: 24 })
        client.destroy()
      }),
    secondsMax * 1000,
  )
})
