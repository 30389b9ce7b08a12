/**
 * What `results/<workload>.json` holds, and how it is read and written.
 * @module
 */
import { cpus, loadavg } from "node:os"
import type { Round } from "./Figures.ts"
import { workloads } from "./workloads.ts"

export interface Environment {
  readonly deno: string
  readonly system: string
  readonly processors: number
  /** Of the minute before the bench began: what others did with the processors. */
  readonly loadBefore: number
  readonly measured: string
}

export interface Result {
  readonly workload: string
  readonly says: string
  readonly environment: Environment
  readonly rounds: ReadonlyArray<Round>
}

const folder = new URL("results/", import.meta.url)

export const environment = (): Environment => ({
  deno: Deno.version.deno,
  system: `${Deno.build.os} ${Deno.build.arch}`,
  processors: cpus().length,
  loadBefore: Number(loadavg()[0]!.toFixed(1)),
  measured: new Date().toISOString().slice(0, 10),
})

/** More than this before the first run, and the figures are of a machine that had other work. */
const quietLoad = 0.5
export const isProvisional = ({ environment }: Result): boolean => environment.loadBefore > quietLoad

/** Those that were measured, in the order of the workloads. */
export const readAll = async (): Promise<ReadonlyArray<Result>> => {
  const texts = await Promise.all(
    workloads.map(({ name }) => Deno.readTextFile(new URL(`${name}.json`, folder)).catch(() => undefined)),
  )
  return texts.flatMap((text) => text === undefined ? [] : [JSON.parse(text) as Result])
}

export const write = async (result: Result): Promise<void> => {
  await Deno.mkdir(folder, { recursive: true })
  await Deno.writeTextFile(new URL(`${result.workload}.json`, folder), `${JSON.stringify(result, null, 1)}\n`)
}
