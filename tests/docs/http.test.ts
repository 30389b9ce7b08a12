/**
 * The routes and scopes that docs/http.md lists are those that a server has.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Server, start } from "../../edge/deno.ts"
import boxes from "../http/app.ts"
import { type Document, routesOf } from "../http/client.ts"
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
