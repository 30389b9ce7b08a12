/**
 * Castore over its DynamoDB adapter, on the same engine. The library leaves the repeat after a lost race to its caller.
 * @module
 */
import { type AttributeValue, CreateTableCommand, ScanCommand, type ScanCommandOutput } from "@aws-sdk/client-dynamodb"
import * as Local from "../aws/Local.ts"
import type { Row, Subject } from "../Subject.ts"
import { type Core, type EventStore, optionsOf, seedOf, sender } from "./castore.ts"

interface DynamoDb {
  readonly DynamoDBSingleTableEventStorageAdapter: new (options: object) => object
}
// Names in variables: the packages are installed for the bench alone, the type checker never sees them.
const [core, dynamodb] = ["@castore/core", "@castore/event-storage-adapter-dynamodb"]

const TableName = "castore"
/** As its documentation asks for it. */
const table = new CreateTableCommand({
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "aggregateId", AttributeType: "S" },
    { AttributeName: "version", AttributeType: "N" },
    { AttributeName: "eventStoreId", AttributeType: "S" },
    { AttributeName: "timestamp", AttributeType: "S" },
  ],
  KeySchema: [{ AttributeName: "aggregateId", KeyType: "HASH" }, { AttributeName: "version", KeyType: "RANGE" }],
  GlobalSecondaryIndexes: [{
    IndexName: "initialEvents",
    KeySchema: [{ AttributeName: "eventStoreId", KeyType: "HASH" }, { AttributeName: "timestamp", KeyType: "RANGE" }],
    Projection: { ProjectionType: "KEYS_ONLY" },
  }],
})

const storeOf = async (folder: string): Promise<EventStore> => {
  const [{ EventStore, EventType }, { DynamoDBSingleTableEventStorageAdapter }]: [Core, DynamoDb] = await Promise.all([
    import(core!),
    import(dynamodb!),
  ])
  const dynamoDBClient = await Local.client(folder)
  const eventStorageAdapter = new DynamoDBSingleTableEventStorageAdapter({ tableName: TableName, dynamoDBClient })
  return new EventStore(optionsOf(EventType, eventStorageAdapter))
}

export const castoreDynamodb: Subject = {
  name: "castore-dynamodb",
  // Each command reads its whole stream: of the hot one 5,000 would take hours.
  scale: { "aws-W1": 0.25, "aws-W2": 0.06 },
  seed: async (folder, ids, length) => {
    await (await Local.client(folder)).send(table)
    await seedOf(await storeOf(folder), ids, length)
  },
  open: async (folder) => {
    const store = await storeOf(folder)
    return {
      send: sender(store),
      state: async (id) => (await store.getAggregate(id)).aggregate!.state,
      close: () => Promise.resolve(),
    }
  },
  rows: async (folder) => {
    const client = await Local.client(folder)
    const rows: Array<Row> = []
    let from: Record<string, AttributeValue> | undefined
    do {
      const page: ScanCommandOutput = await client.send(
        new ScanCommand({ TableName, ...from === undefined ? {} : { ExclusiveStartKey: from } }),
      )
      for (const { aggregateId, payload, type, version } of page.Items ?? []) {
        // `<store>#<id>`.
        const id = aggregateId!.S!.split("#")[1]!
        rows.push({
          ...{ id, version: Number(version!.N), type: type!.S!, payload: JSON.stringify(payload) },
          ...{ eventId: undefined, commandId: undefined },
        })
      }
      from = page.LastEvaluatedKey
    } while (from !== undefined)
    await Local.end(folder)
    return rows
  },
}
