/**
 * Sends a real shop's orders to Nexus and compares what it then holds with the CSV: `deno task demo --help`.
 *
 * Every command has a key made from its invoice, so the demo may be run again, or killed and run again: nothing is done
 * twice. Exit code 0: equal to the penny; 1: a figure differs, or Nexus did not serve; 2: asked for wrongly.
 * @module
 */
import { Effect, Result } from "effect"
import { CannotServe, start } from "nexus-actors/edge/deno"
import { parseArgs } from "node:util"
import app from "./app.ts"
import { parse } from "./csv.ts"
import { DemoFailed, type Nexus } from "./demoClient.ts"
import { run } from "./demoRun.ts"
import { figuresOf } from "./figures.ts"
import { type Invoice, invoicesOf } from "./plan.ts"
import { bar } from "./progress.ts"
import { differences, type Figures, show } from "./report.ts"

const help = `deno task demo [options]

  --url URL      use the Nexus that runs there; without it one is started in this process
  --token TOKEN  for it (or NEXUS_TOKEN), with the scopes "commands:Order read"
  --data FOLDER  keep the data of the started Nexus there; without it they are thrown away
  --csv FILE     other orders of the same form
  --store NAME   what the started Nexus keeps its events in: sqlite or dynamodb; with the settings of
                 a server in the environment, or as flags: --table-prefix, --aws-region, --aws-endpoint,
                 --aws-endpoint-dynamodb, --aws-endpoint-kinesis, --aws-endpoint-sns, --aws-endpoint-sqs
  --json         print the figures as one line of JSON
  --progress     draw the progress bar even where standard error is no terminal
  --help         print this`

const flag = { type: "string" } as const
/** Of a server, each named like its variable. */
const ofServer = {
  ...{ "store": flag, "table-prefix": flag, "aws-region": flag, "aws-endpoint": flag, "aws-endpoint-dynamodb": flag },
  ...{ "aws-endpoint-kinesis": flag, "aws-endpoint-sns": flag, "aws-endpoint-sqs": flag },
} as const

const options = {
  ...ofServer,
  url: { type: "string" },
  token: { type: "string" },
  data: { type: "string" },
  csv: { type: "string" },
  json: { type: "boolean", default: false },
  progress: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const

const write = (to: typeof Deno.stderr, text: string) => void to.writeSync(new TextEncoder().encode(text))
const end = (code: number, text: string): never => {
  write(Deno.stderr, `${text}\n`)
  return Deno.exit(code)
}

const given = Result.try(() => parseArgs({ args: Deno.args, options }).values)
if (Result.isFailure(given)) end(2, `${(given.failure as Error).message}\n\n${help}`)
const asked = Result.getOrThrow(given)
if (asked.help) {
  console.log(help)
  Deno.exit(0)
}
if (asked.url !== undefined && asked.data !== undefined) {
  end(2, "--data belongs to a Nexus that the demo starts, not to --url")
}
const flags = Object.entries(asked).filter(([name]) => Object.hasOwn(ofServer, name))
const [first] = flags
if (first !== undefined && asked.url !== undefined) {
  end(2, `--${first[0]} belongs to a Nexus that the demo starts, not to --url`)
}
const settings = Object.fromEntries(
  flags.map(([name, value]) => [`NEXUS_${name.toUpperCase().replaceAll("-", "_")}`, String(value)]),
)

interface Running {
  readonly nexus: Nexus
  readonly stop: () => Promise<void>
}

/** A Nexus in this process, on a free port and a folder that is gone afterwards unless it was named. */
const startOwn = async (): Promise<Running> => {
  const folder = asked.data ?? await Deno.makeTempDir({ prefix: "nexus-demo-" })
  const env = { ...first === undefined ? {} : Deno.env.toObject(), ...settings, PORT: "0", NEXUS_DATA: folder }
  const server = await start(app, { env, logLevel: "Warn" })
  const token = await server.mint!({ tenant: "demo", subject: "demo", scope: "commands:Order read", ttlSeconds: 3_600 })
  const stop = async () => {
    await server.stop()
    if (asked.data === undefined) await Deno.remove(folder, { recursive: true })
  }
  return { nexus: { url: server.url, token }, stop }
}

const useRunning = (url: string): Running => {
  const token = asked.token ?? Deno.env.get("NEXUS_TOKEN")
  if (!URL.canParse(url)) end(2, `--url is not a URL: ${url}`)
  if (token === undefined) end(2, "--url needs --token or NEXUS_TOKEN; `deno task token` prints one")
  return { nexus: { url, token: token! }, stop: () => Promise.resolve() }
}

const send = async (invoices: ReadonlyArray<Invoice>): Promise<Figures> => {
  const draws = asked.progress || Deno.stderr.isTerminal()
  let done = 0
  const draw = () => draws && write(Deno.stderr, bar(done, invoices.length))
  const { nexus, stop } = asked.url === undefined ? await startOwn() : useRunning(asked.url)
  draw()
  try {
    return await Effect.runPromise(run(nexus, invoices, () => {
      done++
      draw()
    }))
  } finally {
    if (draws) write(Deno.stderr, "\n")
    await stop()
  }
}

const file = asked.csv ?? new URL("data/online-retail.csv", import.meta.url).pathname
const csv = await Deno.readTextFile(file).catch((error: Error) => end(2, `cannot read ${file}: ${error.message}`))
const invoices = Result.try(() => invoicesOf(parse(csv)))
if (Result.isFailure(invoices)) end(2, (invoices.failure as Error).message)

const figures = await send(Result.getOrThrow(invoices)).catch((error: unknown) =>
  end(1, error instanceof DemoFailed || error instanceof CannotServe ? error.message : String(error))
)
console.log(asked.json ? JSON.stringify(figures) : show(figures))
const wrong = differences(figures, figuresOf(csv))
if (wrong.length > 0) end(1, `\nnot equal:\n${wrong.join("\n")}`)
if (!asked.json) console.log("\nequal to the penny with what the CSV says")
// Idle connections of the client would keep the process for a while.
Deno.exit(0)
