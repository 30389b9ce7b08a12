/**
 * Every verb of `nexus`, and the adapters that they work on.
 * @module
 */
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import * as registries from "../edge/registries.ts"
import * as registry from "../edge/registry.ts"
import * as DynamoDB from "../runtime/adapters/dynamodb/DynamoDB.ts"
import * as Backup from "../runtime/adapters/sqlite/Backup.ts"
import * as Sqlite from "../runtime/adapters/sqlite/Sqlite.ts"
import { backup, type Files, restore } from "./backup.ts"
import { close } from "./close.ts"
import { deadLetters } from "./deadLetters.ts"
import { policiesHook } from "./hook.ts"
import { init } from "./init.ts"
import { inspect } from "./inspect.ts"
import { policiesCheck, policiesFacts, policiesGraph } from "./policies.ts"
import { check as checkSchemas } from "./schemas/check.ts"
import { diff } from "./schemas/diff.ts"
import { acceptEvolve, generate } from "./schemas/generate.ts"
import { mode } from "./schemas/mode.ts"
import { register } from "./schemas/register.ts"
import { exportVerb, importVerb } from "./transfer.ts"
import { policiesBuild, policiesTest } from "./rego.ts"
import { stats } from "./stats.ts"
import * as stores from "./stores.ts"
import { token } from "./token.ts"
import type { Failure, Input, Verb } from "./Verb.ts"
import { verify } from "./verify.ts"

const files: Files = {
  check: (file) => Sqlite.check({ file }),
  layer: (file) => Sqlite.layer({ file }),
  backup: Backup.backup,
  restore: Backup.restore,
}

/** The registry that the environment names; nothing: the embedded one. */
const remoteOf = ({ env }: Input): Layer.Layer<SchemaRegistry, { readonly message: string }> | undefined => {
  const faults: Array<string> = []
  const choice = registry.read((name) => env[name] || undefined, faults)
  return faults.length > 0
    ? Layer.effect(SchemaRegistry, Effect.fail(new Error(faults.join("\n       "))))
    : registries.remote(choice)
}

/** The registry, but no file is made for it. */
const rehearse = (input: Input, folder: string): Layer.Layer<SchemaRegistry, { readonly message: string }> =>
  remoteOf(input) ?? (existsSync(join(folder, "nexus.db")) ? Sqlite.layer({ folder }) : SchemaRegistryMemory.layer)

/** Tables have to be there. */
const open = <A>(input: Input, file: (folder: string) => Layer.Layer<A, { readonly message: string }>) =>
  stores.open(input, file, DynamoDB.layer)
const existing = (input: Input) => open(input, (folder) => Sqlite.layerExisting({ folder }))
const recovery = "point-in-time recovery is the backup"
/** Verbs that know SQLite's file and no other store, and what there is on DynamoDB. */
export const ofFile: ReadonlyMap<string, string> = new Map([
  ...["backup", "restore", "import"].map((name) => [name, recovery] as const),
  ["export", "AWS exports tables to S3"],
  ["stats", "CloudWatch and /metrics count"],
  ["verify", "`nexus inspect` looks through a stream"],
])

/** All of them; `out` writes to standard output. */
export const verbsOf = (out: (text: string) => Effect.Effect<void, Failure>): ReadonlyArray<Verb> => [
  init,
  token,
  backup(files),
  restore(files),
  exportVerb((folder) => Sqlite.layerExisting({ folder }), out),
  stats((folder) => Sqlite.stats({ folder })),
  inspect(existing),
  close(existing),
  ...deadLetters(existing),
  importVerb({
    open: (input, folder) => Layer.provideMerge(remoteOf(input) ?? Layer.empty, Sqlite.layer({ folder })),
    rehearse,
  }),
  checkSchemas((where) => Sqlite.layerExisting(where)),
  generate,
  diff,
  register((input) => {
    if (input.option("dry-run") === undefined) {
      return remoteOf(input) ?? open(input, (folder) => Sqlite.layer({ folder }))
    }
    return open(input, (folder) => rehearse(input, folder))
  }),
  mode((input) => remoteOf(input) ?? existing(input)),
  acceptEvolve,
  verify({ check: (folder) => Sqlite.check({ folder }), layer: (folder) => Sqlite.layer({ folder }) }),
  policiesCheck,
  policiesFacts,
  policiesGraph,
  policiesHook,
  policiesBuild,
  policiesTest,
]
