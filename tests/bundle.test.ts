/**
 * The Worker's bundle: it builds as it would be deployed, its size is said, and plain workerd serves it. The pool of the
 * `edge` tests allows what Workers forbid, so that only this tells.
 * @module
 */
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

/** A Worker of the free plan may hold 3 MiB; ours should stay far below, for its start pays for every byte. */
const gzipKiBMax = 420

/** Where it really is: beside its own workerd. */
const wrangler = realpathSync("node_modules/wrangler")
const out = mkdtempSync(".nexus-bundle-")
let said = ""

/** As `wrangler.toml` has it. */
const config = (wasm: string) =>
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "${wasm}", wasm = embed "${wasm}"),
  ],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "TestObject", uniqueKey = "test", enableSql = true)],
  durableObjectStorage = (inMemory = void),
  bindings = [(name = "TEST_OBJECT", durableObjectNamespace = "TestObject")],
);
`

/** Runs `use` against workerd with the bundle on a free port, which is gone when this settles. */
const withWorkerd = async (use: (url: string) => Promise<void>): Promise<void> => {
  const wasm = readdirSync(out).filter((name) => name.endsWith(".wasm"))
  assert.strictEqual(wasm.length, 1, "the policies are the only Wasm")
  writeFileSync(join(out, "config.capnp"), config(wasm[0]!))
  const { default: program } = createRequire(join(wrangler, "package.json"))("workerd") as { default: string }
  const child = spawn(program, ["serve", join(out, "config.capnp"), "--control-fd=1"], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  try {
    const port = await new Promise<string>((resolve, reject) => {
      let [text, errors] = ["", ""]
      child.stderr.on("data", (chunk) => errors += chunk)
      child.stdout.on("data", (chunk) => {
        text += chunk
        const found = /"port":(\d+)/.exec(text)
        if (found !== null) resolve(found[1]!)
      })
      child.once("exit", (code) => reject(new Error(`workerd ended with ${code}: ${errors}`)))
    })
    await use(`http://127.0.0.1:${port}`)
  } finally {
    child.kill("SIGKILL")
    await ended
  }
}

beforeAll(() => {
  const args = [join(wrangler, "bin/wrangler.js"), "deploy", "--dry-run", "--minify", "--outdir", out]
  said = execFileSync(Deno.execPath(), ["run", "-A", ...args], {
    encoding: "utf8",
    env: { ...Deno.env.toObject(), WRANGLER_SEND_METRICS: "false", CI: "true" },
    timeout: 60_000,
  })
}, 90_000)
afterAll(() => rmSync(out, { recursive: true }))

describe("the app factory bundled for Workers", () => {
  it("is small", () => {
    const size = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(said)
    assert(size !== null, said)
    console.log(`bundle of the test Worker: ${size[1]} KiB, gzip ${size[2]} KiB`)
    assert.isBelow(Number(size[2]), gzipKiBMax)
  })

  it(
    "enforces its policies in plain workerd, which compiles no Wasm from bytes",
    { timeout: 60_000 },
    () =>
      withWorkerd(async (url) => {
        const ask = async (path: string, init: RequestInit = {}) => {
          const response = await fetch(url + path, init)
          return { status: response.status, text: await response.text() }
        }
        assert.strictEqual((await ask("/compiles")).text, "false")
        const headers = {
          authorization: `Bearer ${(await ask("/token")).text}`,
          "content-type": "application/json",
        }
        const command = await ask("/v1/Counter/c/commands/Add", { method: "POST", headers, body: '{"n":3}' })
        assert.strictEqual(command.status, 200, command.text)
        const state = await ask("/v1/Counter/c", { headers })
        assert.deepStrictEqual(JSON.parse(state.text).state, { total: 3 })
        // The same policies, asked past the guard of the routes: the token's scopes are not enough for this.
        const { text } = await ask("/decides")
        assert.deepStrictEqual(JSON.parse(text), { yes: "allowed", no: "command-scope" })
      }),
  )
})
