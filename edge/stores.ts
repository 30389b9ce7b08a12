/**
 * The adapters of the stores, as settings choose them. It composes, for servers.
 * @module
 */
import { Layer } from "effect"
import type { App } from "../core/App.ts"
import * as DynamoDB from "../runtime/adapters/dynamodb/DynamoDB.ts"
import * as Sqlite from "../runtime/adapters/sqlite/Sqlite.ts"
import type { Settings } from "./settings.ts"

/** Where events live in DynamoDB, the file keeps what has no table there. */
export const layerOf = ({ name }: App, { data, production, store }: Settings) => {
  const file = Sqlite.layer({ folder: data })
  if (store.kind === "sqlite") return file
  const { aws: { endpoint, endpoints, ...aws }, prefix = `${name}-` } = store
  const at = endpoints?.dynamodb ?? endpoint
  const tables = DynamoDB.layer({
    ...{ prefix, ...aws },
    ...at === undefined ? {} : { endpoint: at },
    ...production ? {} : { create: true },
  })
  return Layer.merge(file, tables)
}
