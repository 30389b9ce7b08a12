/**
 * Fetches what no npm package brings into a folder that git ignores, in exact versions.
 *
 * Into a folder beside, renamed when whole: half of it is none, whenever somebody pulls the plug.
 * @module
 */
import { createHash } from "node:crypto"
import { execFile } from "node:child_process"
import { createReadStream } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { resolve } from "node:path"
import process from "node:process"
import { promisify } from "node:util"

export type Env = Readonly<Record<string, string>>

export interface Command {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env?: Env
}
/** A file has these bytes, or nothing of it is used. */
export interface Sum {
  readonly file: string
  readonly sha256: string
}
export type Step = Command | Sum

export const root = resolve(import.meta.dirname!, "../..")

/** Whether it is a failure, in CI, where something that tests need was not fetched. */
export const isRequired = (): boolean => process.env["CI"] === "true" || process.env["NEXUS_CI"] !== undefined

const run = promisify(execFile)

/** Bounds a build on a slow machine with an empty cache. */
const stepMsMax = 15 * 60_000

/** Settles with the last Maven: two at once may spoil the cache that they share. */
let maven: Promise<unknown> = Promise.resolve()

const command = async ({ args, command, env }: Command): Promise<void> => {
  const go = () =>
    run(command, [...args], { env: { ...process.env, ...env }, timeout: stepMsMax, maxBuffer: 64 * 1024 * 1024 })
  if (command !== "mvn") return void await go()
  const turn = maven.then(go)
  maven = turn.catch(() => undefined)
  await turn
}

const take = async (step: Step): Promise<void> => {
  if (!("sha256" in step)) return command(step)
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(step.file)) hash.update(chunk)
  const found = hash.digest("hex")
  if (found !== step.sha256) throw new Error(`${step.file} has the SHA-256 ${found}, not ${step.sha256}`)
}

export interface Fetched {
  readonly name: string
  readonly seconds: number
  /** Why there is nothing now. */
  readonly failed?: string
}

/** Takes the steps and says so; whoever is killed half-way leaves only what the next try removes. */
export const fetchInto = async (
  name: string,
  folder: string,
  steps: (folder: string) => ReadonlyArray<Step>,
  say: (line: string) => void = console.log,
): Promise<Fetched> => {
  const partial = `${folder}.partial`
  const started = performance.now()
  const failed = await (async () => {
    await rm(partial, { recursive: true, force: true })
    await mkdir(partial, { recursive: true })
    for (const step of steps(partial)) await take(step)
    await rm(folder, { recursive: true, force: true })
    await rename(partial, folder)
  })().then(() => undefined, (error: Error & { stderr?: string }) => error.stderr?.trim() || error.message)
  const seconds = Math.round((performance.now() - started) / 100) / 10
  say(failed === undefined ? `${name} fetched in ${seconds} s` : `${name} could not be fetched: ${failed}`)
  return { name, seconds, ...failed === undefined ? {} : { failed } }
}
