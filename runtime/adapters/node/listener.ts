/**
 * Serves a `fetch` handler over `node:http`, on Deno and Node alike, with bounds on the head of a request.
 *
 * Deno's own server has no bound on the time of a head and, in the pinned version, closes the connection after every body
 * that does not come with the first bytes; `node:http` does both right (docs/adr).
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"

export type Handler = (request: Request) => Response | Promise<Response>

/** A head that the parser refuses: too slow, too large, or not HTTP. */
export type Malformed = "slow" | "large" | "malformed"

export interface Options {
  readonly hostname: string
  /** 0: any that is free. */
  readonly port: number
  readonly headersTimeoutMs: number
  /** Of the request line and all headers. More than the handler's own bound, so that it can refuse in its own words. */
  readonly headBytes: number
  /** What a refused head is answered with; the connection closes behind it. */
  readonly refuse: (what: Malformed) => Response | Promise<Response>
}

export interface Listener {
  readonly hostname: string
  readonly port: number
  /** Takes no more connections, lets answers under way finish for `graceMs`, then closes all. */
  readonly close: (graceMs: number) => Promise<void>
}

const hasBody = (message: IncomingMessage): boolean =>
  message.headers["content-length"] !== undefined || message.headers["transfer-encoding"] !== undefined

/** Chunks as they come; the socket is paused while nobody reads. */
const bodyOf = (message: IncomingMessage): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      message.on("data", (chunk: Uint8Array) => {
        controller.enqueue(chunk)
        if ((controller.desiredSize ?? 0) <= 0) message.pause()
      })
      message.on("end", () => controller.close())
      message.on("error", (error) => controller.error(error))
      message.on("aborted", () => controller.error(new Error("the client left")))
    },
    pull: () => void message.resume(),
    cancel: () => void message.pause(),
  })

const requestOf = (message: IncomingMessage): Request => {
  const headers = new Headers()
  const { rawHeaders } = message
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  const { method = "GET", url = "/" } = message
  const init: RequestInit & { duplex?: "half" } = { method, headers }
  if (hasBody(message) && method !== "GET" && method !== "HEAD") {
    init.body = bodyOf(message)
    init.duplex = "half"
  }
  // The host is the caller's word and names nothing here: a fixed one cannot break the URL.
  return new Request(`http://nexus${url}`, init)
}

const answer = async (message: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> => {
  const answered = await handler(requestOf(message))
  const headers = Object.fromEntries(answered.headers)
  // A body that was not read to its end would be taken for the next request.
  if (!message.complete) headers["connection"] = "close"
  const body = answered.body === null ? undefined : new Uint8Array(await answered.arrayBuffer())
  headers["content-length"] ??= String(body?.length ?? 0)
  response.writeHead(answered.status, headers)
  response.end(message.method === "HEAD" ? undefined : body)
}

const codes: { readonly [code: string]: Malformed } = {
  ERR_HTTP_REQUEST_TIMEOUT: "slow",
  HPE_HEADER_OVERFLOW: "large",
}

/** Written by hand: there is no request that a response could belong to. */
const refuseHead = async (socket: Socket, response: Response): Promise<void> => {
  const body = await response.text()
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("")
  const length = new TextEncoder().encode(body).length
  socket.end(`HTTP/1.1 ${response.status} Refused\r\n${headers}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`)
}

/** Listens; fails where the address is taken or not ours. */
export const listen = (handler: Handler, options: Options): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const server = createServer({
      headersTimeout: options.headersTimeoutMs,
      // Bodies have a bound of their own, kept by the handler.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, options.headersTimeoutMs),
      maxHeaderSize: options.headBytes,
      keepAliveTimeout: 60_000,
    }, (message, response) => {
      answer(message, response, handler).catch(() => response.destroy())
    })
    server.on("clientError", (error: Error & { code?: string }, socket: Socket) => {
      if (!socket.writable) return socket.destroy()
      Promise.resolve(options.refuse(codes[error.code ?? ""] ?? "malformed"))
        .then((response) => refuseHead(socket, response)).catch(() => socket.destroy())
    })
    server.once("error", reject)
    server.listen(options.port, options.hostname, () => {
      const { address, port } = server.address() as AddressInfo
      resolve({
        hostname: address,
        port,
        close: (graceMs) =>
          new Promise((closed) => {
            server.close(() => closed())
            server.closeIdleConnections()
            setTimeout(() => {
              server.closeAllConnections()
              closed()
            }, graceMs).unref()
          }),
      })
    })
  })
