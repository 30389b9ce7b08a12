/**
 * The embedded server under policies that refuse: what is answered, what is kept of it, and when it does not start.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, describe, it } from "vitest"
import { digest } from "../../core/Fingerprint.ts"
import type { Input } from "../../core/PolicyEnforcer.ts"
import { CannotServe, start } from "../../edge/deno.ts"
import { root } from "../policies/bundle.ts"
import boxes from "./app.ts"
import { ask, everything } from "./client.ts"
import * as Target from "./Target.ts"

const closing: Array<() => Promise<void> | void> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** An engine that decides as `decide` says; `down` ends it. */
const opa = async (decide: (input: Input) => unknown) => {
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (chunk) => text += chunk)
    request.on("end", () => response.end(JSON.stringify({ result: decide(JSON.parse(text).input) })))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const down = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  closing.push(down)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, down }
}

const open = async (decide: (input: Input) => unknown) => {
  const engine = await opa(decide)
  const target = await Target.embedded({}, { NEXUS_OPA_URL: engine.url })
  closing.push(target.close)
  const as = (tenant: string, scope = everything) => target.issuer.sign({ tenant, sub: "alice", scope })
  const violations = async (tenant: string, search = "") => {
    const { status, text } = await ask(target, `/v1/policies/violations${search}`, { token: await as(tenant) })
    assert.strictEqual(status, 200, text)
    return JSON.parse(text) as { violations: ReadonlyArray<Record<string, unknown>>; cursor: string | null }
  }
  /** They are written behind the answers. */
  const settled = async (tenant: string, count: number) => {
    for (let i = 0; i < 200; i++) {
      const found = await violations(tenant)
      if (found.violations.length >= count) return found
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    return violations(tenant)
  }
  return { as, down: engine.down, settled, target, violations }
}

describe("a server with policies elsewhere", () => {
  it("refuses what they refuse, keeps it, and shows it to its tenant alone", async () => {
    const { as, settled, target, violations } = await open(({ action, aggregate }) =>
      action === "command" || action === "history"
        ? { allow: false, rule: `no-${action}` }
        : { allow: true, rule: aggregate }
    )
    const token = await as("t")
    const refused = await ask(target, "/v1/Box/a/commands/Put", { token, body: { text: "secret" } })
    assert.strictEqual(refused.status, 403, refused.text)
    const { instance: _, ...problem } = JSON.parse(refused.text)
    assert.deepInclude(problem, { type: "/problems#policy-denied", policy: "nexus.authorization", rule: "no-command" })
    assert.strictEqual((await ask(target, "/v1/Box/a/events", { token: await as("u") })).status, 403)
    assert.strictEqual((await ask(target, "/v1/Box", { token })).status, 200)

    const { cursor, violations: [violation, ...more] } = await settled("t", 1)
    assert.isNull(cursor)
    assert.isEmpty(more)
    const input = { action: "command", aggregate: "Box", app: boxes.name, path: "/v1/Box/{id}/commands/Put" }
    const scopes = everything.split(" ").map((scope) => JSON.stringify(scope)).join(",")
    const canonical = `{"action":"command","aggregate":"Box","app":"${boxes.name}","path":"${input.path}",` +
      `"scopes":[${scopes}],"subject":"alice","tenant":"t","type":"Put"}`
    const { time, ...rest } = violation!
    assert.deepStrictEqual(rest, {
      policy: "nexus.authorization",
      rule: "no-command",
      action: "command",
      aggregate: "Box",
      type: "Put",
      subject: "Box.Put",
      principal: "alice",
      inputDigest: digest(canonical),
      bundle: "remote",
    })
    assert.isNumber(time)
    const other = await settled("u", 1)
    assert.deepStrictEqual(other.violations.map(({ rule, subject }) => [rule, subject]), [["no-history", "Box"]])
    assert.isEmpty((await violations("v")).violations)
    assert.notInclude(JSON.stringify([violation, other]), "secret")
  })

  it("shows violations in pages, and to nobody without the scope", async () => {
    const { as, settled, target, violations } = await open(({ action }) => ({ allow: action === "read", rule: "r" }))
    const token = await as("t")
    for (let i = 0; i < 5; i++) await ask(target, `/v1/Box/a${i}/commands/Put`, { token, body: { text: "x" } })
    const all = [...(await settled("t", 5)).violations]
    const pages: Array<unknown> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const page = await violations("t", `?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
      pages.push(...page.violations)
      cursor = page.cursor
    }
    assert.deepStrictEqual(pages, all)
    assert.strictEqual(all.length, 5)
    const first = await violations("t", "?limit=1")
    const bad = [`?cursor=x`, `?limit=0`, `?limit=501`, `?tenant=u`]
    for (const search of bad) {
      assert.strictEqual((await ask(target, `/v1/policies/violations${search}`, { token })).status, 422, search)
    }
    const stolen = await ask(target, `/v1/policies/violations?cursor=${first.cursor}`, { token: await as("u") })
    assert.strictEqual(stolen.status, 422)
    const without = await ask(target, "/v1/policies/violations", { token: await as("t", "read ops history") })
    assert.deepStrictEqual([without.status, JSON.parse(without.text).scope], [403, "policies:read"])
  })

  it("refuses everything with 503 while they cannot be asked or say nothing that is understood", async () => {
    let answer: unknown = { allow: true }
    const { as, down, target } = await open(() => answer)
    const token = await as("t")
    const put = (key: string) =>
      ask(target, "/v1/Box/a/commands/Put", { token, body: { text: "x" }, headers: { "idempotency-key": key } })
    assert.strictEqual((await put("a")).status, 200)
    for (const wrong of [{ allow: "yes" }, null, "true", {}, []]) {
      answer = wrong
      const said = await put("b")
      assert.strictEqual(said.status, 503, said.text)
      assert.strictEqual(JSON.parse(said.text).type, "/problems#policy-unavailable")
      assert.strictEqual(said.headers.get("retry-after"), "1")
    }
    answer = undefined
    const undefinedSaid = await put("b")
    assert.deepInclude(JSON.parse(undefinedSaid.text), { status: 403, rule: "undefined" })
    await down()
    assert.strictEqual((await put("b")).status, 503)
    // What is open is not asked for, so health stays what it is.
    assert.strictEqual((await ask(target, "/health/ready")).status, 200)
  })
})

describe("a server with the policies of Nexus", () => {
  it("keeps of each route what lacked its scope, under the rule that is named for it, and answers forbidden", async () => {
    const target = await Target.embedded({}, {})
    closing.push(target.close)
    const token = await target.issuer.sign({ tenant: "t", sub: "alice", scope: "none" })
    const { paths } = JSON.parse((await ask(target, "/openapi.json")).text) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security: ReadonlyArray<unknown> }>>>>
    }
    const refused: Array<string> = []
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (security.length === 0) continue
        const at = path.replaceAll(/\{\w+\}/g, "x")
        const { status, text } = await ask(target, at, { method: method.toUpperCase(), token })
        const { instance: _, scope, ...problem } = JSON.parse(text)
        assert.deepStrictEqual([status, typeof scope], [403, "string"], path)
        assert.deepStrictEqual(problem, {
          ...{ type: "/problems#forbidden", title: "Forbidden", status: 403 },
          detail: "Ask for a token with the scope that is named.",
        })
        refused.push(path)
      }
    }
    assert.isAbove(refused.length, 10)
    const list = async (tenant: string) => {
      const reading = await target.issuer.sign({ tenant, sub: "auditor", scope: "policies:read" })
      const { text } = await ask(target, "/v1/policies/violations", { token: reading })
      return JSON.parse(text).violations as ReadonlyArray<Record<string, unknown>>
    }
    let kept = await list("t")
    for (let i = 0; i < 200 && kept.length < refused.length; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25))
      kept = await list("t")
    }
    assert.strictEqual(kept.length, refused.length)
    for (const { bundle, policy, principal, rule } of kept) {
      assert.deepStrictEqual([policy, principal, `${bundle}`.length], ["nexus.authorization", "alice", 64])
      assert.match(`${rule}`, /^[a-z-]+-scope$/)
    }
    assert.isEmpty(await list("u"))
  })
})

describe("a server with bundles of its own", () => {
  const wasm = readFileSync(join(root, "policies/bundle.wasm"))
  const serve = async (policies: ReadonlyArray<Uint8Array>) => {
    const data = mkdtempSync(join(tmpdir(), "nexus-policies-"))
    closing.push(() => rmSync(data, { recursive: true, force: true }))
    const server = await start(boxes, { env: { NEXUS_DATA: data, PORT: "0" }, logLevel: "None", policies })
    closing.push(server.stop)
    return server
  }
  it("starts with one that is a bundle", async () => {
    const { mint, url } = await serve([wasm])
    const token = await mint!({ tenant: "t", subject: "s", scope: "read", ttlSeconds: 60 })
    const response = await fetch(`${url}/v1/Box`, { headers: { authorization: `Bearer ${token}` } })
    assert.strictEqual(response.status, 200, await response.text())
  })
  it("does not start with anything else, and says so", async () => {
    for (const bytes of [new Uint8Array(0), wasm.subarray(0, 999), new TextEncoder().encode("package a")]) {
      const error = await serve([bytes]).then(() => undefined, (error: unknown) => error)
      assert.instanceOf(error, CannotServe)
      assert.match(String((error as CannotServe).lines), /bundle of policies cannot be used.*opa build -t wasm/)
    }
  })
})
