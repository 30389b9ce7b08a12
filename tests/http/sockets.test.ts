/**
 * What only a socket can do to the server: slow bodies, raw paths, repeated headers, answers that nobody waits for.
 * @module
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, everything } from "./client.ts"
import { speak } from "./raw.ts"
import { embedded, type Target } from "./Target.ts"

describe("the server on its socket", () => {
  let target: Target
  let token = ""
  beforeAll(async () => {
    target = await embedded({ bodyTimeoutMs: 400, headersTimeoutMs: 400 })
    token = await target.issuer.token("t", everything)
  })
  afterAll(() => target.close())

  const head = (line: string, ...headers: ReadonlyArray<string>) =>
    [line, "host: x", `authorization: Bearer ${token}`, ...headers, "", ""].join("\r\n")
  const put = (id: string, length: number) =>
    head(`POST /v1/Box/${id}/commands/Put HTTP/1.1`, "content-type: application/json", `content-length: ${length}`)
  const problem = (body: string) => JSON.parse(body) as { type: string; instance: string }

  it("refuses a body that drips, and does nothing", async () => {
    const { body, closed, status } = await speak(target.port!, [put("slow", 20), '{"te', "xt", '":"'], { gapMs: 250 })
    assert.deepStrictEqual([status, closed], [408, true])
    assert.strictEqual(problem(body).type, "/problems#body-timeout")
    assert.strictEqual((await ask(target, "/v1/Box/slow", { token })).status, 404)
  })

  it("refuses a head that drips, and one that is too large, as problems", async () => {
    const slow = await speak(target.port!, ["GET /health/live HTTP/1.1\r\n", "host: x\r\n"], { gapMs: 300 })
    assert.deepStrictEqual([slow.status, problem(slow.body).type], [408, "/problems#body-timeout"])
    const large = await speak(target.port!, [head("GET /health/live HTTP/1.1", `x-large: ${"x".repeat(60_000)}`)])
    assert.deepStrictEqual([large.status, problem(large.body).type], [431, "/problems#headers-too-large"])
  })

  it("refuses a request without its one host, one for a tunnel and one that is no HTTP, as problems", async () => {
    const bare = head("GET /health/live HTTP/1.1").replace("host: x\r\n", "")
    const twice = head("GET /health/live HTTP/1.1", "host: y")
    const wish = ["connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"]
    const hostless = [bare, twice, head("GET /v1/stream HTTP/1.1", ...wish).replace("host: x\r\n", "")]
    for (const request of [...hostless, "nonsense\r\n\r\n"]) {
      const { body, head, status } = await speak(target.port!, [request])
      assert.deepStrictEqual([status, problem(body).type], [400, "/problems#invalid-header"])
      assert.match(head, /content-type: application\/problem\+json/i)
      assert.include(body, `"header":"${request === "nonsense\r\n\r\n" ? "" : "Host"}"`)
    }
    const tunnel = await speak(target.port!, ["CONNECT other.test:443 HTTP/1.1\r\nhost: other.test:443\r\n\r\n"])
    assert.deepStrictEqual([tunnel.status, problem(tunnel.body).type, tunnel.closed], [
      404,
      "/problems#no-such-route",
      true,
    ])
    assert.strictEqual((await speak(target.port!, ["GET /health/live HTTP/1.0\r\n\r\n"])).status, 200)
  })

  it("leaves an expectation that it does not know unmet, and waits for no body that was not asked for", async () => {
    assert.strictEqual((await speak(target.port!, [head("GET /health/live HTTP/1.1", "expect: the-best")])).status, 200)
    const patient = put("patient", 12).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n")
    const { body, head: said } = await speak(target.port!, [patient, '{"text":"x"}'], { gapMs: 100, msMax: 1_000 })
    assert.match(said, /^HTTP\/1\.1 100 /)
    assert.match(body, /^HTTP\/1\.1 200 /)
  })

  it("refuses a body beyond its bound before it has all come, announced or not", async () => {
    const flood = "x".repeat(200_000)
    const announced = await speak(target.port!, [put("large", 50_000_000), flood])
    assert.deepStrictEqual([announced.status, problem(announced.body).type], [413, "/problems#body-too-large"])
    const chunked = head(
      "POST /v1/Box/a/commands/Put HTTP/1.1",
      "content-type: application/json",
      "transfer-encoding: chunked",
    )
    const endless = await speak(target.port!, [chunked, `${(200_000).toString(16)}\r\n${flood}\r\n`])
    assert.deepStrictEqual([endless.status, endless.closed], [413, true])
  })

  it("refuses a repeated Authorization header, even of the same good token", async () => {
    const { status } = await speak(target.port!, [head("GET /v1/Box HTTP/1.1", `Authorization: Bearer ${token}`)])
    assert.strictEqual(status, 401)
    assert.strictEqual((await speak(target.port!, [head("GET /v1/Box HTTP/1.1")])).status, 200)
  })

  it("finds no way out of a path: raw dots, slashes and escapes are ids that break the rule, or no route", async () => {
    const ids = ["..", ".", "%2e%2e", "..%2f..", "a%2Fb", "a%5Cb", "a;b", "a%00b", "%", "%zz", "a%C0%AEb", "*"]
    for (const id of ids) {
      const { body, status } = await speak(target.port!, [head(`GET /v1/Box/${id} HTTP/1.1`)], { lingerMs: 0 })
      assert.strictEqual(status, 400, `${id} ${body}`)
      assert.match(problem(body).type, /invalid-(id|header)$/)
    }
    for (
      const path of [
        "/v1/Box/../Box/a",
        "//v1/Box/a",
        "/v1//Box/a",
        "/v1/Box/a/",
        "/v1/Box/a/../../..",
        "/%76%31/Nope",
        "*",
      ]
    ) {
      const { status } = await speak(target.port!, [head(`GET ${path} HTTP/1.1`)], { lingerMs: 0 })
      assert.strictEqual(status, 404, path)
    }
  })

  it("answers who wishes for a protocol it does not speak as if there were no wish", async () => {
    const body = '{"text":"x"}'
    const wish = "\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n"
    const said = await speak(target.port!, [put("h2c", body.length).replace("\r\n\r\n", wish) + body])
    assert.strictEqual(said.status, 200)
    const plain = await speak(target.port!, [head("GET /v1/Box HTTP/1.1").replace("\r\n\r\n", wish)])
    assert.strictEqual(plain.status, 200)
    const socket = ["connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"]
    const keyless = await speak(target.port!, [head("GET /v1/stream HTTP/1.1", ...socket)])
    assert.deepStrictEqual([keyless.status, problem(keyless.body).type], [400, "/problems#invalid-header"])
  })

  it("stores a command whose client left, and answers the repeat", async () => {
    const body = '{"text":"x"}'
    const command = put("gone", body.length).replace("\r\n\r\n", "\r\nidempotency-key: gone-1\r\n\r\n") + body
    await speak(target.port!, [command], { msMax: 5 })
    const repeat = await ask(target, "/v1/Box/gone/commands/Put", {
      token,
      body,
      headers: { "idempotency-key": "gone-1" },
    })
    assert.strictEqual(JSON.parse(repeat.text).version, 1)
    assert.strictEqual(JSON.parse((await ask(target, "/v1/Box/gone", { token })).text).version, 1)
  })
})
