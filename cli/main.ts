#!/usr/bin/env node
/**
 * `nexus`: finds the verb, reads its options, runs it. Exit code 0: done; 1: tried and failed; 2: asked for wrongly; 130
 * and 143: stopped by SIGINT and SIGTERM.
 * @module
 */
import { Cause, Effect, Exit, Result } from "effect"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import type { App } from "../core/App.ts"
import { find, helpOf, helpOfAll, options } from "./parse.ts"
import * as progress from "./progress.ts"
import { anyStore, failed, Failure, type Input } from "./Verb.ts"
import { ofFile, verbsOf } from "./verbs.ts"

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

const verbs = verbsOf(out)

/** Whether the words, or else the environment, name a store that is no file. */
const isElsewhere = (words: ReadonlyArray<string>): boolean => {
  const flags = words.map((word) => word.split("=")[0])
  const isNamed = Object.keys(anyStore).some((name) => name !== "data" && flags.includes(`--${name}`))
  return isNamed || (!flags.includes("--data") && process.env["NEXUS_STORE"] === "dynamodb")
}

const isApp = (value: unknown): value is App =>
  typeof value === "object" && value !== null && "name" in value && "aggregates" in value

const importApp = (file: string): Effect.Effect<App, Failure> => {
  const onExit = () => say(`nexus: --app ${file} serves, or ends by itself: name the file that exports App.make(…)`)
  // A file that serves takes our words for its flags, and says so before it ends: what is wrong is said by `onExit`.
  const { error } = console
  const ofServe = `nexus: there is no "${process.argv[2]}"; flags: `
  const withoutServe = (...said: ReadonlyArray<unknown>) =>
    `${said[0]}`.startsWith(ofServe) ? undefined : error(...said)
  return Effect.tryPromise({
    try: async () => {
      process.once("exit", onExit)
      console.error = withoutServe
      return (await import(pathToFileURL(resolve(file)).href) as { readonly default?: unknown }).default
    },
    catch: (error) => {
      if (!existsSync(file)) {
        return failed(`there is no ${file}: name your application's file with --app FILE`)
      }
      const { code, message } = error as Error & { readonly code?: unknown }
      // Of Node before 24.
      const hint = code === "ERR_UNKNOWN_FILE_EXTENSION" ? "; run it with Deno: npx -y deno@2.9.5 task nexus …" : ""
      return failed(`cannot load --app ${file}: ${message}${hint}`)
    },
  }).pipe(
    Effect.ensuring(Effect.sync(() => {
      process.off("exit", onExit)
      console.error = error
    })),
    Effect.flatMap((value) =>
      isApp(value)
        ? Effect.succeed(value)
        : Effect.fail(failed(`--app ${file} has no App.make(…) as its default export`))
    ),
  )
}

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
