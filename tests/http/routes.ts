/**
 * Every route of the served document: who may use it, what it answers, which methods it has.
 * @module
 */
import { Arbitrary, Effect } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { struct } from "../../schemas/Fields.ts"
import * as Wire from "../../schemas/Wire.ts"
import { ask, type Document, documentOf, everything, fill, problem, promised, type Route, routesOf } from "./client.ts"
import type { Open, Target } from "./Target.ts"

/** Some payloads of the command behind a route, in their JSON form. */
const payloads = (target: Target, { path }: Route): ReadonlyArray<unknown> => {
  const [, , aggregate = "", , , tag = ""] = path.split("/")
  if (aggregate === "schemas") return [{}, { type: "object" }, { type: "nonsense" }]
  if (aggregate === "dead-letters") return [{}, { all: true }, { consumer: "mailer", dryRun: true }, { all: 1 }]
  const command = target.app.aggregates[aggregate]!.contract.commands[tag]!
  const found = Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(struct(command.fields)), { count: 4, seed: 5 }))
  return found.map((one) =>
    Effect.runSync(Effect.fromResult(Wire.encodeCommand(command, { ...one as object, _tag: tag })))
  )
}

export const routes = (open: Open): void => {
  describe("every route of the served document", () => {
    let target: Target
    let document: Document
    let all: ReadonlyArray<Route>
    let token: string
    beforeAll(async () => {
      target = await open()
      document = await documentOf(target)
      all = routesOf(document)
      token = await target.issuer.token("t", everything)
    })
    afterAll(() => target.close())

    const each = async (f: (route: Route, path: string) => Promise<void>) => {
      for (const route of all) await f(route, fill(route.path, "r1"))
    }
    const scoped = () => all.filter(({ scope }) => scope !== undefined)

    it("are what an application of this shape has", () => {
      assert.sameMembers(all.map(({ method, path }) => `${method} ${path}`), [
        ...Object.keys(target.app.aggregates["Box"]!.contract.commands).map((tag) =>
          `POST /v1/Box/{id}/commands/${tag}`
        ),
        ...["GET /v1/Box", "GET /v1/Box/{id}", "GET /v1/Box/{id}/events"],
        ...["GET /v1/schemas", "GET /v1/schemas/{subject}/revisions", "POST /v1/schemas/{subject}/revisions"],
        ...["GET /v1/schemas/{subject}/revisions/{revision}", "POST /v1/schemas/{subject}/compatibility"],
        "POST /v1/stream/tickets",
        "GET /v1/events",
        "GET /v1/policies/violations",
        ...["GET /v1/dead-letters", "GET /v1/dead-letters/{letter}", "POST /v1/dead-letters/{letter}/redrive"],
        ...["POST /v1/dead-letters/redrive", "POST /v1/dead-letters/{letter}/discard", "POST /v1/dead-letters/discard"],
        ...["GET /health/live", "GET /health/ready", "GET /metrics", "GET /openapi.json", "GET /asyncapi.json"],
        ...["GET /docs", "GET /docs/openapi-explorer.js"],
      ])
    })

    it("the document is the same, byte for byte, whenever and by whomever it is asked for", async () => {
      const [first, second] = [await ask(target, "/openapi.json"), await ask(target, "/openapi.json", { token })]
      assert.strictEqual(first.text, second.text)
      assert.deepInclude(JSON.parse(first.text), { openapi: "3.1.0" })
    })

    it("refuse who brings no token, all with one body", async () => {
      const bodies = new Set<string>()
      for (const route of scoped()) {
        const said = await ask(target, fill(route.path, "r1"), { method: route.method })
        const { instance, ...rest } = problem(said, 401, "unauthorized")
        assert.strictEqual(instance, fill(route.path, "r1"))
        assert.strictEqual(said.headers.get("www-authenticate"), "Bearer")
        promised(document, route, said)
        bodies.add(JSON.stringify(rest))
      }
      assert.strictEqual(bodies.size, 1)
    })

    it("refuse who has every scope but theirs, and name it", async () => {
      for (const route of scoped()) {
        const needed = route.operation.security.map(({ bearer }) => bearer[0]!)
        const scopes = [...everything.split(" "), "commands:Other", "stream"].filter((one) => !needed.includes(one))
        const poor = await target.issuer.token("t", scopes.join(" "))
        const said = await ask(target, fill(route.path, "r1"), { method: route.method, token: poor })
        assert.strictEqual(problem(said, 403, "forbidden")["scope"], route.scope)
        promised(document, route, said)
      }
    })

    it("serve who has one of the scopes they name, with an answer that the document promises", async () => {
      for (const route of all) {
        for (const scope of route.operation.security.map(({ bearer }) => bearer[0]!)) {
          const narrow = await target.issuer.token("t", scope)
          const bodies = route.operation.requestBody === undefined ? [undefined] : payloads(target, route)
          for (const body of bodies) {
            const past = scope === "history" && route.operation.parameters.some(({ name }) => name === "version")
            const path = `${fill(route.path, "r2")}${past ? "?version=1" : ""}`
            const said = await ask(target, path, { method: route.method, body, token: narrow })
            assert.notInclude([401, 403], said.status)
            promised(document, route, said)
          }
        }
        if (route.scope === undefined) {
          const said = await ask(target, route.path)
          assert.strictEqual(said.status, 200)
          promised(document, route, said)
        }
      }
    })

    it("refuse every other method with 405 and the methods they have", () =>
      each(async ({ path: template }, path) => {
        const has = Object.keys(document.paths[template]!).map((method) => method.toUpperCase())
        const allow = has.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method])
        for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
          if (allow.includes(method)) continue
          const said = await ask(target, path, { method, token })
          assert.strictEqual(said.status, 405, `${method} ${path}`)
          assert.strictEqual(said.headers.get("allow"), allow.join(", "))
          if (method !== "HEAD") assert.deepStrictEqual(problem(said, 405, "method-not-allowed")["allow"], allow)
        }
      }))

    it("refuse a query parameter that they do not know, and one that is repeated", () =>
      each(async (route, path) => {
        const { method, operation } = route
        const body = operation.requestBody === undefined ? undefined : {}
        const said = await ask(target, `${path}?nope=1`, { method, token, body })
        assert.strictEqual(problem(said, 422, "invalid-query")["parameter"], "nope")
        promised(document, route, said)
        for (const { name } of operation.parameters.filter((one) => one.in === "query")) {
          const twice = await ask(target, `${path}?${name}=1&${name}=1`, { method, token, body })
          assert.strictEqual(problem(twice, 422, "invalid-query")["parameter"], name)
        }
      }))

    it("answer HEAD as GET without its body", async () => {
      for (const route of all.filter(({ method }) => method === "GET")) {
        const path = fill(route.path, "r2")
        const [head, get] = [await ask(target, path, { method: "HEAD", token }), await ask(target, path, { token })]
        assert.strictEqual(head.status, get.status)
        assert.strictEqual(head.text, "")
        assert.strictEqual(head.headers.get("etag"), get.headers.get("etag"))
      }
    })

    it("are all there is: other paths are 404, with a token or without", async () => {
      const paths = [
        "/",
        "/v1",
        "/v1/",
        "/v1/Nope",
        "/v1/Nope/1",
        "/v1/box",
        "/v1/Box/1/commands",
        "/v1/Box/1/commands/Nope",
      ]
      const more = ["/v1/Box/1/commands/Put/x", "/health", "/v2/Box", "/openapi.json/", "/constructor", "/__proto__"]
      for (const path of [...paths, ...more]) {
        for (const method of ["GET", "POST"]) {
          problem(await ask(target, path, { method }), 404, "no-such-route")
          problem(await ask(target, path, { method, token }), 404, "no-such-route")
        }
      }
    })

    it("refuse ids that break the rule, wherever they stand", async () => {
      const hostile = [
        "..",
        ".",
        "a%2Fb",
        "%2e%2e%2fb",
        "a b",
        "a%00",
        "a%0Ab",
        "-a",
        "~a",
        "a".repeat(129),
        "é",
        "%ff",
        "a%",
        "a|b",
      ]
      for (const route of all.filter(({ path }) => path.includes("{id}"))) {
        for (const id of hostile) {
          const body = route.operation.requestBody === undefined ? undefined : {}
          const path = fill(route.path, id)
          const said = await ask(target, path, { method: route.method, token, body })
          // Dot segments are resolved before they come here: another path, or the listing, but never another instance.
          const resolved = new URL(path, "http://nexus").pathname !== path && /^(\.|%2e)+$/i.test(id)
          if (resolved) assert.include([200, 404, 405, 422], said.status)
          else assert.strictEqual(problem(said, 400, "invalid-id")["part"], "id", id)
        }
      }
      assert.strictEqual((await ask(target, `/v1/Box/${"a".repeat(128)}`, { token })).status, 404)
    })
  })
}
