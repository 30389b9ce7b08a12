/**
 * The app factory inside workerd, over the memory stores: health, a command, a read, a repeat.
 * @module
 */
import { env } from "cloudflare:workers"
import { assert, describe, it } from "vitest"

const object = () => env.TEST_OBJECT.get(env.TEST_OBJECT.idFromName("app"))
const ask = (path: string, init: RequestInit = {}) => object().fetch(`https://nexus.test${path}`, init)

describe("the app factory in a Worker", () => {
  it("is live and ready", async () => {
    for (const path of ["/health/live", "/health/ready"]) {
      const response = await ask(path)
      assert.strictEqual(response.status, 200, await response.text())
    }
  })

  it("answers a command, its repeat with the same bytes, and the state", async () => {
    const authorization = `Bearer ${await (await ask("/token")).text()}`
    const headers = { authorization, "content-type": "application/json", "idempotency-key": "k" }
    const send = () => ask("/v1/Counter/c/commands/Add", { method: "POST", headers, body: `{"n":3}` })
    const first = await send()
    const text = await first.text()
    assert.strictEqual(first.status, 200, text)
    assert.strictEqual(await (await send()).text(), text)
    const state = await (await ask("/v1/Counter/c", { headers: { authorization } })).json() as { state: unknown }
    assert.deepStrictEqual(state.state, { total: 3 })
  })

  it("registers a schema, and refuses one that breaks with it", async () => {
    const authorization = `Bearer ${await (await ask("/token")).text()}`
    const headers = { authorization, "content-type": "application/json" }
    const send = (properties: object) =>
      ask("/v1/schemas/Counter.Other.v1/revisions", {
        method: "POST",
        headers,
        body: JSON.stringify({ type: "object", properties }),
      })
    const first = await send({ n: { type: "integer", pattern: "^(a|b)*$" } })
    assert.deepInclude(await first.json() as object, { subject: "Counter.Other.v1", revision: 1 })
    const broken = await send({ n: { type: "string" } })
    assert.strictEqual(broken.status, 409)
    const { differences } = await broken.json() as { differences: ReadonlyArray<{ readonly pointer: string }> }
    assert.strictEqual(differences[0]!.pointer, "/n")
    const latest = await ask("/v1/schemas/Counter.Other.v1/revisions/latest", { headers })
    assert.deepInclude(await latest.json() as object, { revision: 1 })
  })

  it("refuses who brings no token", async () => {
    const response = await ask("/v1/Counter/c")
    assert.strictEqual(response.status, 401)
    await response.body?.cancel()
  })
})
