/**
 * `deno task bench [workload ...] [--rounds N] [--peers none] [--json] [--check] [--report]`: all subjects side by side.
 *
 * Results go to `bench/results/<workload>.json` and from there to `docs/performance.md` and its plot, unless the run was
 * a partial one (another scale, or not all subjects). `--report` writes those from the stored results and measures
 * nothing. `--check` makes a missed bound an exit code 1; a run whose work is wrong always does.
 * @module
 */
import { parseArgs } from "node:util"
import { isKept, judge } from "./judge.ts"
import type { Round } from "./Figures.ts"
import * as page from "./page.ts"
import * as peers from "./peers/install.ts"
import * as progress from "./progress.ts"
import * as Result from "./Result.ts"
import { round } from "./run.ts"
import { workloads } from "./workloads.ts"

const say = (line: string): void => console.error(line)
const use = (why: string): never => {
  const names = workloads.map(({ name }) => `[${name}]`).join(" ")
  say(`${why}use: ${names} [--rounds N] [--peers none] [--subjects A,B] [--scale X] [--json] [--check] [--report]`)
  return Deno.exit(2)
}
const config = {
  args: Deno.args,
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    scale: { type: "string", default: "1" },
    folder: { type: "string", default: ".nexus/bench" },
    subjects: { type: "string", default: "" },
    peers: { type: "string", default: "all" },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
} as const
const parsed = () => {
  try {
    return parseArgs(config)
  } catch (error) {
    return use(`${(error as Error).message}\n`)
  }
}
const { values, positionals } = parsed()
const rounds = Number(values.rounds)
const settings = { scale: Number(values.scale), folder: values.folder }

/** Rounds are left out rather than that all of them take longer. */
const minutesMax = 10

const unknown = positionals.filter((name) => !workloads.some((workload) => workload.name === name))
const wrong = !(rounds >= 1) || !(settings.scale > 0) || !["all", "none"].includes(values.peers)
if (unknown.length > 0 || wrong) use("")
const wanted = values.subjects === "" ? undefined : values.subjects.split(",")
const subjects = [...new Set(workloads.flatMap(({ subjects }) => subjects))]
const nobody = wanted?.find((name) => !subjects.includes(name))
if (nobody !== undefined) use(`there is no subject "${nobody}", but ${subjects.join(", ")}\n`)
if (values.report) {
  await page.write(await Result.readAll())
  Deno.exit(0)
}

const chosen = workloads.filter(({ name, partOf = name }) =>
  positionals.length === 0 || positionals.includes(name) || positionals.includes(partOf)
)
const guests = Object.keys(peers.folders)
const asked = [...new Set(chosen.flatMap(({ subjects }) => subjects))].filter((subject) =>
  wanted?.includes(subject) ?? (values.peers === "all" || !guests.includes(subject))
)
const absent = await peers.missing(asked, say)
const plan = chosen.map(({ name, says, subjects }) => ({
  ...{ name, says },
  subjects: subjects.filter((subject) => asked.includes(subject) && !absent.has(subject)),
})).filter(({ subjects }) => subjects.length > 0)
// What npm may not install is left out; what was not asked for makes the run a partial one.
const isWhole = settings.scale === 1 && wanted === undefined && values.peers === "all"

await Deno.mkdir(values.folder, { recursive: true })
const environment = Result.environment()
const kinds = plan.flatMap(({ name, subjects }) => subjects.map((subject) => `${name} ${subject}`))
const write = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text))
const shown = progress.start(
  Array.from({ length: rounds }, () => kinds).flat(),
  Deno.stderr.isTerminal(),
  write,
)
const measured = plan.map(({ name, says }) => ({ workload: name, says, environment, rounds: [] as Array<Round> }))
const startedAt = performance.now()
for (let n = 0; n < rounds; n++) {
  const elapsedMs = performance.now() - startedAt
  if (elapsedMs * (n + 1) / Math.max(1, n) > minutesMax * 60_000) {
    say(`stopped after ${n} rounds: one more would take longer than ${minutesMax} minutes`)
    break
  }
  // All workloads once, then again: whatever the machine does besides meets all of them.
  for (const [i, workload] of plan.entries()) measured[i]!.rounds.push(await round(workload, n, settings, shown))
  if (isWhole) await Promise.all(measured.map(Result.write))
}
shown.end()
if (isWhole) await page.write(await Result.readAll())

console.log(values.json ? JSON.stringify(measured) : measured.map(page.section).join("\n"))
const missed = measured.flatMap(({ rounds, workload }) =>
  judge(workload, rounds).filter((judged) => !isKept(judged)).map(({ target }) => `${workload}: ${target.says}`)
)
for (const bound of missed) say(`missed: ${bound}`)
Deno.exit(values.check && missed.length > 0 ? 1 : 0)
