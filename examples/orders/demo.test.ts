import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { start } from "nexus-actors/edge/deno"
import app from "./app.ts"
import type { Figures } from "./report.ts"

const folder = mkdtempSync(join(tmpdir(), "nexus-demo-test-"))
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true })
})

interface Run {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** Runs the demo as its user would; it is ended without warning once `until` says so of what it wrote to its errors. */
const demo = (args: ReadonlyArray<string>, until: (errors: string) => boolean = () => false): Promise<Run> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["run", "-q", "-A", "examples/orders/demo.ts", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    children.add(child)
    let [out, errors] = ["", ""]
    child.stdout.on("data", (chunk) => out += chunk)
    child.stderr.on("data", (chunk) => {
      errors += chunk
      if (until(errors)) child.kill("SIGKILL")
    })
    child.on("close", (code) => {
      children.delete(child)
      resolve({ code, out, errors })
    })
  })
const invoicesDone = (errors: string): number => Number(/(\d+)\/512[^/]*$/.exec(errors)?.[1] ?? 0)

describe("the demo", () => {
  it("ends with the same figures after it was killed in the middle, and changes nothing when run again", async () => {
    const data = ["--data", join(folder, "killed")]
    const killed = await demo([...data, "--progress"], (errors) => invoicesDone(errors) >= 150)
    assert.isNull(killed.code)
    assert.isBelow(invoicesDone(killed.errors), 512)

    const second = await demo([...data, "--json"])
    assert.deepEqual([second.code, second.errors], [0, ""])
    const { invoices, placed, returned, events, grossPence } = JSON.parse(second.out) as Figures
    assert.deepEqual([invoices, placed, returned, events, grossPence], [512, 424, 9, 433, 18_424_833])

    // As tables; 0 says that no figure differs from the CSV, the number of events among them.
    const { code, errors, out } = await demo(data)
    assert.deepEqual([code, errors], [0, ""])
    assert.match(out, /^invoices +512$/m)
    assert.match(out, /^events +433$/m)
    assert.match(out, /^United Kingdom +392 /m)
    assert.match(out, /equal to the penny/)
  }, 90_000)

  it("says what it was asked for wrongly", async () => {
    const wrong = [
      ["--bogus"],
      ["--url", "http://x", "--data", "y"],
      ["--url", "http://x", "--store", "sqlite"],
      ["--url", "nonsense", "--token", "t"],
      ["--csv", "none"],
    ]
    for (const { code, errors } of await Promise.all(wrong.map((args) => demo(args)))) {
      assert.strictEqual(code, 2)
      assert.match(errors, /bogus|--data|--store belongs|not a URL|cannot read/)
    }
    const nowhere = await demo(["--store", "paper"])
    assert.strictEqual(nowhere.code, 1)
    assert.match(nowhere.errors, /^NEXUS_STORE .*paper/)
  }, 60_000)
})

describe("the demo against a running Nexus", () => {
  let server: Awaited<ReturnType<typeof start>>
  let token = ""
  beforeAll(async () => {
    server = await start(app, { env: { PORT: "0", NEXUS_DATA: join(folder, "running") }, logLevel: "Warn" })
    token = await server.mint!({ tenant: "t", subject: "s", scope: "commands:Order read", ttlSeconds: 600 })
  })
  afterAll(() => server.stop())
  const post = (path: string, body: object) =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    })

  it("finds it equal, and afterwards names each figure that somebody changed", async () => {
    const first = await demo(["--url", server.url, "--token", token, "--json"])
    assert.strictEqual(first.code, 0, first.errors)

    const lines = [{ stockCode: "85123A", quantity: 1 }]
    assert.strictEqual((await post("/v1/Order/536365/commands/ReturnItems", { lines })).status, 200)
    const changed = await demo(["--url", server.url, "--token", token, "--json"])
    assert.strictEqual(changed.code, 1)
    assert.match(changed.errors, /^refundedPence is 18655 in Nexus and 18400 in the CSV$/m)
    assert.match(changed.errors, /^events is 434 in Nexus and 433 in the CSV$/m)
    assert.notMatch(changed.errors, /grossPence/)
  }, 60_000)

  it("ends at once where the token is not good, and soon where nobody serves", async () => {
    const [refused, nobody] = await Promise.all([
      demo(["--url", server.url, "--token", "bad"]),
      demo(["--url", "http://127.0.0.1:9", "--token", token]),
    ])
    assert.deepEqual([refused!.code, nobody!.code], [1, 1])
    assert.match(refused!.errors, /answered 401: Unauthorized/)
    assert.match(nobody!.errors, /did not serve .* in 4 attempts: no answer/)
  }, 60_000)
})
