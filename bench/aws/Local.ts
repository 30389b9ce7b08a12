/**
 * DynamoDB Local for one measurement: an engine of its own by folder, in memory, gone once its rows were read.
 * @module
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { type Running, start, stop } from "../../infra/engines/running.ts"
import { configuration, type Settings } from "../../runtime/adapters/aws/settings.ts"

const engines = new Map<string, Promise<Running>>()

/** Started by whoever asks first. */
const engineOf = (folder: string): Promise<Running> => {
  const known = engines.get(folder) ?? start("dynamodb", { owned: true })
  engines.set(folder, known)
  return known
}

export const end = async (folder: string): Promise<void> => {
  const known = engines.get(folder)
  engines.delete(folder)
  if (known !== undefined) await stop(await known)
}

export const settingsOf = async (folder: string): Promise<Settings> => ({
  region: "eu-central-1",
  endpoint: (await engineOf(folder)).url,
  credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
})

/** As the store's own client is made: kept connections, enough of them, nothing repeated by itself. */
export const client = async (folder: string): Promise<DynamoDBClient> =>
  new DynamoDBClient(
    configuration(await settingsOf(folder), "dynamodb", { connections: 256, answerBytes: 16 * 1024 * 1024 }),
  )
