/**
 * The limits on DynamoDB: one conditional put an event, or one transaction of two items, and nothing else.
 *
 * `raw-put` and `raw-transaction` write items of the store's size into the store's own tables, indexes included;
 * `raw-bare` puts them into a table that has none. `raw-single` puts one after another, as the versions of one stream ask
 * for: each is conditional on the one before being stored. `raw-together` puts those of a stream that wait at once into one
 * transaction, one behind the other: what is left where nothing is decided, checked or answered.
 * @module
 */
import {
  type AttributeValue,
  CreateTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  type ScanCommandOutput,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb"
import { create } from "../../runtime/adapters/dynamodb/create.ts"
import { eventOf, history, type Request } from "../domain.ts"
import type { Row, Running, Subject } from "../Subject.ts"
import * as Local from "./Local.ts"

type Item = Record<string, AttributeValue>
type Write = (client: DynamoDBClient, item: Item, commandId: string) => Promise<unknown>

const prefix = "raw-"
const condition = "attribute_not_exists(pk)"

const put = (TableName: string): Write => (client, Item) =>
  client.send(new PutItemCommand({ TableName, Item, ConditionExpression: condition }))

const transaction: Write = (client, Item, commandId) => {
  const receipt = { pk: Item["pk"]!, sk: { S: commandId }, fingerprint: { S: "0".repeat(64) }, version: { N: "1" } }
  return client.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName: `${prefix}events`, Item, ConditionExpression: condition } },
        { Put: { TableName: `${prefix}receipts`, Item: receipt, ConditionExpression: condition } },
      ],
    }),
  )
}

/** What the store writes of an event, attribute by attribute, at its size. */
const itemOf = (id: string, version: number, { command, payload }: Request, eventId: string): Item => {
  const at = `${String(Date.now()).padStart(13, "0")}#Order#${id}#${String(version).padStart(10, "0")}`
  return {
    pk: { S: `bench#Order#${id}` },
    sk: { N: String(version) },
    day: { S: "bench#2026-01-01#0" },
    at: { S: at },
    ...version === 1 ? { kind: { S: "bench#Order#0" }, id: { S: id } } : {},
    eventId: { S: eventId },
    type: { S: eventOf[command] },
    schemaVersion: { N: "1" },
    payload: { S: JSON.stringify(payload) },
    recordedAt: { N: String(Date.now()) },
    commandId: { S: eventId },
    fingerprint: { S: "0".repeat(64) },
    correlationId: { S: eventId },
    principal: { S: "bench" },
    writerId: { S: eventId },
  }
}

const rowsOf = async (client: DynamoDBClient, TableName: string): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  let from: Item | undefined
  do {
    const page: ScanCommandOutput = await client.send(
      new ScanCommand({ TableName, ...from === undefined ? {} : { ExclusiveStartKey: from } }),
    )
    for (const { eventId, payload, pk, sk, type } of page.Items ?? []) {
      const text = payload?.S ?? ""
      const [id, version] = [pk!.S!.split("#")[2]!, Number(sk!.N)]
      rows.push({ id, version, type: type!.S!, payload: text, eventId: eventId!.S!, commandId: undefined })
    }
    from = page.LastEvaluatedKey
  } while (from !== undefined)
  return rows
}

const makeBare = (client: DynamoDBClient, TableName: string) =>
  client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    }),
  )

const subject = (
  name: string,
  table: string,
  write: Write,
  make: (client: DynamoDBClient) => Promise<unknown>,
): Subject => {
  /** The versions of each instance: whoever knows them needs no read. */
  const heads = new Map<string, number>()
  const append = async (client: DynamoDBClient, id: string, request: Request) => {
    const version = (heads.get(id) ?? 0) + 1
    heads.set(id, version)
    const eventId = crypto.randomUUID()
    await write(client, itemOf(id, version, request, eventId), eventId)
    return { id, version, eventId }
  }
  return {
    name,
    seed: async (folder, ids, length) => {
      const client = await Local.client(folder)
      await make(client)
      for (const id of ids) for (const request of history(id, length)) await append(client, id, request)
      client.destroy()
    },
    open: async (folder): Promise<Running> => {
      const client = await Local.client(folder)
      return {
        send: (id, request) => append(client, id, request),
        state: () => Promise.resolve({ itemCount: 0, total: 0 }),
        close: () => Promise.resolve(client.destroy()),
      }
    },
    rows: async (folder) => {
      const client = await Local.client(folder)
      const rows = await rowsOf(client, table)
      client.destroy()
      await Local.end(folder)
      return rows
    },
  }
}

const own = (client: DynamoDBClient) => create(client, prefix)
export const rawPut = subject("raw-put", `${prefix}events`, put(`${prefix}events`), own)
export const rawTransaction = subject("raw-transaction", `${prefix}events`, transaction, own)
/** One call at a time. */
const inTurn = (write: Write): Write => {
  let last: Promise<unknown> = Promise.resolve()
  return (client, item, commandId) => last = last.then(() => write(client, item, commandId))
}
/** As many as wait, up to 64, in one transaction; the next behind its answer. */
const together = (TableName: string): Write => {
  const waiting: Array<{ readonly Item: Item; readonly done: (outcome: Promise<unknown>) => void }> = []
  let isSending = false
  const send = async (client: DynamoDBClient): Promise<void> => {
    isSending = true
    // Whoever was answered sends first.
    for (await new Promise(setImmediate); waiting.length > 0; await new Promise(setImmediate)) {
      const some = waiting.splice(0, 64)
      const TransactItems = some.map(({ Item }) => ({ Put: { TableName, Item, ConditionExpression: condition } }))
      const sent = client.send(new TransactWriteItemsCommand({ TransactItems }))
      for (const { done } of some) done(sent)
      await sent.catch(() => undefined)
    }
    isSending = false
  }
  return (client, Item) =>
    new Promise((done) => {
      waiting.push({ Item, done })
      if (!isSending) void send(client)
    })
}
export const rawTogether = subject("raw-together", `${prefix}events`, together(`${prefix}events`), own)
export const rawSingle = subject("raw-single", `${prefix}events`, inTurn(put(`${prefix}events`)), own)
export const rawBare = subject("raw-bare", "bare", put("bare"), (client) => makeBare(client, "bare"))
