/**
 * The handler against a server that counts connections, cuts, pours and never answers.
 * @module
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, assert, beforeAll, it } from "vitest"
import { failedOf } from "./Failed.ts"
import { make } from "./handler.ts"

let [connections, resets] = [0, 0]
const served: Record<string, (response: ServerResponse, body: string) => void> = {
  "/echo": (response, body) => void response.writeHead(200, { "x-a": "1" }).end(body),
  "/later": (response) => void setTimeout(() => response.end("late"), 50),
  "/cut": (response) => void response.writeHead(200, { "content-length": 100 }).write("x", () => response.destroy()),
  "/reset": (response) => void (resets++, response.destroy()),
  "/pour": (response) => void response.end("x".repeat(2_000)),
  "/never": () => {},
}
const server = createServer((request, response) => {
  let body = ""
  request.on("data", (data) => body += data).on("end", () => served[request.url!]!(response, body))
})
server.on("connection", () => connections++)
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const bounds = { connections: 4, answerBytes: 1_000 }
const to = (path: string, body = "") => ({
  ...{ protocol: "http:", hostname: "127.0.0.1", port: (server.address() as AddressInfo).port, method: "POST", path },
  ...{ headers: { "content-length": `${body.length}` }, body },
})
const text = (body: unknown) => new TextDecoder().decode(body as Uint8Array)

it("a request is answered whole, and connections are kept and bounded", async () => {
  const handler = make(bounds)
  const { response } = await handler.handle(to("/echo", "hello"))
  assert.deepStrictEqual([response.statusCode, response.headers["x-a"], text(response.body)], [200, "1", "hello"])
  const from = connections
  const answers = await Promise.all(Array.from({ length: 40 }, () => handler.handle(to("/later"))))
  assert.deepStrictEqual(new Set(answers.map(({ response }) => text(response.body))), new Set(["late"]))
  assert.isAtMost(connections - from, bounds.connections)
  handler.destroy()
})

it("what is cut, too long, given up or not reached is no answer, and says whether it may have acted", async () => {
  const handler = make(bounds)
  const failed = (path: string, more: object = {}, abortSignal?: AbortSignal) =>
    handler.handle({ ...to(path), ...more }, { abortSignal }).then(
      () => "answered",
      (error) => {
        const { kind, mayHaveActed } = failedOf(error)
        return `${kind}, ${mayHaveActed ? "unknown" : "not done"}`
      },
    )
  assert.strictEqual(await failed("/cut"), "transient, unknown")
  assert.strictEqual(await failed("/reset"), "transient, unknown")
  assert.strictEqual(await failed("/pour"), "transient, unknown")
  assert.strictEqual(await failed("/never", {}, AbortSignal.timeout(50)), "transient, unknown")
  assert.strictEqual(await failed("/never", {}, AbortSignal.abort()), "transient, unknown")
  assert.strictEqual(await failed("/echo", { port: 1 }), "refused, not done")
  assert.strictEqual(await failed("/echo", { hostname: "nowhere.invalid" }), "refused, not done")
  // And it is as good as new.
  assert.strictEqual((await handler.handle(to("/echo"))).response.statusCode, 200)
  handler.destroy()
})

it("a request on a kept connection that is cut is sent once, and said to be cut", async () => {
  const handler = make(bounds)
  await handler.handle(to("/echo", "hello"))
  const [before, kept] = [resets, connections]
  const error = await handler.handle(to("/reset")).catch((error: unknown) => error)
  assert.deepStrictEqual([failedOf(error).code, failedOf(error).mayHaveActed], ["ECONNRESET", true])
  assert.deepStrictEqual([resets - before, connections - kept], [1, 0])
  handler.destroy()
})

it("an address in brackets is one of IPv6", async () => {
  const six = createServer((_, response) => void response.end("six"))
  const isThere = await new Promise<boolean>((resolve) => {
    six.once("error", () => resolve(false))
    six.listen(0, "::1", () => resolve(true))
  })
  // A machine may have none.
  if (!isThere) return
  const handler = make(bounds)
  const { hostname, port } = new URL(`http://[::1]:${(six.address() as AddressInfo).port}`)
  const { response } = await handler.handle({ ...to("/"), hostname, port: Number(port) })
  assert.strictEqual(text(response.body), "six")
  handler.destroy()
  six.close()
})
