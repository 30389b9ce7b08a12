/**
 * Servers that do as little as a server can with the same request: they parse its body and answer as much as Nexus does.
 * @module
 */
import { Hono } from "hono"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Limits from "../../core/Limits.ts"
import { listen, type NodeRequest } from "../../runtime/adapters/node/listener.ts"
import { serve as serveNexus } from "./nexus.ts"

export interface Server {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Another principal's token, where there are such. */
  readonly token?: (subject: string) => Promise<string>
  readonly stop: () => Promise<void>
}

const hostname = "127.0.0.1"
const route = "/v1/Order/:id/commands/PlaceOrder"
const headers = { "content-type": "application/json" }

/** As long as the answer of Nexus to the same command. */
const answerOf = (id: string): string =>
  JSON.stringify({
    commandId: "01890a5d-ac96-774b-bcce-b302099a8057",
    aggregate: "Order",
    id,
    version: 1,
    events: [{ eventId: "01890a5d-ac96-774b-bcce-b302099a8058", type: "OrderPlaced", version: 1 }],
    position: "c3FsaXRlLmJlbmNoLk9yZGVyLm9yZGVyLTEyMzQ1LjEuMTIzNDU",
  })

const textOf = async (body: NodeRequest["body"]): Promise<string> => {
  const reader = body!.getReader()
  const decoder = new TextDecoder()
  let text = ""
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text
}

const hono = async (): Promise<Server> => {
  const app = new Hono()
  app.post(route, async (c) => {
    const body = (c.req.raw as unknown as NodeRequest).body
    const { orderId } = JSON.parse(await textOf(body))
    return new Response(answerOf(orderId), { headers })
  })
  const listener = await listen((request) => app.fetch(request as unknown as Request), {
    ...{ hostname, port: 0, headersTimeoutMs: Limits.defaults.headersTimeoutMs, headBytes: 65_536 },
    refuse: () => new Response(null, { status: 400 }),
  })
  return { url: `http://${hostname}:${listener.port}`, headers, stop: () => listener.close(500) }
}

const nodeHttp = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      let text = ""
      request.setEncoding("utf8")
      request.on("data", (chunk: string) => text += chunk)
      request.on("end", () => {
        const body = answerOf(JSON.parse(text).orderId)
        response.writeHead(200, { ...headers, "content-length": String(body.length) })
        response.end(body)
      })
    })
    server.listen(0, hostname, () => {
      const url = `http://${hostname}:${(server.address() as AddressInfo).port}`
      const stop = async () => {
        server.closeAllConnections()
        await new Promise((closed) => server.close(closed))
      }
      resolve({ url, headers, stop })
    })
  })

const denoServe = (): Promise<Server> =>
  new Promise((resolve) => {
    const app = new Hono()
    app.post(route, async (c) => c.body(answerOf((await c.req.json()).orderId), 200, headers))
    const server = Deno.serve({
      hostname,
      port: 0,
      onListen: ({ port }) => resolve({ url: `http://${hostname}:${port}`, headers, stop: () => server.shutdown() }),
    }, app.fetch)
  })

export const servers: Readonly<Record<string, (folder: string) => Promise<Server>>> = {
  nexus: serveNexus,
  hono,
  "node-http": nodeHttp,
  "deno-serve": denoServe,
}
