/**
 * The store that a verb works on, chosen as a server chooses it: by the same flags and variables.
 * @module
 */
import { Effect, Layer } from "effect"
import { variables } from "../edge/flags.ts"
import * as store from "../edge/store.ts"
import { Failure, folderOf, type Input, wrong } from "./Verb.ts"

interface Said {
  readonly message: string
}

const flags = new Map(Object.entries(variables).map(([flag, variable]) => [variable, flag.slice(2)]))

/** The tables that flags and environment name, else the file of a folder. */
export const open = <A, B>(
  input: Input,
  file: (folder: string) => Layer.Layer<A, Said>,
  tables: (settings: store.Aws & { readonly prefix: string }) => Layer.Layer<B, Said>,
): Layer.Layer<Extract<A, B>, Said> => {
  const faults: Array<string> = []
  const get = (name: string) => input.option(flags.get(name) ?? "") ?? (input.env[name] || undefined)
  const found = store.read(get, faults)
  if (found.kind === "dynamodb" && input.option("data") !== undefined) {
    faults.push("--data names the folder of a file, but NEXUS_STORE is dynamodb: leave one of them out")
  }
  if (faults.length > 0) {
    return Layer.unwrap(Effect.fail(wrong(faults.join("\n       "))))
  }
  if (found.kind === "sqlite") return file(folderOf(input)) as Layer.Layer<Extract<A, B>, Said>
  const { aws, prefix } = found
  const named = prefix === undefined
    ? Effect.mapBoth(input.app, {
      onSuccess: ({ name }) => `${name}-`,
      onFailure: ({ exitCode, message }) =>
        new Failure({ message: `${message}, or its tables with --table-prefix PREFIX`, exitCode }),
    })
    : Effect.succeed(prefix)
  return Layer.unwrap(Effect.map(named, (prefix) => tables({ prefix, ...aws }) as Layer.Layer<Extract<A, B>, Said>))
}
