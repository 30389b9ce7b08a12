#!/usr/bin/env node
/**
 * `nexus`: finds the verb, reads its options, runs it. Exit code 0: done; 1: tried and failed; 2: asked for wrongly; 130
 * and 143: stopped by SIGINT and SIGTERM.
 *
 * A composition root: it chooses the adapters that verbs work on.
 * @module
 */
import { Cause, Effect, Exit, Layer, Result } from "effect"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import type { App } from "../core/App.ts"
import { SchemaRegistry } from "../core/SchemaRegistry.ts"
import * as SchemaRegistryMemory from "../core/SchemaRegistryMemory.ts"
import * as registries from "../edge/registries.ts"
import * as registry from "../edge/registry.ts"
import * as DynamoDB from "../runtime/adapters/dynamodb/DynamoDB.ts"
import * as Backup from "../runtime/adapters/sqlite/Backup.ts"
import * as Sqlite from "../runtime/adapters/sqlite/Sqlite.ts"
import { backup, type Files, restore } from "./backup.ts"
import { deadLetters } from "./deadLetters.ts"
import { policiesHook } from "./hook.ts"
import { init } from "./init.ts"
import { inspect } from "./inspect.ts"
import { find, helpOf, helpOfAll, options } from "./parse.ts"
import { policiesCheck, policiesFacts, policiesGraph } from "./policies.ts"
import * as progress from "./progress.ts"
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
import { anyStore, failed, Failure, type Input, type Verb } from "./Verb.ts"
import { verify } from "./verify.ts"

/** Standard output is for results alone. */
const say = (line: string): void => console.error(line)

/** Waits where the reader is slow, and fails where it has gone, as in `nexus export | head`. */
const out = (text: string): Effect.Effect<void, Failure> =>
  Effect.callback((resume) => {
    const stop = ({ message }: Error) => resume(Effect.fail(failed(`cannot write to standard output: ${message}`)))
    try {
      process.stdout.write(text, (error) => error instanceof Error ? stop(error) : resume(Effect.void))
    } catch (error) {
      // Of Deno, where a disk is full.
      stop(error as Error)
    }
  })
// Who wrote is told; unheard it would end the process.
process.stdout.on("error", () => {})

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
const ofFile: ReadonlyMap<string, string> = new Map([
  ...["backup", "restore", "import"].map((name) => [name, recovery] as const),
  ["export", "AWS exports tables to S3"],
  ["stats", "CloudWatch and /metrics count"],
  ["verify", "`nexus inspect` looks through a stream"],
])

const verbs: ReadonlyArray<Verb> = [
  init,
  token,
  backup(files),
  restore(files),
  exportVerb((folder) => Sqlite.layerExisting({ folder }), out),
  stats((folder) => Sqlite.stats({ folder })),
  inspect(existing),
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

/** Whether the words, or else the environment, name a store that is no file. */
const isElsewhere = (words: ReadonlyArray<string>): boolean => {
  const flags = words.map((word) => word.split("=")[0])
  const isNamed = Object.keys(anyStore).some((name) => name !== "data" && flags.includes(`--${name}`))
  return isNamed || (!flags.includes("--data") && process.env["NEXUS_STORE"] === "dynamodb")
}

const isApp = (value: unknown): value is App =>
  typeof value === "object" && value !== null && "name" in value && "aggregates" in value

const importApp = (file: string): Effect.Effect<App, Failure> =>
  Effect.tryPromise({
    try: async () => (await import(pathToFileURL(resolve(file)).href) as { readonly default?: unknown }).default,
    catch: (error) => {
      if (!existsSync(file)) {
        return failed(`there is no ${file}: name your application's file with --app FILE`)
      }
      const { code, message } = error as Error & { readonly code?: unknown }
      // Of Node before 24.
      const hint = code === "ERR_UNKNOWN_FILE_EXTENSION" ? "; run it with Deno: npx -y deno@2.9.5 task nexus …" : ""
      return failed(`cannot load --app ${file}: ${message}${hint}`)
    },
  }).pipe(Effect.flatMap((value) =>
    isApp(value) ? Effect.succeed(value) : Effect.fail(failed(`--app ${file} has no App.make(…) as its default export`))
  ))

const wrongly = (message: string, verb = ""): number => {
  say(`nexus: ${message}. \`nexus ${verb}--help\` tells more.`)
  return 2
}

/** The exit code of each that a verb is stopped by; the second one ends it at once. */
const signals: ReadonlyMap<string, number> = new Map([["SIGINT", 130], ["SIGTERM", 143]])

const main = async (words: ReadonlyArray<string>): Promise<number> => {
  const [name] = words
  if (name === undefined || name === "--help" || name === "help") {
    console.log(helpOfAll(verbs))
    return name === undefined ? 2 : 0
  }
  const family = verbs.filter((one) => one.name.startsWith(`${name} `))
  if (family.length > 0 && (words[1] ?? "--help") === "--help") {
    console.log(helpOfAll(family))
    return words.length === 1 ? 2 : 0
  }
  const found = find(verbs, words)
  if (found === undefined) return wrongly(`there is no verb "${words.slice(0, family.length > 0 ? 2 : 1).join(" ")}"`)
  const { rest, verb } = found
  const instead = ofFile.get(verb.name)
  if (instead !== undefined && isElsewhere(rest) && !rest.includes("--help")) {
    return wrongly(
      `${verb.name} knows the file of an embedded store alone: name its folder with --data. On DynamoDB, ${instead}`,
      `${verb.name} `,
    )
  }
  const given = options(verb, rest)
  if (Result.isFailure(given)) return wrongly(given.failure, `${verb.name} `)
  const { help, json, app } = given.success
  if (help !== undefined) {
    console.log(helpOf(verb))
    return 0
  }
  const { isTTY } = process.stderr
  const reporter = isTTY || given.success["progress"] !== undefined
    ? progress.make({ terminal: isTTY, nowMs: Date.now, write: (text) => process.stderr.write(text) })
    : progress.silent
  const input: Input = {
    option: (option) => given.success[option],
    json: json !== undefined,
    color: process.stdout.isTTY && json === undefined && (process.env["NO_COLOR"] ?? "") === "",
    progress: reporter.report,
    env: process.env,
    app: importApp(app ?? ""),
    print: (text, value) =>
      Effect.suspend(() => {
        reporter.end()
        return out(`${json === undefined ? text : JSON.stringify(value)}\n`)
      }),
  }
  const stopped = verb.stopped?.(input.option)
  const stop = new AbortController()
  const stopBy = (signal: NodeJS.Signals) => stop.abort(signal)
  if (stopped !== undefined) { for (const signal of signals.keys()) process.once(signal, stopBy) }
  const exit = await Effect.runPromiseExit(
    Effect.catchTag(verb.run(input), "Failure", ({ exitCode, message }) =>
      Effect.sync(() => {
        reporter.end()
        say(`nexus: ${message}`)
        return exitCode
      })),
    { signal: stop.signal },
  )
  for (const signal of signals.keys()) process.off(signal, stopBy)
  if (Exit.isSuccess(exit)) return exit.value
  if (!Cause.hasInterruptsOnly(exit.cause)) throw Cause.squash(exit.cause)
  reporter.end()
  say(`nexus: stopped; ${stopped}`)
  return signals.get(stop.signal.reason)!
}

process.exitCode = await main(process.argv.slice(2))
