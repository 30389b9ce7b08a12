/**
 * Runs suites one after another and adds up what their own reports say: `deno task test [--ci] [suite ...]`, `deno task check`.
 *
 * A suite that ran no test, left no report, crashed or passed its time box counts as failed. The last line is the total; above
 * it stands what only CI runs.
 * @module
 */
import { join } from "node:path"
import { lacking, type Name } from "../infra/engines/engines.ts"
import { isRequired } from "../infra/engines/fetch.ts"

/** Where the counts come from: vitest's JSON file, the last line a script prints, or one test per exit code. */
export type Report = "vitest" | "line" | "exit"

export interface Suite {
  readonly name: string
  readonly report: Report
  /** To `deno`. */
  readonly args: ReadonlyArray<string>
  readonly secondsMax: number
  /** Needs npm and a network: runs with `--ci` or where it is named. */
  readonly ciOnly?: true
  /** Without one of them it is skipped as a whole, and fails in CI. */
  readonly engines?: ReadonlyArray<Name>
  /** What `--ci` changes. */
  readonly ci?: { readonly args: ReadonlyArray<string>; readonly secondsMax: number }
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const script = (...args: ReadonlyArray<string>) => ["run", "-A", ...args]
const vitest = (...args: ReadonlyArray<string>) => script("node_modules/vitest/vitest.mjs", "run", ...args)

/** Only CI runs it: files `*.engine.test.ts` below a path. */
const onEngines = (name: string, path: string, secondsMax: number, engines: NonNullable<Suite["engines"]>): Suite => ({
  ...{ name, report: "vitest", args: vitest("--project", "engines", path), secondsMax, ciOnly: true, engines },
})

/** The whole of `test` may take 480 s without `--ci`: the bounds of what it runs add up to no more. */
export const suites: Readonly<Record<string, ReadonlyArray<Suite>>> = {
  test: [
    {
      name: "unit",
      report: "vitest",
      args: vitest("--project", "unit"),
      secondsMax: 285,
      ci: { args: vitest("--project", "unit"), secondsMax: 900 },
    },
    {
      name: "edge",
      report: "vitest",
      args: vitest("--project", "edge"),
      secondsMax: 75,
      ci: { args: vitest("--project", "edge"), secondsMax: 180 },
    },
    {
      name: "sim",
      report: "line",
      // All of them: some 28 s on two quiet cores. Fewer would be reported as passed.
      args: script("testing/sim.ts", "--seeds", "500"),
      secondsMax: 58,
      ci: {
        args: script("testing/sim.ts", "--hosts", "--seeds", "2000", "--seconds", "120", "--least", "1000"),
        secondsMax: 240,
      },
    },
    {
      name: "travel",
      report: "line",
      args: script("testing/sim.ts", "--travel", "--seeds", "2000", "--seconds", "240", "--least", "500"),
      secondsMax: 330,
      ciOnly: true,
    },
    {
      name: "kill",
      report: "line",
      args: script("tests/kill/main.ts"),
      secondsMax: 28,
      ci: { args: script("tests/kill/main.ts", "--kills", "20"), secondsMax: 180 },
    },
    {
      name: "browser",
      report: "line",
      args: script("tests/browser/main.ts"),
      secondsMax: 12,
      ci: { args: script("tests/browser/main.ts"), secondsMax: 90 },
    },
    { name: "fsync", report: "line", args: script("tests/fsync/main.ts"), secondsMax: 22 },
    {
      name: "schemathesis",
      report: "line",
      args: script("tests/tools/schemathesis.ts"),
      secondsMax: 300,
      ciOnly: true,
    },
    { name: "compat", report: "line", args: script("tests/compat/main.ts"), secondsMax: 480, ciOnly: true },
    onEngines("apicurio", "tests/compat", 240, ["apicurio"]),
    { name: "gitleaks", report: "line", args: script("tests/tools/gitleaks.ts"), secondsMax: 120, ciOnly: true },
    {
      name: "engines",
      report: "vitest",
      args: vitest("--project", "engines", "infra/"),
      secondsMax: 180,
      ciOnly: true,
      engines: ["apicurio", "moto", "opa", "dynamodb", "kinesis", "fauxqs"],
    },
    onEngines("confluent", "runtime/adapters/confluent", 180, ["apicurio"]),
    onEngines("policies", "tests/policies", 120, ["opa"]),
    onEngines("registries", "tests/registry", 300, ["apicurio", "moto"]),
    onEngines("glue", "runtime/adapters/glue", 120, ["moto"]),
    onEngines("dynamodb", "runtime/adapters/dynamodb", 480, ["dynamodb"]),
    onEngines("router", "tests/router", 120, ["dynamodb"]),
    onEngines("http", "tests/http", 300, ["dynamodb", "kinesis", "fauxqs"]),
    onEngines("kinesis", "runtime/adapters/kinesis", 240, ["kinesis"]),
    onEngines("aws", "tests/aws", 540, ["dynamodb", "kinesis", "fauxqs"]),
    {
      name: "kill-dynamodb",
      report: "line",
      args: script("tests/kill/main.ts", "--store", "dynamodb", "--kills", "5"),
      secondsMax: 300,
      ciOnly: true,
      engines: ["dynamodb", "kinesis", "fauxqs"],
    },
    onEngines("sns-sqs", "runtime/adapters/sns-sqs", 240, ["fauxqs"]),
    { name: "package", report: "vitest", args: vitest("--project", "package"), secondsMax: 900, ciOnly: true },
  ],
  check: [
    { name: "tsc", report: "exit", args: script("node_modules/typescript/bin/tsc", "--noEmit"), secondsMax: 120 },
    { name: "lint", report: "exit", args: ["lint"], secondsMax: 60 },
    { name: "fmt", report: "exit", args: ["fmt", "--check"], secondsMax: 60 },
    ...["examples/orders", "cli/template"].flatMap((folder) =>
      ["schemas", "policies"].map((what): Suite => ({
        name: `${what} of ${folder}`,
        report: "exit",
        args: script("cli/main.ts", what, "check", "--app", `${folder}/app.ts`),
        secondsMax: 60,
      }))
    ),
    {
      name: "policies of Nexus",
      report: "exit",
      args: vitest("--project", "unit", "tests/policies/own.test.ts"),
      secondsMax: 60,
    },
    { name: "tidy", report: "exit", args: vitest("--project", "unit", "tests/tidy.test.ts"), secondsMax: 60 },
  ],
}

const count = (value: unknown): number => typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0

/** A test file that does not even load has no tests in vitest's report: it counts as one failure. */
const fromVitest = (json: Record<string, unknown>): Counts => {
  const files = Array.isArray(json["testResults"]) ? json["testResults"] : []
  const broken = files.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
  return {
    passed: count(json["numPassedTests"]),
    failed: count(json["numFailedTests"]) + broken,
    skipped: count(json["numPendingTests"]) + count(json["numTodoTests"]),
  }
}

const parse = (text: string): Record<string, unknown> | undefined => {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === "object" && json !== null ? { ...json } : undefined
  } catch {
    return undefined
  }
}

/** Reads the runner's own report; what it does not admit (no test, a bad exit code, no report) becomes one failure. */
export const judge = (report: Report, code: number, text: string): Counts & { readonly why?: string } => {
  if (report === "exit") return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
  const json = parse(report === "line" ? text.trimEnd().split("\n").at(-1) ?? "" : text)
  if (json === undefined) return { passed: 0, failed: 1, skipped: 0, why: `no report, exit code ${code}` }
  const counts = report === "vitest"
    ? fromVitest(json)
    : { passed: count(json["passed"]), failed: count(json["failed"]), skipped: count(json["skipped"]) }
  if (counts.failed > 0) return counts
  if (code !== 0) return { ...counts, failed: 1, why: `exit code ${code}` }
  // Skipped as a whole, and says why; in CI such a script calls it a failure by itself.
  if (typeof json["lacks"] === "string") return { ...counts, why: `lacks ${json["lacks"]}` }
  return counts.passed > 0 ? counts : { ...counts, failed: 1, why: "ran no test" }
}

export const summary = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`

export const total = (all: ReadonlyArray<Counts>): Counts => {
  const add = (key: keyof Counts) => all.reduce((sum, counts) => sum + counts[key], 0)
  return { passed: add("passed"), failed: add("failed"), skipped: add("skipped") }
}

/** Those that are named; where none is, all but what only CI runs. */
export const chosen = (all: ReadonlyArray<Suite>, names: ReadonlyArray<string>, ci: boolean): ReadonlyArray<Suite> =>
  all.filter(({ ciOnly, name }) => names.length === 0 ? ci || ciOnly !== true : names.includes(name))

/** One line of what only CI runs and nobody asked for; nothing where all was run, or somebody chose. */
export const leftOut = (all: ReadonlyArray<Suite>, names: ReadonlyArray<string>, ci: boolean): string | undefined => {
  const ran = chosen(all, names, ci)
  const left = all.filter((suite) => !ran.includes(suite)).map(({ name }) => name)
  if (names.length > 0 || left.length === 0) return undefined
  return `not run, but in CI: ${left.join(", ")}; to run one: deno task engines fetch, then deno task test <suite>`
}

/** Copies a script's output to ours while keeping its tail, in which the report stands. */
const copy = async (from: ReadableStream<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder()
  let tail = ""
  for await (const chunk of from) {
    for (let done = 0; done < chunk.length;) done += await Deno.stdout.write(chunk.subarray(done))
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-65_536)
  }
  return tail
}

/** Between the polite end of a suite past its box, in which it can end its own children, and the other one. */
const graceSeconds = 5

/** What is said instead of running a suite that lacks an engine. */
export const withoutEngines = (lacks: ReadonlyArray<string>, required: boolean): Counts & { readonly why: string } => ({
  ...{ passed: 0, failed: required ? 1 : 0, skipped: required ? 0 : 1, why: lacks.join("; ") },
})

const runSuite = async (suite: Suite, ci: boolean): Promise<Counts> => {
  const lacks = (suite.engines ?? []).flatMap((name) => lacking(name) ?? [])
  if (lacks.length > 0) {
    const { why, ...counts } = withoutEngines(lacks, ci || isRequired())
    console.log(`[${suite.name}] ${summary(counts)} (${why})\n`)
    return counts
  }
  const { args, secondsMax } = ci && suite.ci ? suite.ci : suite
  const file = await Deno.makeTempFile({ suffix: ".json" })
  const partial = join(import.meta.dirname!, "partial.ts")
  const reporters = ["default", "json", partial].map((name) => `--reporter=${name}`)
  const startedAt = performance.now()
  const child = new Deno.Command(Deno.execPath(), {
    args: suite.report === "vitest"
      ? [...args, ...reporters, `--outputFile.json=${file}`, "--allowOnly=false"]
      : [...args],
    stdin: "null",
    stdout: suite.report === "line" ? "piped" : "inherit",
    // Servers register at start what they need, but not where they believe to be in CI.
    env: { NEXUS_PARTIAL: file, CI: "", ...ci ? { NEXUS_CI: "1" } : {} },
  }).spawn()
  const timers = ["SIGTERM", "SIGKILL"].map((signal, index) =>
    setTimeout(() => child.kill(signal as Deno.Signal), (secondsMax + index * graceSeconds) * 1000)
  )
  const output = suite.report === "line" ? copy(child.stdout) : ""
  const status = await child.status
  timers.forEach(clearTimeout)
  const seconds = (performance.now() - startedAt) / 1000
  // A script that leaves a child of its own behind keeps the pipe open: it has no report then, and we go on.
  const left = new Promise<string>((resolve) => setTimeout(resolve, graceSeconds * 1000, ""))
  const text = suite.report === "vitest" ? await Deno.readTextFile(file) : await Promise.race([output, left])
  await Deno.remove(file)
  const { why, ...counts } = judge(suite.report, status.code, text)
  const late = seconds >= secondsMax ? `past its ${secondsMax} s` : why
  console.log(`[${suite.name}] ${summary(counts)} in ${seconds.toFixed(1)} s${late ? ` (${late})` : ""}\n`)
  return counts
}

if (import.meta.main) {
  const [list = "", ...rest] = Deno.args
  const all = suites[list] ?? []
  const names = rest.filter((argument) => argument !== "--ci")
  const unknown = names.filter((name) => !all.some((suite) => suite.name === name))
  if (all.length === 0 || unknown.length > 0) {
    console.error(`unknown: ${[list, ...unknown].join(" ")}; suites: ${all.map((suite) => suite.name).join(", ")}`)
    Deno.exit(2)
  }
  const results: Array<Counts> = []
  const ci = rest.includes("--ci")
  for (const suite of chosen(all, names, ci)) results.push(await runSuite(suite, ci))
  const left = leftOut(all, names, ci)
  if (left !== undefined) console.log(left)
  const counts = total(results)
  console.log(summary(counts))
  Deno.exit(counts.failed === 0 ? 0 : 1)
}
