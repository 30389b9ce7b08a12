/**
 * `deno task bench [workload ...] [--rounds N] [--scale X] [--json] [--check]`: all subjects side by side.
 *
 * Each run is a fresh process in a fresh folder, and the subjects take turns, so that a busy host slows all alike.
 * Results go to `bench/results/<workload>.json` and `bench/results/README.md`, unless the scale is not 1. `--check`
 * makes a missed bound an exit code 1; a run whose rows are wrong always does.
 * @module
 */
import { parseArgs } from "node:util"
import { cpus, loadavg } from "node:os"
import type { Flight } from "./Flight.ts"
import type { Measurement } from "./Measurement.ts"
import type { Memory } from "./Memory.ts"
import { isKept, judge, type Round } from "./Report.ts"
import { judgeMemory, page, type Result, section } from "./table.ts"
import { workloads } from "./workloads.ts"

const secondsMax = 120
const here = new URL(".", import.meta.url)
const results = new URL("results/", here)

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    scale: { type: "string", default: "1" },
    folder: { type: "string", default: ".nexus/bench" },
    subjects: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  },
})
const rounds = Number(values.rounds)
const scale = Number(values.scale)

/** Which subjects a workload is for; client ids mean nothing to those without receipts. */
const subjectsOf = (workload: string): ReadonlyArray<string> => {
  const all = workload === "W7"
    ? ["nexus", "entity"]
    : workload === "W1"
    ? ["raw", "nexus", "entity"]
    : workload.includes("-")
    ? ["raw", "nexus"]
    : ["raw", "nexus", "raw-own", "entity"]
  const wanted = values.subjects === "" ? all : values.subjects.split(",")
  return all.filter((subject) => wanted.includes(subject))
}

const say = (line: string): void => console.error(line)

/** Runs one measurement in its own process; a process that fails or takes too long stops the bench. */
const measure = async (subject: string, workload: string): Promise<Measurement | Memory> => {
  const folder = await Deno.makeTempDir({ dir: values.folder })
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      // The nursery is the one that `deno task run` starts with, for every subject.
      "--v8-flags=--expose-gc,--min-semi-space-size=32,--max-semi-space-size=64",
      new URL("child.ts", here).pathname,
      subject,
      workload,
      String(scale),
      folder,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn()
  const timer = setTimeout(() => child.kill("SIGKILL"), secondsMax * 1000)
  const { code, stdout } = await child.output()
  clearTimeout(timer)
  await Deno.remove(folder, { recursive: true })
  if (code !== 0) throw new Error(`${subject} ${workload} ended with code ${code}`)
  const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) ?? ""
  return JSON.parse(last)
}

const short = (measured: Measurement | Memory): string =>
  "flight" in measured
    ? `${measured.flight.perSecond}/s, p50 ${measured.flight.p50Ms} ms, p99 ${measured.flight.p99Ms} ms, ` +
      `timer ${measured.flight.timer.firings} in ${measured.flight.wallMs} ms`
    : `${measured.heapBytesPerActor} B heap an actor`

/** All rounds of one workload; each round starts with another subject. */
const runWorkload = async (workload: string, says: string): Promise<Result> => {
  const subjects = subjectsOf(workload)
  const all: Array<Round> = []
  const memory: Array<Memory> = []
  for (let round = 0; round < rounds; round++) {
    const measured: Record<string, Flight> = {}
    for (let n = 0; n < subjects.length; n++) {
      const subject = subjects[(round + n) % subjects.length]!
      const one = await measure(subject, workload)
      say(`${workload} round ${round + 1} ${subject}: ${short(one)}`)
      if (one.faults.length > 0) throw new Error(`${subject} ${workload}: ${one.faults.join("; ")}`)
      if ("flight" in one) measured[subject] = one.flight
      else memory.push(one)
    }
    if (workload !== "W7") all.push(Object.fromEntries(subjects.map((subject) => [subject, measured[subject]!])))
  }
  const environment = {
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    processors: cpus().length,
    load: Number(loadavg()[0]!.toFixed(1)),
    measured: new Date().toISOString().slice(0, 10),
  }
  return { workload, says, environment, rounds: all, memory }
}

const list = [...workloads, { name: "W7", says: "heap of an idle actor with a state of three fields" }]
const unknown = positionals.filter((name) => !list.some((workload) => workload.name === name))
if (unknown.length > 0 || !(rounds >= 1) || !(scale > 0)) {
  say(`use: [${list.map(({ name }) => name).join("] [")}] [--rounds N] [--scale X] [--json] [--check]`)
  Deno.exit(2)
}

await Deno.mkdir(values.folder, { recursive: true })
await Deno.mkdir(results, { recursive: true })
const measured: Array<Result> = []
for (const { name, says } of list) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const result = await runWorkload(name, says)
  measured.push(result)
  if (scale === 1) await Deno.writeTextFile(new URL(`${name}.json`, results), `${JSON.stringify(result, null, 1)}\n`)
}

const stored: Array<Result> = []
for (const { name } of list) {
  const text = await Deno.readTextFile(new URL(`${name}.json`, results)).catch(() => undefined)
  if (text !== undefined) stored.push(JSON.parse(text))
}
if (scale === 1) await Deno.writeTextFile(new URL("README.md", results), page(stored))

console.log(values.json ? JSON.stringify(measured) : measured.map(section).join("\n"))
const missed = measured.flatMap(({ workload, rounds, memory }) =>
  [...judge(workload, rounds), ...judgeMemory(memory)].filter((judged) => !isKept(judged)).map(({ name }) =>
    `${workload}: ${name}`
  )
)
for (const bound of missed) say(`missed: ${bound}`)
Deno.exit(values.check && missed.length > 0 ? 1 : 0)
