/**
 * `deno task sim [--seed N] [--seeds N] [--from N] [--seconds S] [--least N] [--hosts | --travel] [--json]`: simulates
 * Nexus itself, hosts with their clients and events on their way, or one of both.
 *
 * The last line is JSON with `passed`, `failed` and `skipped`; the exit code is 1 where anything failed. Runs on Node too.
 * @module
 */
import "./unhooked.ts"
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import { app, options as builtin } from "./simulation/builtin.ts"
import { text } from "./simulation/report.ts"
import { simulate } from "./simulate.ts"

/** A run makes much short-lived garbage: most of it dies in a large nursery before it is ever copied. */
setFlagsFromString("--min-semi-space-size=32")
setFlagsFromString("--max-semi-space-size=64")

const defaultSeeds = 500
const barWidth = 40

/** Whole numbers by name; anything else is a mistake of the caller. */
const argumentsOf = (args: ReadonlyArray<string>) => {
  const numbers = new Map<string, number>()
  for (let i = 0; i < args.length; i++) {
    const name = args[i]!
    if (["--json", "--hosts", "--travel"].includes(name)) continue
    const value = Number(args[++i])
    if (
      !["--seed", "--seeds", "--from", "--seconds", "--least"].includes(name) || !Number.isInteger(value) || value < 1
    ) {
      const why = name === "--help" ? "use" : `${name} is not understood`
      process.stderr.write(`${why}: --seed N --seeds N --from N --seconds S --least N --hosts --travel --json\n`)
      process.exit(2)
    }
    numbers.set(name, value)
  }
  return numbers
}

const args = process.argv.slice(2)
const given = argumentsOf(args)
const seed = given.get("--seed")
const seeds = seed === undefined ? given.get("--seeds") ?? defaultSeeds : 1
const endsAt = performance.now() + (given.get("--seconds") ?? Infinity) * 1000
const least = given.get("--least") ?? 1

/** Drawn over itself, and only where somebody looks. */
const draw = (done: number, failures: number) => {
  if (!process.stderr.isTTY || (done % 10 !== 0 && done !== seeds)) return
  const full = Math.round((done / seeds) * barWidth)
  process.stderr.write(
    `\r[${"#".repeat(full)}${" ".repeat(barWidth - full)}] ${done}/${seeds} seeds, ${failures} failures`,
  )
  if (done === seeds) process.stderr.write("\n")
}

const startedAt = performance.now()
const report = await simulate(app, {
  ...builtin,
  ...args.includes("--hosts") ? {} : { travel: args.includes("--travel") ? "alone" : "too" },
  ...seed === undefined ? { seeds, from: given.get("--from") ?? 1 } : { seed },
  isEnough: (done) => done >= least && performance.now() > endsAt,
  onSeed: draw,
})
const counts = {
  passed: report.seeds - report.failures.filter((failure) => failure.seed > 0).length,
  failed: report.failures.length,
  skipped: seeds - report.seeds,
}
if (args.includes("--json")) {
  const digests = Object.fromEntries(report.digests)
  process.stdout.write(`${JSON.stringify({ ...counts, ...report, digests })}\n`)
} else {
  const seconds = (performance.now() - startedAt) / 1000
  if (seed !== undefined) process.stdout.write(`seed ${seed}: digest ${report.digests.get(seed)}\n`)
  process.stdout.write(`${text(report)}, ${(report.seeds / seconds).toFixed(0)} seeds/s\n${JSON.stringify(counts)}\n`)
}
process.exitCode = counts.failed === 0 ? 0 : 1
