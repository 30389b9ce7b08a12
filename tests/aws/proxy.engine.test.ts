/**
 * AWS's own clients before real engines and the proxy: each fault reaches them as the error class of the service, and the
 * engine has acted or not as it should.
 * @module
 */
import * as DynamoDB from "@aws-sdk/client-dynamodb"
import * as Kinesis from "@aws-sdk/client-kinesis"
import * as SNS from "@aws-sdk/client-sns"
import * as SQS from "@aws-sdk/client-sqs"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { broken, cancelled, operationOf, throttled, throttledAsWhole } from "../../infra/engines/aws.ts"
import { partly } from "../../infra/engines/partial.ts"
import { failedOf } from "../../runtime/adapters/aws/Failed.ts"
import { configuration, type Service } from "../../runtime/adapters/aws/settings.ts"
import { engine, type Fault, faults, type Proxy, proxy } from "../engine.ts"

const settings = { region: "eu-central-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } }
const at = (endpoint: string, service: Service) =>
  configuration({ ...settings, endpoint }, service, { connections: 16, answerBytes: 1e6 })

/** A proxy before the engine, which breaks the operation that a test names. */
const before = (running: () => { readonly url: string }) => {
  let one: Proxy
  beforeAll(async () => {
    one = await proxy(running().url)
  })
  afterAll(() => one.stop())
  return {
    url: () => one.url,
    /** What `call` rejects with while its operation is broken so. */
    under: async (
      operation: string,
      fault: (asked: Proxy["asked"][number]) => Fault | undefined,
      call: () => Promise<unknown>,
    ) => {
      one.on((asked) => operationOf(asked) === operation ? fault(asked) : undefined)
      try {
        return await call().then((value) => value, (error: unknown) => error)
      } finally {
        one.on(() => undefined)
      }
    },
  }
}

const told = (error: unknown) => {
  const { kind, mayHaveActed } = failedOf(error)
  return `${kind}, ${mayHaveActed ? "unknown" : "not done"}`
}

describe("DynamoDB", () => {
  const { under, url } = before(engine("dynamodb"))
  const TableName = "things"
  let client: DynamoDB.DynamoDB
  beforeAll(async () => {
    client = new DynamoDB.DynamoDB(at(url(), "dynamodb"))
    await client.createTable({
      ...{ TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "k", KeyType: "HASH" }] },
      AttributeDefinitions: [{ AttributeName: "k", AttributeType: "S" }],
    })
  })
  afterAll(() => client.destroy())
  const item = (k: string, b = new Uint8Array([0, 128, 255])) => ({ k: { S: k }, b: { B: b } })
  const put = (k: string) => () =>
    client.putItem({ TableName, Item: item(k), ConditionExpression: "attribute_not_exists(k)" })
  const there = async (k: string) => (await client.getItem({ TableName, Key: { k: { S: k } } })).Item

  it("is not asked where it throttles, fails or is refused", async () => {
    const throughput = await under("PutItem", throttled, put("a"))
    assert.instanceOf(throughput, DynamoDB.ProvisionedThroughputExceededException)
    assert.instanceOf(await under("PutItem", throttledAsWhole, put("a")), DynamoDB.ThrottlingException)
    const failure = await under("PutItem", broken, put("a"))
    assert.instanceOf(failure, DynamoDB.InternalServerError)
    assert.deepStrictEqual([told(throughput), told(failure)], ["throttled, not done", "transient, unknown"])
    assert.strictEqual(told(await under("PutItem", () => faults.html(503), put("a"))), "transient, unknown")
    assert.strictEqual(told(await under("PutItem", () => faults.refuse, put("a"))), "transient, unknown")
    assert.isUndefined(await there("a"))
  })

  it("has acted where the answer is dropped, cut or nonsense", async () => {
    for (const [k, fault] of Object.entries({ drop: faults.drop, cut: faults.truncate })) {
      // Of an answer without a body there is nothing to cut but the end.
      const put = () => client.putItem({ TableName, Item: item(k), ReturnConsumedCapacity: "TOTAL" })
      assert.strictEqual(told(await under("PutItem", () => fault, put)), "transient, unknown", k)
      assert.deepStrictEqual(await there(k), item(k), k)
    }
  })

  it("cancels a transaction for the reasons that it is told", async () => {
    const TransactItems = ["x", "y"].map((k) => ({ Put: { TableName, Item: item(k) } }))
    const fault = (asked: Proxy["asked"][number]) => cancelled(asked, ["None", "TransactionConflict"])
    const error = await under("TransactWriteItems", fault, () => client.transactWriteItems({ TransactItems }))
    assert.instanceOf(error, DynamoDB.TransactionCanceledException)
    assert.deepStrictEqual(error.CancellationReasons?.map(({ Code }) => Code), ["None", "TransactionConflict"])
    assert.strictEqual(told(error), "refused, not done")
    assert.isUndefined(await there("x"))
  })
})

describe("Kinesis", () => {
  const { under, url } = before(engine("kinesis"))
  const StreamName = "things"
  let client: Kinesis.Kinesis
  beforeAll(async () => {
    client = new Kinesis.Kinesis(at(url(), "kinesis"))
    await client.createStream({ StreamName, ShardCount: 1 })
    await Kinesis.waitUntilStreamExists({ client, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.5 }, { StreamName })
  })
  afterAll(() => client.destroy())
  const Data = (n: number) => new Uint8Array([n, 0, 200])
  const records = async () => {
    const ShardId = "shardId-000000000000"
    const { ShardIterator } = await client.getShardIterator({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" })
    const { Records = [] } = await client.getRecords({ ShardIterator })
    return Records.map((record) => record.Data?.[0])
  }
  const put = (...numbers: ReadonlyArray<number>) => () =>
    client.putRecords({ StreamName, Records: numbers.map((n) => ({ PartitionKey: "p", Data: Data(n) })) })

  it("throttles and fails in its own words, whole calls and single records", async () => {
    const one = () => client.putRecord({ StreamName, PartitionKey: "p", Data: Data(9) })
    const limit = await under("PutRecord", throttled, one)
    assert.instanceOf(limit, Kinesis.ProvisionedThroughputExceededException)
    assert.strictEqual(told(limit), "throttled, not done")
    const failure = await under("PutRecord", broken, one)
    assert.instanceOf(failure, Kinesis.InternalFailureException)
    assert.strictEqual(told(failure), "transient, unknown")
    const some = await under("PutRecords", (asked) => partly(asked, (index) => index !== 1), put(1, 2, 3))
    const { FailedRecordCount, Records = [] } = some as Kinesis.PutRecordsCommandOutput
    assert.strictEqual(FailedRecordCount, 2)
    const failed = "ProvisionedThroughputExceededException"
    assert.deepStrictEqual(Records.map(({ ErrorCode }) => ErrorCode), [failed, undefined, failed])
    assert.isString(Records[1]?.SequenceNumber)
    const none = await under("PutRecords", (asked) => partly(asked, () => true), put(4))
    assert.strictEqual((none as Kinesis.PutRecordsCommandOutput).FailedRecordCount, 1)
    await put(5)()
    assert.deepStrictEqual(await records(), [2, 5])
  })
})

describe("SNS and SQS", () => {
  const { under, url } = before(engine("fauxqs"))
  let queue: SQS.SQS
  let topic: SNS.SNS
  let QueueUrl: string | undefined
  let TopicArn: string | undefined
  beforeAll(async () => {
    queue = new SQS.SQS(at(url(), "sqs"))
    topic = new SNS.SNS(at(url(), "sns"))
    QueueUrl = (await queue.createQueue({ QueueName: "things" })).QueueUrl
    TopicArn = (await topic.createTopic({ Name: "things" })).TopicArn
  })
  afterAll(() => {
    queue.destroy()
    topic.destroy()
  })

  it("throttle and fail in their own words", async () => {
    const publish = () => topic.publish({ TopicArn, Message: "x" })
    const slow = await under("Publish", throttled, publish)
    assert.instanceOf(slow, SNS.ThrottledException)
    const wrong = await under("Publish", broken, publish)
    assert.instanceOf(wrong, SNS.InternalErrorException)
    assert.deepStrictEqual([told(slow), told(wrong)], ["throttled, not done", "transient, unknown"])
    const send = () => queue.sendMessage({ QueueUrl, MessageBody: "x" })
    const limit = await under("SendMessage", throttled, send)
    assert.instanceOf(limit, SQS.RequestThrottled)
    assert.strictEqual(told(limit), "throttled, not done")
    assert.strictEqual(told(await under("SendMessage", broken, send)), "transient, unknown")
    const { Attributes } = await queue.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] })
    assert.strictEqual(Attributes?.["ApproximateNumberOfMessages"], "0")
  })

  it("take a part of a batch", async () => {
    const Entries = ["a", "b", "c"].map((Id) => ({ Id, MessageBody: Id }))
    const fault = (asked: Proxy["asked"][number]) => partly(asked, (index) => index === 0)
    const some = await under("SendMessageBatch", fault, () => queue.sendMessageBatch({ QueueUrl, Entries }))
    const { Failed, Successful } = some as SQS.SendMessageBatchCommandOutput
    assert.deepStrictEqual([Failed?.map(({ Id }) => Id), Successful?.map(({ Id }) => Id)], [["a"], ["b", "c"]])
    const { Messages } = await queue.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 })
    assert.deepStrictEqual(Messages?.map(({ Body }) => Body).toSorted(), ["b", "c"])
  })
})
