/**
 * Schemathesis against the running shop, from the OpenAPI document that it serves: the suite `schemathesis`.
 *
 * No 5xx, no status, header or body that the document does not promise, nothing taken that it forbids, nothing open that
 * it guards. And operations have to have answered 200, or the suite has tested refusals alone.
 * @module
 */
import { Effect } from "effect"
import { Base64Url } from "effect/encoding"
import { join } from "node:path"
import { DeadLetters, idOf } from "../../core/DeadLetters.ts"
import * as Sqlite from "../../runtime/adapters/sqlite/Sqlite.ts"
import { find, lacking, root } from "./tools.ts"

const found = find("schemathesis") ?? lacking("schemathesis")

/** Of one run, on a machine that is busy; on a quiet one it ends by itself within 40. */
const secondsMax = 140
/** The document cannot say all that makes a request good: cursors are opaque, times must be in order. */
const checks = ["--exclude-checks", "positive_data_acceptance"]

const folder = await Deno.makeTempDir({ prefix: "nexus-schemathesis-" })
const server = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", join(root, "examples/orders/main.ts")],
  env: { NEXUS_DATA: join(folder, "data"), PORT: "0", NO_COLOR: "1" },
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
}).spawn()

let text = ""
const reading = (async () => {
  for await (const chunk of server.stdout) text = (text + new TextDecoder().decode(chunk)).slice(0, 65_536)
})()
const scopes =
  "commands:* read history stream schemas:read schemas:write policies:read dead-letters:read dead-letters:operate ops"
/** The token of the greeting does not register schemas. */
const minted = async (): Promise<string> => {
  const args = ["run", "-A", join(root, "cli/main.ts"), "token", "--json", "--tenant", "demo", "--subject", "developer"]
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args, "--scope", scopes],
    env: { NEXUS_DATA: join(folder, "data") },
  }).output()
  return (JSON.parse(new TextDecoder().decode(stdout)) as { readonly token: string }).token
}

const results: Array<readonly [name: string, well: boolean]> = []
const record = (name: string, well: boolean) => {
  results.push([name, well])
  console.log(`${well ? "passed" : "FAILED"}: ${name}`)
}

/** The parts of the greeting, once it is there. */
const greeted = async (): Promise<{ readonly url: string; readonly payload: string }> => {
  for (let tries = 0; tries < 600; tries++) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
    const [, payload] = /-d '(.*)'/.exec(text) ?? []
    if (url !== undefined && payload !== undefined) return { url, payload }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the server does not greet: ${text}`)
}

const known = "known-1"
/** No event of the shop, so that whatever is registered there breaks nothing. */
const subject = "Known.Happened.v1"
/** What a request that breaks the document may be answered with; its own list lacks the limits of URL and headers. */
const refused = `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 428, 429, 431]
`
const stream = { tenant: "demo", aggregate: "Order", id: known }
/** Of a consumer that no process has, so that it stays. */
const letter = {
  ...{ id: idOf("nobody", stream), kind: "stream" as const, consumer: "nobody", stream, version: 1, eventId: "e-1" },
  ...{ type: "OrderPlaced", error: "Refused", attempts: 6, firstAt: 1, lastAt: 2, traceId: "" },
}
const park = Effect.flatMap(DeadLetters, (letters) => letters.put(letter))
/** Good only with values of the body that the past decides: the state of an instance, or who has dead letters. */
const withPast = ["PayOrder", "ShipOrder", "ReturnItems", "RemoveItem", "Checkout", "dead-letters/discard"]

const pinned = `[parameters]
"path.id" = "${known}"
"path.subject" = "${subject}"
"path.revision" = 1
"path.letter" = "${Base64Url.encode(letter.id)}"
`

/** One run with ids as they come, one with an id that has a past. */
const runs = async (url: string, authorization: string): Promise<void> => {
  const config = join(folder, "schemathesis.toml")
  for (const [name, toml] of [["any id", ""], ["a known id", pinned]] as const) {
    await Deno.writeTextFile(config, toml + refused)
    const run = new Deno.Command(found.program, {
      args: [
        ...["--config-file", config, "run", `${url}/openapi.json`, "--header", `Authorization: ${authorization}`],
        ...["--phases", "coverage,fuzzing", ...checks, "--continue-on-failure", "--no-color"],
        ...["--warnings", "off", "--max-examples", "6", "--workers", "1"],
        "--generation-deterministic",
      ],
      cwd: folder,
      env: { ...found.env },
      stdin: "null",
    }).spawn()
    const timer = setTimeout(() => run.kill("SIGKILL"), secondsMax * 1000)
    const { code } = await run.status
    clearTimeout(timer)
    record(`schemathesis finds nothing with ${name}`, code === 0)
  }
}

/** What the server itself counted: every operation answered well at least once, and none with 5xx. */
const counted = async (url: string, authorization: string): Promise<void> => {
  const ask = async (path: string) => await (await fetch(url + path, { headers: { authorization } })).text()
  const lines = (await ask("/metrics")).split("\n").filter((line) => line.startsWith("HttpRequests{"))
  const of = (line: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? ""
  const seen = new Set(lines.map((line) => `${of(line, "method")} ${of(line, "route")} ${of(line, "status")}`))
  const { paths } = JSON.parse(await ask("/openapi.json")) as { paths: Record<string, Record<string, unknown>> }
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const route = `${method.toUpperCase()} ${path.replaceAll(/{(\w+)}/g, ":$1")}`
      if (!withPast.some((end) => path.endsWith(`/${end}`))) {
        record(`${route} answered 200`, seen.has(`${route} 200`))
      }
    }
  }
  record("nothing answered 5xx", ![...seen].some((line) => / 5\d\d$/.test(line)))
}

try {
  const { payload, url } = await greeted()
  const authorization = `Bearer ${await minted()}`
  const send = async (path: string, body: string) =>
    await (await fetch(`${url}/v1/${path}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body,
    })).text()
  await send(`Order/${known}/commands/PlaceOrder`, payload)
  await send(`schemas/${subject}/revisions`, "{}")
  await Effect.runPromise(Effect.provide(park, Sqlite.layer({ folder: join(folder, "data") })))
  await runs(url, authorization)
  await counted(url, authorization)
} finally {
  server.kill("SIGTERM")
  await server.status
  await reading
  await Deno.remove(folder, { recursive: true })
}
const failed = results.filter(([, well]) => !well).length
console.log(JSON.stringify({ passed: results.length - failed, failed, skipped: 0 }))
Deno.exit(failed === 0 ? 0 : 1)
