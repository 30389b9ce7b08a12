/**
 * The routes and scopes that docs/http.md lists are those that a server has, its answers those of the example shop; what
 * docs/live.md sends is understood.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { Schema } from "effect"
import { join } from "node:path"
import { type Server, start } from "../../edge/deno.ts"
import { Subscribe, Unsubscribe } from "../../edge/stream/frames.ts"
import shop from "../../examples/orders/app.ts"
import boxes from "../http/app.ts"
import { type Document, routesOf } from "../http/client.ts"
import { commandsOf, marked } from "./blocks.ts"
import { guides } from "./guides.ts"

interface Row {
  readonly routes: ReadonlyArray<string>
  readonly scopes: string
}

const path = "docs/http.md"
/** The rows of the first table: `POST /v1/...` and what else stands in its first two cells. */
const rows = (): ReadonlyArray<Row> =>
  readFileSync(path, "utf8").split("\n## ")[1]!.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [, first = "", scopes = ""] = line.split("|").map((cell) => cell.trim())
    const [method = "", ...paths] = [...first.matchAll(/`([^`]*)`/g)].flatMap(([, text = ""]) => text.split(" "))
    return { routes: paths.map((one) => `${method} ${one.split("?")[0]}`), scopes }
  })

describe(path, () => {
  const folder = mkdtempSync(join(tmpdir(), "nexus-docs-"))
  let server: Server
  beforeAll(async () => {
    server = await start(boxes, { env: { NEXUS_DATA: folder, PORT: "0" }, logLevel: "None" })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  it("is one of the guides", () => {
    assert.include(guides().map((guide) => guide.path), path)
  })

  it("lists every route of the served document with its scope, and no other but those that are no operation", async () => {
    const named = new Map(rows().flatMap(({ routes, scopes }) => routes.map((route) => [route, scopes] as const)))
    const document = await (await fetch(`${server.url}/openapi.json`)).json() as Document
    const served = new Map(
      routesOf(document).map(({ method, path, scope }) => [
        `${method} ${path.replace("/Box", "/{Aggregate}").replace(/\/commands\/\w+$/, "/commands/{Command}")}`,
        scope?.replace("Box", "{Aggregate}"),
      ]),
    )
    for (const [route, scope] of served) {
      // What the page of the reference loads.
      if (route.startsWith("GET /docs/")) continue
      assert.property(Object.fromEntries(named), route)
      if (scope === undefined) assert.strictEqual(named.get(route), "open", route)
      else assert.include(named.get(route), `\`${scope}\``, route)
    }
    for (const route of named.keys()) {
      if (served.has(route)) continue
      const [method = "GET", path = ""] = route.split(" ")
      const { body, status } = await fetch(server.url + path, { method })
      await body?.cancel()
      assert.notInclude([404, 405], status, route)
    }
  })
})

const blocksIn = (of: string) => guides().find((guide) => guide.path === of)!.blocks
/** What an answer is, without what no two have alike: a text that ends with "…", and the time. */
const likeShown = (shown: unknown, answered: unknown): unknown => {
  if (typeof shown === "string" && shown.endsWith("…") && typeof answered === "string") return shown
  if (Array.isArray(shown) && Array.isArray(answered)) return answered.map((one, i) => likeShown(shown[i], one))
  if (typeof shown !== "object" || shown === null || typeof answered !== "object" || answered === null) return answered
  const known = shown as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(answered).map(([key, one]) => [key, key === "recordedAt" ? known[key] : likeShown(known[key], one)]),
  )
}

describe("the JSON of a guide", () => {
  it(`is answered as ${path} shows it, to what README sends`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-docs-"))
    const server = await start(shop, { env: { NEXUS_DATA: folder, PORT: "0" }, logLevel: "None" })
    try {
      const scopes = { tenant: "demo", subject: "reader", scope: "commands:* read", ttlSeconds: 60 }
      const headers = { authorization: `Bearer ${await server.mint!(scopes)}` }
      const sent = blocksIn("README.md").flatMap(({ text }) => commandsOf(text)).find((line) =>
        /PlaceOrder/.test(line)
      )!
      const [, body] = /-d '(.*)'$/.exec(sent)!
      const command = { "content-type": "application/json", "idempotency-key": "first" }
      const answers = blocksIn(path).filter((block) => marked(block, "answers") !== undefined)
      assert.lengthOf(answers, 2)
      for (const block of answers) {
        const [method = "", route] = marked(block, "answers")!.split(" ")
        const init = method === "GET" ? { headers } : { method, headers: { ...headers, ...command }, body: body! }
        const shown = JSON.parse(block.text)
        assert.deepStrictEqual(likeShown(shown, await (await fetch(server.url + route, init)).json()), shown)
      }
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true })
    }
  })

  it("is understood by a socket", () => {
    const decode = Schema.decodeUnknownSync(Schema.Union([Subscribe, Unsubscribe]), { onExcessProperty: "error" })
    const sent = blocksIn("docs/live.md").flatMap(({ text }) => text.split("\n")).filter((line) => /^{ "op"/.test(line))
    assert.lengthOf(sent, 3)
    for (const line of sent) decode(JSON.parse(line))
  })
})
