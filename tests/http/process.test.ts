/**
 * The server as a process: what it prints, how it refuses to start, how it ends.
 * @module
 */
import { copyFileSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, afterEach, assert, describe, it } from "vitest"
import { folder, forget, killAll, launch, start, until } from "./processes.ts"
import { speak } from "./raw.ts"

describe("the server as a process", () => {
  afterEach(killAll)
  afterAll(forget)

  it("prints an address, a token and a curl that work; its key is its owner's alone", async () => {
    const { text, token, url } = await start()
    const curl = /curl -X POST (\S+) .*\\\n.* -d '(.*)'/.exec(text())!
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    assert.strictEqual((await fetch(curl[1]!, { method: "POST", headers, body: curl[2]! })).status, 200)
    assert.strictEqual(statSync(join(folder, "key.json")).mode & 0o777, 0o600)
    const { keys: [key] } = JSON.parse(await (await fetch(`${url}/.well-known/jwks.json`)).text())
    assert.deepInclude(key, { kty: "EC", crv: "P-256", alg: "ES256", use: "sig" })
    assert.notProperty(key, "d")
  })

  it("takes tokens of `nexus token` over the same folder", async () => {
    const { url } = await start()
    const words = ["token", "--tenant", "t", "--subject", "s", "--scope", "read", "--ttl", "5m"]
    const minted = launch({}, ["cli/main.ts", ...words])
    assert.strictEqual(await minted.ended, 0)
    // On a cold cache Deno says on stderr what it downloads; a token is told by its look.
    const [token] = /eyJ[\w.-]+/.exec(minted.text())!
    const headers = { authorization: `Bearer ${token}` }
    assert.strictEqual((await fetch(`${url}/v1/Box`, { headers })).status, 200)
    assert.strictEqual((await fetch(`${url}/metrics`, { headers })).status, 403)
  })

  it("on SIGTERM refuses what is new, finishes what it took, and exits with 0", async () => {
    const server = await start()
    assert.strictEqual((await server.put("before", "b-1")).status, 200)
    const body = '{"text":"in flight"}'
    const headers = [
      "content-type: application/json",
      `authorization: Bearer ${server.token}`,
      `content-length: ${body.length}`,
    ]
    const head = `POST /v1/Box/during/commands/Put HTTP/1.1\r\nhost: x\r\n${headers.join("\r\n")}\r\n\r\n`
    // The head and half of the body come before the signal, the rest after it.
    const underWay = speak(server.port, [head + body.slice(0, 5), body.slice(5)], { gapMs: 1_500 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    server.child.kill("SIGTERM")
    const ready = async () => (await fetch(`${server.url}/health/ready`)).status === 503
    await until(ready, "readiness lost")
    const refused = await server.put("after", "a-1")
    assert.strictEqual(refused.status, 503)
    assert.strictEqual(JSON.parse(await refused.text()).type, "/problems#shutting-down")
    assert.isAtLeast(Number(refused.headers.get("retry-after")), 1)
    assert.strictEqual((await underWay).status, 200)
    assert.strictEqual(await server.ended, 0)

    const again = await start()
    const read = async (id: string) =>
      (await fetch(`${again.url}/v1/Box/${id}`, { headers: { authorization: `Bearer ${again.token}` } })).status
    assert.deepStrictEqual([await read("before"), await read("during"), await read("after")], [200, 200, 404])
  }, 30_000)

  it(
    "on SIGTERM leaves nobody waiting: what does not come to its end is refused, and the exit is 0 within ten seconds",
    async () => {
      const server = await start()
      const headers = ["content-type: application/json", `authorization: Bearer ${server.token}`, "content-length: 100"]
      const head = `POST /v1/Box/never/commands/Put HTTP/1.1\r\nhost: x\r\n${headers.join("\r\n")}\r\n\r\n`
      const stuck = speak(server.port, [`${head}{`], { msMax: 15_000 })
      await new Promise((resolve) => setTimeout(resolve, 300))
      const asked = performance.now()
      server.child.kill("SIGTERM")
      const { body, status } = await stuck
      assert.deepStrictEqual([status, JSON.parse(body).type], [503, "/problems#shutting-down"])
      assert.strictEqual(await server.ended, 0)
      assert.isBelow(performance.now() - asked, 10_000)
    },
    30_000,
  )

  it("refuses to start in production without an issuer, and says all that is missing", async () => {
    const running = launch({ NEXUS_ENV: "production", NEXUS_AUDIENCE: "a" })
    assert.strictEqual(await running.ended, 1)
    assert.match(running.text(), /NEXUS_ISSUER is missing/)
    assert.match(running.text(), /NEXUS_JWKS_URL is missing/)
    assert.notMatch(running.text(), /NEXUS_AUDIENCE is missing|TOKEN|at .*\.ts/)
  })

  it("refuses to start on a port that is taken, or over a folder that is none, and says so in a line", async () => {
    const { port } = await start()
    const taken = launch({ PORT: String(port) })
    assert.strictEqual(await taken.ended, 1)
    assert.match(taken.text(), new RegExp(`nexus: cannot listen on 127.0.0.1:${port}: .*; .*set PORT`))
    const none = launch({ NEXUS_DATA: "deno.json/data" })
    assert.strictEqual(await none.ended, 1)
    assert.match(none.text(), /^nexus: .*deno\.json\/data/m)
  })

  it("refuses to start beside rules for requests that it was not given, unless it is told to do without", async () => {
    const place = join(folder, "ruled")
    mkdirSync(join(place, "policies"), { recursive: true })
    // Any bundle with an entrypoint called decision is one.
    copyFileSync("policies/bundle.wasm", join(place, "policies/bundle.wasm"))
    const ruled = (options: string) => {
      const from = (path: string) => JSON.stringify(pathToFileURL(path).href)
      const lines = [
        `import { readFileSync } from "node:fs"`,
        `import { serve } from ${from("edge/deno.ts")}`,
        `import app from ${from("tests/http/app.ts")}`,
        `await serve(app, ${options})`,
      ]
      writeFileSync(join(place, "main.ts"), lines.join("\n"))
      return launch({}, ["--config", "deno.json", join(place, "main.ts")])
    }
    const forgotten = ruled("{}")
    assert.strictEqual(await forgotten.ended, 1)
    assert.match(
      forgotten.text(),
      /^nexus: .*ruled.policies.bundle\.wasm decides about requests \(nexus\/authorization\/decision\).*serve\(app, /m,
    )
    assert.notMatch(forgotten.text(), /TOKEN|at .*\.ts/)
    writeFileSync(join(place, "policies/bundle.wasm"), "none")
    const damaged = ruled("{}")
    assert.strictEqual(await damaged.ended, 1)
    assert.match(damaged.text(), /^nexus: .*bundle\.wasm: a bundle of policies cannot be used.*build it again/m)
    for (const options of ["{ policies: [] }", '{ policies: [readFileSync("policies/bundle.wasm")] }']) {
      const running = ruled(options)
      await until(() => /TOKEN/.test(running.text()) || running.hasEnded(), "a greeting")
      assert.isFalse(running.hasEnded(), running.text())
      running.child.kill("SIGTERM")
      assert.strictEqual(await running.ended, 0)
    }
  }, 30_000)

  it("in production serves no key, prints no token, and logs a line of JSON a request", async () => {
    const keys = { NEXUS_ISSUER: "https://i.test", NEXUS_AUDIENCE: "a", NEXUS_JWKS_URL: "http://127.0.0.1:9/keys" }
    const running = launch({ NEXUS_ENV: "production", ...keys })
    await until(() => /serves/.test(running.text()), "a greeting")
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.text())![0]
    assert.strictEqual((await fetch(`${url}/.well-known/jwks.json`)).status, 404)
    assert.strictEqual((await fetch(`${url}/v1/Box/geheim?geheim=1`)).status, 401)
    await until(() => running.text().includes('"status":401'), "a log line")
    const lines = running.text().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
    assert.deepInclude(lines.at(-1).annotations, { method: "GET", route: "/v1/Box/:id", status: 401 })
    assert.notMatch(running.text(), /TOKEN|geheim/)
  })
})
