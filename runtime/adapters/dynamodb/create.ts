/**
 * Makes the tables of `resources.ts`, for tests and development; what is deployed is made by what deploys it.
 * @module
 */
import type { CreateTableCommandInput, DynamoDBClient, GlobalSecondaryIndex } from "@aws-sdk/client-dynamodb"
import { type Key, names, table, type TableName } from "./resources.ts"

type Sdk = typeof import("@aws-sdk/client-dynamodb")

const keySchema = ([partition, sort]: Key): CreateTableCommandInput["KeySchema"] => [
  { AttributeName: partition, KeyType: "HASH" },
  ...sort === undefined ? [] : [{ AttributeName: sort, KeyType: "RANGE" } as const],
]

/** What asks for a table. */
export const inputOf = (prefix: string, name: TableName): CreateTableCommandInput => {
  const { attributes, indexes = {}, key, stream } = table(name)
  const secondary = Object.entries(indexes).map(([IndexName, { key, projection }]): GlobalSecondaryIndex => ({
    IndexName,
    KeySchema: keySchema(key),
    Projection: { ProjectionType: projection },
  }))
  return {
    TableName: `${prefix}${name}`,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: keySchema(key),
    AttributeDefinitions: Object.entries(attributes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    ...secondary.length === 0 ? {} : { GlobalSecondaryIndexes: secondary },
    ...stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" } } : {},
  }
}

/** The options of a call: it is given up with the whole, and by itself when it has taken too long. */
type Within = () => { readonly abortSignal: AbortSignal }

/** Between two looks at a table that is being made, and how many there are. */
const pauseMs = 250
const looksMax = 240

const named = (error: unknown, ...codes: ReadonlyArray<string>): boolean =>
  codes.includes((error as { readonly name?: string } | undefined)?.name ?? "")

const active = async (client: DynamoDBClient, sdk: Sdk, TableName: string, within: Within): Promise<void> => {
  for (let look = 0; look < looksMax; look++) {
    const { Table } = await client.send(new sdk.DescribeTableCommand({ TableName }), within())
    const indexes = Table?.GlobalSecondaryIndexes ?? []
    if ([Table?.TableStatus, ...indexes.map(({ IndexStatus }) => IndexStatus)].every((at) => at === "ACTIVE")) return
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  throw new Error(`the table ${TableName} is not active after ${looksMax * pauseMs / 1000} s`)
}

const make = async (
  client: DynamoDBClient,
  sdk: Sdk,
  prefix: string,
  name: TableName,
  within: Within,
): Promise<void> => {
  const input = inputOf(prefix, name)
  const { TableName } = input
  try {
    await client.send(new sdk.CreateTableCommand(input), within())
  } catch (error) {
    // Another process makes it, or has made it.
    if (!named(error, "ResourceInUseException", "TableAlreadyExistsException")) throw error
  }
  await active(client, sdk, TableName!, within)
  const { ttl } = table(name)
  if (ttl === undefined) return
  try {
    const { TimeToLiveDescription: now } = await client.send(new sdk.DescribeTimeToLiveCommand({ TableName }), within())
    if (now?.TimeToLiveStatus === "ENABLED" || now?.TimeToLiveStatus === "ENABLING") return
    const TimeToLiveSpecification = { AttributeName: ttl, Enabled: true }
    await client.send(new sdk.UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }), within())
  } catch (error) {
    // Another process was quicker.
    if (!named(error, "ValidationException")) throw error
  }
}

/** Makes the tables that are missing and waits until all are there; what exists is left as it is. A call has `callMs`. */
export const create = async (
  client: DynamoDBClient,
  prefix: string,
  signal?: AbortSignal,
  callMs = 30_000,
): Promise<void> => {
  const sdk = await import("@aws-sdk/client-dynamodb")
  const within: Within = () => ({
    abortSignal: AbortSignal.any([...signal === undefined ? [] : [signal], AbortSignal.timeout(callMs)]),
  })
  await Promise.all(names.map((name) => make(client, sdk, prefix, name, within)))
}
