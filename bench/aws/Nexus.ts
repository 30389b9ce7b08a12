/**
 * The actor host over DynamoDB, everything on as over SQLite, an engine of its own by folder.
 * @module
 */
import { Effect, Layer } from "effect"
import * as QueryLimiterMemory from "../../core/QueryLimiterMemory.ts"
import { Gate } from "../../runtime/Gate.ts"
import * as DynamoDB from "../../runtime/adapters/dynamodb/DynamoDB.ts"
import { subject } from "../subjects/Nexus.ts"
import type { Subject } from "../Subject.ts"
import * as Local from "./Local.ts"

const stores = (folder: string) =>
  Layer.orDie(Layer.unwrap(Effect.map(
    Effect.promise(() => Local.settingsOf(folder)),
    (settings) => DynamoDB.layer({ ...settings, prefix: "bench-", create: true }),
  )))

const over = subject(
  "nexus-dynamodb",
  (folder) => Layer.merge(stores(folder), QueryLimiterMemory.layer),
  Gate.layerOpen,
)

export const nexusDynamodb: Subject = {
  ...over,
  rows: async (folder) => {
    const rows = await over.rows(folder)
    await Local.end(folder)
    // The feed tells of an event again where the scan and the stream meet; one that differs counts as another.
    return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
  },
}
