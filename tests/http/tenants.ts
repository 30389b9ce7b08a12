/**
 * One tenant never sees another: absent and foreign are the same to the byte, on every surface.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Ask, ask, everything, problem } from "./client.ts"
import type { Open, Target } from "./Target.ts"

export const tenants = (open: Open): void => {
  describe("tenants", () => {
    let target: Target
    let [ann, bob] = ["", ""]
    const at = (token: string, path: string, options: Ask = {}) => ask(target, path, { ...options, token })
    const bytes = async (token: string, path: string) => {
      const { headers, status, text } = await at(token, path)
      return [status, headers.get("content-type"), headers.get("etag"), text]
    }
    beforeAll(async () => {
      target = await open()
      ann = await target.issuer.token("ann", everything)
      bob = await target.issuer.token("bob", everything)
    })
    afterAll(() => target.close())

    it("find another's instance as absent as one that never was", async () => {
      const paths = ["/v1/Box/x", "/v1/Box/x/events", "/v1/Box/x/events?fromVersion=2", "/v1/Box", "/v1/Box?limit=1"]
      const before = await Promise.all(paths.map((path) => bytes(bob, path)))
      assert.strictEqual((await at(ann, "/v1/Box/x/commands/Fill", { body: { count: 3, bytes: 9 } })).status, 200)
      assert.deepStrictEqual(await Promise.all(paths.map((path) => bytes(bob, path))), before)
      assert.strictEqual((await at(ann, "/v1/Box/x")).status, 200)
      assert.deepStrictEqual(before.slice(0, 3).map(([status]) => status), [404, 404, 404])
    })

    it("that command another's id have a fresh stream of their own, whatever the key", async () => {
      const options = { body: { text: "x" }, headers: { "idempotency-key": "same", "if-match": '"0"' } }
      const [one, two] = [
        await at(ann, "/v1/Box/y/commands/Put", options),
        await at(bob, "/v1/Box/y/commands/Put", options),
      ]
      assert.deepStrictEqual([one, two].map(({ text }) => JSON.parse(text).version), [1, 1])
      assert.notStrictEqual(JSON.parse(one.text).events[0].eventId, JSON.parse(two.text).events[0].eventId)
      const other = { body: { text: "z" }, headers: { "idempotency-key": "ann-only" } }
      await at(ann, "/v1/Box/y/commands/Put", other)
      assert.strictEqual(JSON.parse((await at(bob, "/v1/Box/y/commands/Look", { ...other, body: {} })).text).version, 1)
    })

    it("get nothing out of another's cursor", async () => {
      await at(ann, "/v1/Box/z1/commands/Look", { body: {} })
      const { cursor } = JSON.parse((await at(ann, "/v1/Box?limit=1")).text)
      assert.isString(cursor)
      problem(await at(bob, `/v1/Box?cursor=${encodeURIComponent(cursor)}`), 422, "invalid-query")
    })

    it("cannot choose their tenant by header, query or path", async () => {
      const tries: ReadonlyArray<[string, Ask]> = [
        ["/v1/Box/x", { headers: { "x-tenant": "ann", tenant: "ann", "nexus-tenant": "ann" } }],
        ["/v1/Box/x?tenant=ann", {}],
        ["/v1/ann/Box/x", {}],
        ["/v1/Box/ann%2FBox%2Fx", {}],
        ["/v1/Box/..%2F..%2Fann%2FBox%2Fx", {}],
      ]
      for (const [path, options] of tries) {
        const said = await at(bob, path, options)
        assert.include([400, 404, 422], said.status)
        assert.notInclude(said.text, '"items"')
      }
    })

    it("leave no trace of ids, tenants or payloads in metrics", async () => {
      const { text } = await at(bob, "/metrics")
      assert.notMatch(text, /\bann\b|\bbob\b|ann-only|Box\/x/)
    })
  })
}
