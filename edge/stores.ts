/**
 * The adapters of the stores, as settings choose them. It composes, for servers.
 * @module
 */
import type { Layer } from "effect"
import type { App } from "../core/App.ts"
import * as DynamoDB from "../runtime/adapters/dynamodb/DynamoDB.ts"
import * as Sqlite from "../runtime/adapters/sqlite/Sqlite.ts"
import type { Settings } from "./settings.ts"

type Tables = ReturnType<typeof DynamoDB.layer>
type File = ReturnType<typeof Sqlite.layer>
/** What both have: the file holds more, for the command line. */
type Stores = Layer.Layer<Extract<Layer.Success<Tables>, Layer.Success<File>>, Layer.Error<Tables> | Layer.Error<File>>

/** No file is opened where the tables are DynamoDB's. */
export const layerOf = ({ name }: App, { data, production, store }: Settings): Stores => {
  if (store.kind === "sqlite") return Sqlite.layer({ folder: data })
  const { aws, prefix = `${name}-` } = store
  return DynamoDB.layer({ prefix, ...aws, ...production ? {} : { create: true } })
}
