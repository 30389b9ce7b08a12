/**
 * Runs one round of a workload: each run is a fresh process in a fresh folder, and the subjects take turns, so that a
 * busy host slows all alike.
 * @module
 */
import { v8Flags } from "../infra/v8.ts"
import type { Figures, Measurement, Round } from "./Figures.ts"
import { figure } from "./Figures.ts"
import type { Progress } from "./progress.ts"
import type { Workload } from "./workloads.ts"

const secondsMax = 120
const child = new URL("child.ts", import.meta.url).pathname

export interface Settings {
  readonly scale: number
  readonly folder: string
}

/** Runs one measurement in its own process; one that fails or takes too long stops the bench. */
/** It ended by itself, without a measurement. */
class Ended extends Error {}

const measure = async (subject: string, workload: string, { folder, scale }: Settings): Promise<Measurement> => {
  const own = await Deno.makeTempDir({ dir: folder })
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A"],
      // Peers have folders of modules of their own.
      "--node-modules-dir=manual",
      // As `deno task run` starts, for every subject.
      `--v8-flags=--expose-gc,${v8Flags}`,
      ...[child, subject, workload, String(scale), own],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn()
  const timer = setTimeout(() => process.kill("SIGKILL"), secondsMax * 1000)
  const { code, stdout } = await process.output()
  clearTimeout(timer)
  await Deno.remove(own, { recursive: true })
  if (code !== 0) throw new Ended(`${subject} ${workload} ended with code ${code}`)
  const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) ?? ""
  const measured: Measurement = JSON.parse(last)
  if (measured.faults.length > 0) throw new Error(`${subject} ${workload}: ${measured.faults.join("; ")}`)
  return measured
}

/** A peer's own library may fail now and then (a busy file, say): that must not cost the whole run. Wrong work always does. */
const attempts = 3

const patiently = async (subject: string, workload: string, settings: Settings): Promise<Measurement> => {
  for (let n = 1;; n++) {
    try {
      return await measure(subject, workload, settings)
    } catch (error) {
      if (!(error instanceof Ended) || n === attempts) throw error
      console.error(`${error.message}: once more`)
    }
  }
}

const unitless = new Set(["count", "firings"])
const short = (figures: Figures): string =>
  Object.entries(figures).filter(([name]) => !unitless.has(name)).map(([name, value]) => `${name} ${figure(value)}`)
    .join(", ")

/** One round of one workload; each round starts with another subject. */
export const round = async (
  { name, subjects }: Pick<Workload, "name" | "subjects">,
  n: number,
  settings: Settings,
  progress: Progress,
): Promise<Round> => {
  const measured: Record<string, Figures> = {}
  for (let i = 0; i < subjects.length; i++) {
    const subject = subjects[(n + i) % subjects.length]!
    const startedAt = performance.now()
    const { figures } = await patiently(subject, name, settings)
    measured[subject] = figures
    const line = `${name} round ${n + 1} ${subject}: ${short(figures)}`
    progress.done(`${name} ${subject}`, performance.now() - startedAt, line)
  }
  return Object.fromEntries(subjects.map((subject) => [subject, measured[subject]!]))
}
