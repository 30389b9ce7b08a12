/**
 * A small application on disk, for tests of verbs: written, edited, imported and asked as a user's own would be.
 * @module
 */
import { Effect, Exit } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { App } from "../../core/App.ts"
import { Failure, type Input, type Verb } from "../Verb.ts"

type Files = Readonly<Record<string, string>>

const lamps: Files = {
  "Lamp.contract.ts": `import { Schema } from "effect"
import { Command, Contract, Event } from "nexus-actors/schemas"
export class Light extends Command("Light", { watts: Schema.Int }, []) {}
export class Lit extends Event.v1("Lit", { watts: Schema.Int })
  .v2({ watts: Schema.Int, color: Schema.String }, (old) => ({ ...old, color: "white" })) {}
export class Put extends Event.v1("Put", { room: Schema.String }) {}
export class Lamp extends Contract.make("Lamp", { commands: [Light], events: [Lit, Put] }) {}
export const State = Schema.Struct({ watts: Schema.Int })
`,
  "light.ts": `export const brighter = (a: number, b: number): number => Math.max(a, b)\n`,
  "Lamp.ts": `import { accept, Aggregate } from "nexus-actors/core"
import * as L from "./Lamp.contract.ts"
import { brighter } from "./light.ts"
export const LampAggregate = Aggregate.make(L.Lamp, L.State, { watts: 0 }, { revision: 1 })
  .decide({ Light: (_, { watts }) => accept(new L.Lit({ watts, color: "red" })) })
  .evolve({ Lit: (state, { watts }) => ({ watts: brighter(state.watts, watts) }), Put: (state) => state })
`,
  "app.ts": `import { App } from "nexus-actors/core"
import { LampAggregate } from "./Lamp.ts"
export default App.make("lamps", { aggregates: [LampAggregate] })
`,
}

export interface Ran {
  readonly code: number
  readonly text: string
  // What a verb prints as JSON is its own; tests look into it.
  readonly json: {
    readonly ok?: boolean
    readonly written?: ReadonlyArray<string>
    readonly findings?: ReadonlyArray<{
      readonly kind: string
      readonly about: string
      readonly severity: string
      readonly repair: string
      readonly what: string
      readonly where: string | null
      readonly differences?: ReadonlyArray<{ readonly pointer: string; readonly rule: string }>
    }>
    readonly [member: string]: unknown
  }
}

type Options = Readonly<Record<string, string>>

export interface Fixture {
  readonly folder: string
  readonly read: (path: string) => string
  readonly put: (path: string, text: string) => void
  /** Replaces a piece of a file that has to be there. */
  readonly edit: (path: string, from: string, to: string) => void
  readonly run: (verb: Verb, options?: Options, env?: Options) => Promise<Ran>
  readonly remove: () => void
}

const filesOf = (folder: string, paths: ReadonlyArray<string>): Files =>
  Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]))

/** Of lamps, or files of a folder. In the repository, where imports of the package lead to its sources. */
export const fixture = (from?: string, paths: ReadonlyArray<string> = []): Fixture => {
  const files = from === undefined ? lamps : filesOf(from, paths)
  mkdirSync(".nexus", { recursive: true })
  const root = mkdtempSync(resolve(".nexus/lamps-"))
  let generation = 0
  const folder = join(root, "app")
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const read = (path: string) => readFileSync(join(folder, path), "utf8")
  for (const [path, text] of Object.entries(files)) put(path, text)

  /** A module is imported once: each time from a copy of its own. */
  const load = async (): Promise<App> => {
    const copy = join(root, `${generation++}`)
    mkdirSync(copy)
    for (const path of Object.keys(files)) writeFileSync(join(copy, path), read(path))
    return (await import(/* @vite-ignore */ join(copy, "app.ts"))).default
  }
  return {
    folder,
    put,
    read,
    edit: (path, from, to) => {
      const text = read(path)
      if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`)
      put(path, text.replace(from, to))
    },
    run: async (verb, options = {}, env = {}) => {
      let [text, json]: [string, Ran["json"]] = ["", {}]
      const given: Readonly<Record<string, string>> = { app: join(folder, "app.ts"), ...options }
      const input: Input = {
        option: (name) => given[name],
        json: false,
        color: false,
        env,
        app: Effect.promise(load),
        print: (said, value) => Effect.sync(() => void ([text, json] = [said, JSON.parse(JSON.stringify(value))])),
        progress: () => {},
      }
      const exit = await Effect.runPromiseExit(
        Effect.catchTag(verb.run(input), "Failure", (failure: Failure) => {
          text = failure.message
          return Effect.succeed(failure.exitCode as number)
        }),
      )
      if (!Exit.isSuccess(exit)) throw new Error(String(exit.cause))
      return { code: exit.value, text, json }
    },
    remove: () => rmSync(root, { recursive: true }),
  }
}
