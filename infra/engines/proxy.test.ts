/**
 * The proxy before a small counting server: what each fault does to the server, and what the caller is told.
 * @module
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, assert, beforeAll, it } from "vitest"
import { type Fault, faults, type Proxy, proxy } from "./proxy.ts"

const body = JSON.stringify({ text: "x".repeat(1_000) })
let acted = 0
let connections = 0
const server = createServer((request, response) => {
  acted++
  if (request.url === "/mirror") return void request.pipe(response)
  request.resume().on(
    "end",
    () =>
      response.writeHead(201, { "content-type": "application/json", "x-host": `${request.headers.host}` }).end(body),
  )
})
server.on("connection", () => connections++)
let before: Proxy
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  before = await proxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base`)
})
afterAll(async () => {
  await before.stop()
  server.close()
})

/** What a caller sees of one request under a fault, and how often the server acted. */
const under = async (fault: Fault | undefined, ms = 5_000) => {
  const from = acted
  before.on(() => fault)
  const signal = AbortSignal.timeout(ms)
  const seen = await fetch(`${before.url}/a?b=1`, { method: "POST", body: "ask", signal, redirect: "manual" }).then(
    async (response) => ({ status: response.status, text: await response.text().catch(() => "cut"), response }),
    (error: Error) => ({ status: 0, text: error.name, response: undefined }),
  )
  return { ...seen, acted: acted - from }
}

it("proxy() hands on what it is not told to break, under the caller's host", async () => {
  const { acted, response, status, text } = await under(undefined)
  assert.deepStrictEqual([status, text, acted], [201, body, 1])
  assert.strictEqual(response?.headers.get("x-host"), new URL(before.url).host)
  const { method, path, body: sent } = before.asked.at(-1)!
  assert.deepStrictEqual([method, path, sent], ["POST", "/base/a?b=1", "ask"])
})

it("proxy() breaks each request in the way that it is told, before or behind the engine", async () => {
  const seen = async (fault: Fault, ms?: number) => {
    const { acted, status, text } = await under(fault, ms)
    // Of a connection that is cut while it is in use again, some clients ask once more by themselves.
    return [status, text.slice(0, 20), Math.min(1, acted)]
  }
  assert.deepStrictEqual(await seen(faults.drop), [0, "TypeError", 1])
  assert.deepStrictEqual(await seen(faults.refuse), [0, "TypeError", 0])
  assert.deepStrictEqual(await seen(faults.hang, 200), [0, "TimeoutError", 0])
  assert.deepStrictEqual(await seen(faults.truncate), [201, "cut", 1])
  assert.deepStrictEqual(await seen(faults.delay(50)), [201, body.slice(0, 20), 1])
  assert.deepStrictEqual(await seen(faults.answer(429, "slow down")), [429, "slow down", 0])
  assert.deepStrictEqual(await seen(faults.html(200)), [200, "<!doctype html><titl", 0])
  assert.deepStrictEqual(await seen(faults.redirect("http://127.0.0.1:1/")), [307, "", 0])
  assert.deepStrictEqual(await seen(faults.rewrite((answer) => ({ ...answer, body: "{}" }))), [201, "{}", 1])
  const huge = await under(faults.huge(10_000_000))
  assert.deepStrictEqual([huge.status, huge.text.length >= 10_000_000, huge.acted], [200, true, 0])
})

it("proxy() hands bytes on as they are, both ways, over connections that it keeps", async () => {
  before.on(() => undefined)
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
  const mirror = async (body: Uint8Array<ArrayBuffer> | string) =>
    new Uint8Array(await (await fetch(new URL("/mirror", before.url), { method: "POST", body })).arrayBuffer())
  const from = connections
  for (let times = 0; times < 5; times++) assert.deepStrictEqual(await mirror(bytes), bytes)
  assert.isAtMost(connections - from, 1)
  before.on(() => faults.rewrite((answer) => ({ ...answer, body: `${answer.body}?` }), () => "other"))
  assert.strictEqual(new TextDecoder().decode(await mirror("this")), "other?")
})

it("proxy() asks anew for each request what to do with it", async () => {
  const first = before.asked.length
  before.on(({ index }) => index === first ? faults.answer(500, "once") : undefined)
  const statuses = [await fetch(before.url), await fetch(before.url)].map(async (response) => {
    await response.text()
    return response.status
  })
  assert.deepStrictEqual(await Promise.all(statuses), [500, 201])
})
