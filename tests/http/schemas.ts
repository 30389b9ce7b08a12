/**
 * The schema registry over HTTP: registering, asking, and everything that is refused.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import {
  type Ask,
  ask,
  type Document,
  documentOf,
  everything,
  problem,
  promised,
  routesOf,
  type Said,
} from "./client.ts"
import type { Open, Target } from "./Target.ts"

const schema = (properties: Record<string, unknown>, required: ReadonlyArray<string> = []) => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties,
  required,
  additionalProperties: false,
})
const text = { type: "string" }

export const schemas = (open: Open): void => {
  describe("schemas", () => {
    let target: Target
    let document: Document
    let clients = 0
    /** Each client has a rate of its own. */
    const client = async (scope = "schemas:read schemas:write", tenant = "t") => {
      const token = await target.issuer.sign({ tenant, sub: `schemas-${clients++}`, scope })
      return (path: string, options: Ask = {}) => ask(target, `/v1/schemas${path}`, { ...options, token })
    }
    const json = ({ text }: Said) => JSON.parse(text)
    const isPromised = (method: string, path: string, said: Said) =>
      promised(document, routesOf(document).find((one) => one.method === method && one.path === path)!, said)
    const revisions = "/v1/schemas/{subject}/revisions"

    beforeAll(async () => {
      target = await open()
      document = await documentOf(target)
    })
    afterAll(() => target.close())

    it("are registered as revisions from 1; a repeat answers the same bytes and adds none", async () => {
      const get = await client()
      const first = schema({ a: text }, ["a"])
      const said = await get("/Order.Sent.v1/revisions", { body: first })
      isPromised("POST", revisions, said)
      const { hash, ...rest } = json(said)
      assert.deepStrictEqual(rest, { subject: "Order.Sent.v1", revision: 1 })
      assert.match(hash, /^[0-9a-f]{64}$/)
      const wider = await get("/Order.Sent.v1/revisions", { body: schema({ a: text, b: text }, ["a"]) })
      assert.strictEqual(json(wider).revision, 2)
      const turned = Object.fromEntries(Object.entries(first).reverse())
      assert.strictEqual((await get("/Order.Sent.v1/revisions", { body: turned })).text, said.text)
      const all = await get("/Order.Sent.v1/revisions")
      isPromised("GET", revisions, all)
      assert.deepStrictEqual(json(all), {
        subject: "Order.Sent.v1",
        revisions: [{ revision: 1, hash }, { revision: 2, hash: json(wider).hash }],
      })
      const one = await get("/Order.Sent.v1/revisions/1")
      isPromised("GET", `${revisions}/{revision}`, one)
      assert.deepStrictEqual(json(one), { subject: "Order.Sent.v1", revision: 1, hash, schema: first })
      assert.strictEqual(json(await get("/Order.Sent.v1/revisions/latest")).revision, 2)
      const elsewhere = await client("schemas:read", "other")
      assert.strictEqual((await elsewhere("/Order.Sent.v1/revisions/1")).text, one.text, "they are of the application")
    })

    it("are kept by the caller: for good by number, asked after each time as the latest", async () => {
      const get = await client()
      await get("/Order.Kept.v1/revisions", { body: schema({ a: text }) })
      for (const [name, cache] of [["1", "private, max-age=86400, immutable"], ["latest", "private, no-cache"]]) {
        const said = await get(`/Order.Kept.v1/revisions/${name}`)
        const etag = said.headers.get("etag")!
        assert.strictEqual(etag, `"${json(said).hash}"`)
        assert.strictEqual(said.headers.get("cache-control"), cache!)
        assert.include(said.headers.get("vary"), "authorization")
        const again = await get(`/Order.Kept.v1/revisions/${name}`, { headers: { "if-none-match": etag } })
        assert.deepStrictEqual([again.status, again.text, again.headers.get("etag")], [304, "", etag])
        isPromised("GET", `${revisions}/{revision}`, again)
      }
    })

    it("that break with history are refused with every difference, and nothing is registered", async () => {
      const get = await client()
      const path = "/Order.Broken.v1"
      const old = schema({ a: text, n: { type: "integer", maximum: 10 } }, ["a"])
      await get(`${path}/revisions`, { body: old })
      const broken = schema({ a: { type: "integer" }, n: { type: "integer", maximum: 5 }, c: text }, ["a", "c"])
      const checked = await get(`${path}/compatibility`, { body: broken })
      isPromised("POST", "/v1/schemas/{subject}/compatibility", checked)
      const { differences, ...report } = json(checked)
      assert.deepStrictEqual(report, {
        subject: "Order.Broken.v1",
        mode: "BACKWARD_TRANSITIVE",
        compatible: false,
        same: null,
      })
      const pointers = differences.map(({ pointer }: { readonly pointer: string }) => pointer)
      assert.sameMembers([...new Set(pointers)], ["/a", "/n", "/c"])
      for (const { repair, revisions } of differences) {
        assert.isAbove(repair.length, 10)
        assert.deepStrictEqual(revisions, [1])
      }
      const said = await get(`${path}/revisions`, { body: broken })
      isPromised("POST", revisions, said)
      const body = problem(said, 409, "schema-incompatible")
      assert.deepStrictEqual([body["subject"], body["mode"], body["differences"]], [
        ...["Order.Broken.v1", "BACKWARD_TRANSITIVE", differences],
      ])
      assert.strictEqual(json(await get(`${path}/revisions`)).revisions.length, 1)
      assert.deepInclude(json(await get(`${path}/compatibility`, { body: old })), { compatible: true, same: 1 })
      const fresh = await get("/Order.Fresh.v1/compatibility", { body: broken })
      assert.deepInclude(json(fresh), { compatible: true, same: null, differences: [] })
      problem(await get("/Order.Fresh.v1/revisions"), 404, "schema-not-registered")
    })

    it("are listed by subject, in pages", async () => {
      const get = await client()
      const wanted = [3, 1, 10, 2].map((n) => `Paged.Sent.v${n}`)
      for (const subject of wanted) await get(`/${subject}/revisions`, { body: schema({}) })
      const seen: Array<string> = []
      let pages = 0
      for (let cursor: string | null = "Paged.Aaa.v1"; cursor !== null; pages++) {
        const said: Said = await get(`?limit=2&cursor=${cursor}`)
        isPromised("GET", "/v1/schemas", said)
        const page = json(said)
        assert.isAtMost(page.subjects.length, 2)
        seen.push(...page.subjects)
        cursor = page.cursor
      }
      assert.deepStrictEqual(seen, wanted.toSorted())
      assert.strictEqual(pages, 2)
      assert.includeMembers(json(await get("")).subjects, wanted)
      for (const cursor of ["", "x", "../x", "Paged.Sent.v0"]) {
        assert.strictEqual(problem(await get(`?cursor=${cursor}`), 422, "invalid-query")["parameter"], "cursor")
      }
      assert.strictEqual(problem(await get("?limit=501"), 422, "invalid-query")["parameter"], "limit")
    })

    it("that are not there are 404, whatever the subject or revision looks like", async () => {
      const get = await client()
      await get("/Order.There.v1/revisions", { body: schema({}) })
      const subjects = [
        "Order.Nope.v1",
        "x",
        "%2e%2e%2fetc",
        "Order.There.v1%20",
        "a%00",
        "x".repeat(1_000),
        "__proto__",
      ]
      for (const subject of subjects) {
        problem(await get(`/${subject}/revisions`), 404, "schema-not-registered")
        isPromised("GET", revisions, await get(`/${subject}/revisions`))
        problem(await get(`/${subject}/revisions/1`), 404, "schema-not-registered")
      }
      for (const revision of ["0", "2", "-1", "1.5", "01", "x", "LATEST", "9".repeat(30), "%00", "1%20"]) {
        problem(await get(`/Order.There.v1/revisions/${revision}`), 404, "schema-not-registered")
      }
      problem(await get("/Order.There.v1"), 404, "no-such-route")
      problem(await get("/Order.There.v1/revisions/1/x"), 404, "no-such-route")
    })

    it("that Nexus does not take are refused, with the place and the rule", async () => {
      const bad: ReadonlyArray<[body: unknown, pointer: RegExp]> = [
        [schema({ b: { type: "word" } }), /^\/properties\/b/],
        [schema({ b: { $ref: "https://example.com/s.json" } }), /^\/properties\/b/],
        [schema({ b: { type: "string", pattern: "(" } }), /^\/properties\/b/],
        [Array.from({ length: 40 }).reduce((items) => ({ type: "array", items }), text), /^/],
        [schema({ b: { description: "x".repeat(300_000) } }), /^/],
        ...["true", "null", "[]", "7", '"x"'].map((body): [string, RegExp] => [body, /^$/]),
      ]
      for (const at of ["revisions", "compatibility"]) {
        for (const [body, pointer] of bad) {
          const said = await (await client())(`/Order.Bad.v1/${at}`, { body })
          isPromised("POST", `/v1/schemas/{subject}/${at}`, said)
          const { pointer: where, rule } = problem(said, 422, "schema-invalid")
          assert.match(String(where), pointer)
          assert.isString(rule)
        }
        const get = await client()
        for (const subject of ["x", "Order.Bad.v0", "order.Bad.v1", "a%20b"]) {
          problem(await get(`/${subject}/${at}`, { body: schema({}) }), 422, "schema-invalid")
        }
        problem(await get(`/Order.Bad.v1/${at}`, { body: " ".repeat(600_000) }), 413, "body-too-large")
        problem(await get(`/Order.Bad.v1/${at}`, { body: `{"a":1,"a":2}` }), 400, "invalid-json")
        problem(await get(`/Order.Bad.v1/${at}`, { body: "{" }), 400, "invalid-json")
        const wrong = { body: "{}", headers: { "content-type": "text/plain" } }
        problem(await get(`/Order.Bad.v1/${at}`, wrong), 415, "unsupported-media-type")
      }
      problem(await (await client())("/Order.Bad.v1/revisions"), 404, "schema-not-registered")
    })

    it("need schemas:read to be read and schemas:write to be registered", async () => {
      const body = schema({})
      const [reader, writer, nobody] = [
        await client("schemas:read"),
        await client("schemas:write"),
        await client(everything.replace(/schemas:\w+/g, "")),
      ]
      assert.strictEqual((await writer("/Order.Scoped.v1/revisions", { body })).status, 200)
      for (const path of ["", "/Order.Scoped.v1/revisions", "/Order.Scoped.v1/revisions/latest"]) {
        assert.strictEqual((await reader(path)).status, 200)
      }
      assert.strictEqual((await reader("/Order.Scoped.v1/compatibility", { body })).status, 200)
      const refused = (said: Said) => problem(said, 403, "forbidden")["scope"]
      assert.strictEqual(refused(await reader("/Order.Scoped.v1/revisions", { body })), "schemas:write")
      assert.strictEqual(refused(await nobody("/Order.Scoped.v1/compatibility", { body })), "schemas:read")
      assert.strictEqual(refused(await nobody("")), "schemas:read")
      assert.strictEqual(refused(await writer("/Order.Scoped.v1/revisions")), "schemas:read")
    })

    it("get one revision each where rivals register at once", async () => {
      const path = "/Order.Rivals.v1/revisions"
      await (await client())(path, { body: schema({ a: text }) })
      const wider = Array.from(
        { length: 16 },
        (_, n) =>
          schema(
            Object.fromEntries(["a", ...Array.from({ length: n + 1 }, (_, i) => `n${i}`)].map((name) => [name, text])),
          ),
      )
      const said = await Promise.all(wider.map(async (body) => (await client())(path, { body })))
      const numbers = said.filter(({ status }) => status === 200).map((one) => json(one).revision as number)
      for (const one of said) if (one.status !== 200) problem(one, 409, "schema-incompatible")
      assert.isAtLeast(numbers.length, 1)
      const kept = json(await (await client())(path)).revisions as ReadonlyArray<{ readonly revision: number }>
      assert.deepStrictEqual(kept.map(({ revision }) => revision), Array.from({ length: kept.length }, (_, i) => i + 1))
      assert.sameMembers(numbers, kept.slice(1).map(({ revision }) => revision))
    })

    it("are compared at a bounded rate a client, and counted", async () => {
      const get = await client("schemas:read ops")
      const all = await Promise.all(
        Array.from({ length: 40 }, () => get("/Order.Often.v1/compatibility", { body: schema({}) })),
      )
      const slow = all.filter(({ status }) => status === 429)
      assert.isAtLeast(slow.length, 1)
      problem(slow[0]!, 429, "rate-limited")
      assert.strictEqual((await (await client())("/Order.Often.v1/revisions", { body: schema({}) })).status, 200)
      const token = await target.issuer.token("t", "ops")
      const { text } = await ask(target, "/metrics", { token })
      assert.match(text, /^SchemaRegistrations\S* [1-9]/m)
      assert.match(text, /^CompatibilityFailures\S* [1-9]/m)
    })
  })
}
