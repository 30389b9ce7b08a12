/**
 * Serves a `fetch` handler over `node:http`, on Deno and Node alike, with bounds on the head of a request.
 *
 * Deno's own server has no bound on the time of a head and, in the pinned version, closes the connection after every
 * body that does not come with the first bytes; `node:http` does both right (docs/adr/0008-node-http.md).
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Accept } from "../../Socket.ts"
import { make as makeUpgrades, type UpgradeOptions } from "./upgrade.ts"

/** An answer of text. Making a `Response` of it, only to take it apart again, costs as much as writing it. */
export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
}

export type Handler = (request: NodeRequest) => Response | Promise<Response | Answer>

/** A head that no handler gets: too slow, too large, not HTTP, without its one host, or the wish for a tunnel (CONNECT). */
export type Malformed = "slow" | "large" | "malformed" | "hostless" | "tunnel"

export interface Options {
  readonly hostname: string
  /** 0: any that is free. */
  readonly port: number
  readonly headersTimeoutMs: number
  /** Of the request line and all headers. More than the handler's own bound, so that it can refuse in its own words. */
  readonly headBytes: number
  /** What a refused head is answered with; the connection closes behind it. */
  readonly refuse: (what: Malformed) => Response | Promise<Response>
  /** Whoever asks for another protocol is granted a WebSocket, or answered; absent: answered as without the wish. */
  readonly upgrade?: UpgradeOptions & { readonly handle: (request: NodeRequest) => Promise<Accept | Response> }
}

export interface Listener {
  readonly hostname: string
  readonly port: number
  /** Takes no more connections, lets answers under way finish for `graceMs`, then closes all. */
  readonly close: (graceMs: number) => Promise<void>
}

interface Chunk {
  readonly done: boolean
  readonly value?: Uint8Array
}

/** Chunks as they come, one reader; the socket is paused while nobody reads. */
class Reader {
  private readonly message: IncomingMessage
  private readonly chunks: Array<Uint8Array> = []
  private state: "open" | "ended" | "broken" = "open"
  private waiting: { readonly resolve: (chunk: Chunk) => void; readonly reject: (error: Error) => void } | undefined

  constructor(message: IncomingMessage) {
    this.message = message
    message.on("data", (chunk: Uint8Array) => {
      this.chunks.push(chunk)
      if (this.waiting === undefined) message.pause()
      this.wake()
    })
    message.on("end", () => this.finish("ended"))
    message.on("error", () => this.finish("broken"))
    message.on("close", () => this.finish("broken"))
  }

  read(): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.wake()
      if (this.waiting !== undefined) this.message.resume()
    })
  }

  cancel(): Promise<void> {
    this.message.pause()
    return Promise.resolve()
  }

  private finish(state: "ended" | "broken"): void {
    if (this.state === "open") this.state = state
    this.wake()
  }

  private wake(): void {
    const { waiting } = this
    if (waiting === undefined) return
    const value = this.chunks.shift()
    if (value === undefined && this.state === "open") return
    this.waiting = undefined
    if (value !== undefined) waiting.resolve({ done: false, value })
    else if (this.state === "ended") waiting.resolve({ done: true })
    else waiting.reject(new Error("the client left"))
  }
}

/** Header fields by lower-case name; a repeated one is joined by a comma, as `Headers` does it. */
class Fields {
  private readonly fields: Record<string, string> = Object.create(null)
  /** Of every line as it came, with its colon, one space and its end: joined, repeated names would not count. */
  readonly bytes: number

  constructor(raw: ReadonlyArray<string>) {
    let bytes = 0
    for (let i = 0; i < raw.length; i += 2) {
      const [name, value] = [raw[i]!.toLowerCase(), raw[i + 1]!]
      const before = this.fields[name]
      this.fields[name] = before === undefined ? value : `${before}, ${value}`
      bytes += name.length + value.length + 4
    }
    this.bytes = bytes
  }

  get(name: string): string | null {
    return this.fields[name.toLowerCase()] ?? null
  }

  forEach(f: (value: string, name: string) => void): void {
    for (const name in this.fields) f(this.fields[name]!, name)
  }
}

/** A client that takes this server for a proxy sends the whole URL; a server has to take it (RFC 9112, 3.2.2). */
const absoluteForm = /^https?:\/\/[^/?]*/i

/** As much of a `Request` as a handler may use. Making a whole one costs more than all else about a small command. */
export class NodeRequest {
  readonly method: string
  /** The host is the caller's word and names nothing here: a fixed one cannot break the URL. */
  readonly url: string
  readonly headers: Fields
  readonly body: { readonly getReader: () => Reader } | null

  constructor(message: IncomingMessage) {
    const { headers, method = "GET", rawHeaders, url = "/" } = message
    this.method = method
    this.url = `http://nexus${url.replace(absoluteForm, "")}`
    this.headers = new Fields(rawHeaders)
    const empty = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined
    this.body = empty ? null : { getReader: () => new Reader(message) }
  }
}

const write = (
  message: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Uint8Array,
): void => {
  // A body that was not read to its end would be taken for the next request.
  if (!message.complete) headers["connection"] = "close"
  headers["content-length"] ??= String(Buffer.byteLength(body))
  response.writeHead(status, headers)
  // Text goes out in one piece with the head.
  response.end(message.method === "HEAD" ? undefined : body)
}

const answer = async (message: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> => {
  const answered = await handler(new NodeRequest(message))
  if (!(answered instanceof Response)) {
    return write(message, response, answered.status, { ...answered.headers }, answered.body ?? "")
  }
  const body = new Uint8Array(await answered.arrayBuffer())
  write(message, response, answered.status, Object.fromEntries(answered.headers), body)
}

/** HTTP/1.1 names its host once (RFC 9112, 3.2): two servers on the way may each believe another of two. */
const isHostless = ({ httpVersion, rawHeaders }: IncomingMessage): boolean => {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === "host") hosts++
  }
  return hosts > 1 || (hosts === 0 && httpVersion !== "1.0")
}

const codes: { readonly [code: string]: Malformed } = {
  ERR_HTTP_REQUEST_TIMEOUT: "slow",
  HPE_HEADER_OVERFLOW: "large",
}

/** A refused peer that does not close its side is given so long to read why; no other timeout of the server holds it. */
const leaveMs = 2_000

/** Written by hand: there is no request that a response could belong to, or it has none that a server would make. */
const respond = async (socket: Duplex, response: Response): Promise<void> => {
  // Nobody else listens any more, and an error that nobody hears ends the process.
  socket.on("error", () => socket.destroy())
  setTimeout(() => socket.destroy(), leaveMs).unref()
  const body = await response.text()
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("")
  const length = new TextEncoder().encode(body).length
  socket.end(
    `HTTP/1.1 ${response.status} ${
      response.ok ? "OK" : "Refused"
    }\r\n${headers}content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
  )
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
      // Its own refusal has no body; ours has.
      requireHostHeader: false,
      keepAliveTimeout: 60_000,
      // Other protocols are wished for in passing (h2c): whoever knows the option answers as if they were not.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    })
    const asked = (message: IncomingMessage, response: ServerResponse) => {
      const handle = isHostless(message) ? () => Promise.resolve(options.refuse("hostless")) : handler
      answer(message, response, handle).catch(() => response.destroy())
    }
    server.on("request", asked)
    // An expectation that nobody knows may be left unmet (RFC 9110, 10.1.1); a refusal of it would have no body.
    server.on("checkExpectation", asked)
    // Bytes bound them. Beyond a count of its own the parser would drop headers and say nothing.
    server.maxHeadersCount = 0
    const turnAway = (socket: Duplex, what: Malformed) => {
      if (!socket.writable) return socket.destroy()
      Promise.resolve(options.refuse(what)).then((response) => respond(socket, response)).catch(() => socket.destroy())
    }
    server.on("clientError", (error: Error & { code?: string }, socket: Socket) => {
      turnAway(socket, codes[error.code ?? ""] ?? "malformed")
    })
    server.on("connect", (_message: IncomingMessage, socket: Socket) => turnAway(socket, "tunnel"))
    const { upgrade } = options
    const upgrades = upgrade && makeUpgrades(upgrade)
    if (upgrade !== undefined && upgrades !== undefined) {
      server.on("upgrade", (message: IncomingMessage, socket: Socket, head: Uint8Array) => {
        if (isHostless(message)) return turnAway(socket, "hostless")
        // Until the answer is known nobody else listens for a client that leaves.
        const gone = () => void socket.destroy()
        socket.on("error", gone)
        upgrade.handle(new NodeRequest(message)).then((answered) => {
          if (answered instanceof Response) return respond(socket, answered)
          socket.off("error", gone)
          upgrades.accept(message, socket, head, answered)
        }).catch(() => socket.destroy())
      })
    }
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
              upgrades?.close()
              closed()
            }, graceMs).unref()
          }),
      })
    })
  })
